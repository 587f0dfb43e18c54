"""Text can be read: every pair of colours that carries text keeps 4.5:1 (WCAG AA)."""

import re

import pytest
from django.conf import settings

CSS = (settings.BASE_DIR / "static" / "app.css").read_text()
COLOURS = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", CSS))
SHELL = (settings.BASE_DIR / "static" / "shell.css").read_text()
PAIRS = [
    ("ink", "surface"), ("ink", "canvas"), ("muted", "surface"), ("muted", "canvas"),
    ("brand-strong", "surface"), ("brand-strong", "canvas"), ("brand-strong", "brand-soft"),
    ("on-brand", "brand-strong"), ("on-brand", "brand-hover"), ("on-brand", "head-from"), ("on-brand", "head-to"),
    ("sidebar-ink", "sidebar"), ("on-brand", "sidebar"), ("neutral-ink", "neutral-soft"),
    ("warn-ink", "warn-soft"), ("danger-ink", "danger-soft"), ("danger-ink", "surface"), ("on-brand", "danger-ink"),
    ("info-ink", "info-soft"),
]  # fmt: skip


def luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(text, ground):
    assert contrast(COLOURS[text], COLOURS[ground]) >= 4.5


def test_the_letter_on_a_coloured_tile_can_be_read():
    css = (settings.BASE_DIR / "static" / "tones.css").read_text()
    tones = re.findall(r"\.tone-\d \{ background: (#[0-9a-f]{6}); color: (#[0-9a-f]{6}); \}", css)

    assert len(tones) == 8
    assert min(contrast(ground, letter) for ground, letter in tones) >= 4.5


def test_the_measure_itself_knows_black_from_white():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#12a150", "#ffffff") < 4.5  # why --brand never carries text


@pytest.mark.parametrize("sheet", [CSS, SHELL], ids=["app", "shell"])
def test_the_bright_brand_green_never_colours_text(sheet):
    assert re.findall(r"(?<![-\w])color: var\(--(?:brand|warn|danger)\)", sheet) == []


@pytest.mark.parametrize("sheet", [CSS, SHELL], ids=["app", "shell"])
def test_every_colour_asked_for_is_defined(sheet):
    asked = set(re.findall(r"var\(--(?!bs-)([\w-]+)\)", sheet))

    assert asked <= set(re.findall(r"--([\w-]+):", CSS))
