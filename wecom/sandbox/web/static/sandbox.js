/* After a button: clear the field, show the change at once. What has not changed stays as it is: scrolling, too. */
(() => {
  "use strict";
  const SCROLLED = ".chat, .tabs";
  const shown = new WeakMap();
  const kept = new Map();
  const atEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  const toEnd = () => document.querySelectorAll(".chat").forEach((chat) => { chat.scrollTop = chat.scrollHeight; });
  const inSight = () => document.querySelectorAll(".tabs [aria-current]").forEach((tab) => { tab.parentElement.scrollLeft = tab.offsetLeft - 80; });

  document.addEventListener("DOMContentLoaded", () => { toEnd(); inSight(); });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, serverResponse } = event.detail;
    if (!target.matches("#phones, #panel")) return;
    if (shown.get(target) === serverResponse) { event.detail.shouldSwap = false; return; }
    shown.set(target, serverResponse);
    target.querySelectorAll(SCROLLED).forEach((box) => kept.set(box.id, { left: box.scrollLeft, top: atEnd(box) ? Infinity : box.scrollTop }));
  });
  document.addEventListener("htmx:afterSwap", () => {
    document.querySelectorAll(SCROLLED).forEach((box) => {
      const place = kept.get(box.id);
      if (place) { box.scrollLeft = place.left; box.scrollTop = place.top === Infinity ? box.scrollHeight : place.top; }
    });
    kept.clear();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.requestConfig.verb !== "post") return;
    if (event.target.matches(".say")) event.target.reset();
    document.body.dispatchEvent(new Event("changed"));
  });
  document.addEventListener("input", (event) => {
    const chosen = event.target.dataset.filter;
    if (!chosen) return;
    for (const one of document.querySelectorAll(chosen)) one.hidden = !one.textContent.includes(event.target.value.trim());
  });
})();
