"""What a browser can measure of a page: size of what is tapped, names, width, contrast."""

import os

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}

SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary')]
    .filter(e => e.checkVisibility() && !e.closest('.skip-link, p, dd, small, .page-sub'))
    .map(e => {
        const inLabel = e.matches('.form-check-input, .segments input');
        const around = e.matches('.stretched') ? 'li, tr' : inLabel ? 'label' : null;
        const tap = around ? e.closest(around) : e;
        const box = tap.getBoundingClientRect();
        return [e.outerHTML.slice(0, 80), Math.round(box.width), Math.round(box.height)];
    })
    .filter(([, width, height]) => width < 44 || height < 44)"""
UNNAMED = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select')].filter(e =>
    e.checkVisibility() && !(e.innerText || '').trim() && !e.getAttribute('aria-label') && !e.labels?.length
).map(e => e.outerHTML.slice(0, 80))"""
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
# WCAG 2.2, 1.4.3: 4.5 to 1. The ground is the nearest solid colour behind the text; pictures and gradients are left
# to the eye, of which the darkest end of a head is taken.
CONTRAST = """() => {
    const parse = (c) => { const m = c.match(/[\\d.]+/g).map(Number); return [m[0], m[1], m[2], m[3] ?? 1]; };
    const linear = (v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
    const light = (c) => c.slice(0, 3).map(v => linear(v / 255));
    const lum = (c) => { const [r, g, b] = light(c); return .2126 * r + .7152 * g + .0722 * b; };
    const ground = (e) => {
        for (let at = e; at; at = at.parentElement) {
            const style = getComputedStyle(at);
            const stops = style.backgroundImage.match(/rgba?\\([^)]+\\)/g);
            // A gradient that fades out is a strip at the side, not a ground.
            if (stops && !stops.includes('rgba(0, 0, 0, 0)')) return parse(stops[0]);
            const c = parse(style.backgroundColor);
            if (c[3] > .99) return c;
        }
        return [255, 255, 255, 1];
    };
    const found = [];
    for (const e of document.querySelectorAll('body *')) {
        const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
        if (!own || !e.checkVisibility() || e.closest('.skip-link, [disabled], svg')) continue;
        const style = getComputedStyle(e);
        const [a, b] = [lum(parse(style.color)), lum(ground(e))].sort((x, y) => y - x);
        const ratio = (a + .05) / (b + .05);
        if (ratio < 4.5) found.push([e.outerHTML.slice(0, 90), style.color, ratio.toFixed(2)]);
    }
    return found;
}"""


def settled(page, name):
    """Nothing on the page is too small, unnamed, too pale or too wide. `SHOTS=folder` keeps pictures to look at."""
    if os.environ.get("SHOTS"):
        page.screenshot(path=f"{os.environ['SHOTS']}/{name}.png", full_page=True)
    assert page.evaluate(SIDEWAYS) <= 0, name
    assert page.evaluate(UNNAMED) == [], name
    assert page.evaluate(CONTRAST) == [], name
    if page.viewport_size == PHONE:
        assert page.evaluate(SMALL_TARGETS) == [], name
