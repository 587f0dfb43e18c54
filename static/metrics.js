/* 经营:
     [data-autosend]   a form whose selects send it
     [data-query]      an input that holds the page's choices, as they are when its form is sent
   Tables behind charts are opened for paper. Works on input made before the script came: nothing is remembered here. */
(() => {
  "use strict";

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-autosend]");
    if (form && event.target.matches("select")) form.requestSubmit();
  });

  document.addEventListener("submit", (event) => {
    const query = event.target.querySelector("input[data-query]");
    if (query && location.search) query.value = location.search.slice(1);
  }, true);

  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.keep[open], details.ask-columns[open]").forEach((box) => {
      if (!box.contains(event.target)) box.open = false;
    });
  });

  /* Of a group of parts, the one that is shown carries the mark. */
  function mark() {
    const shown = document.querySelector("#part-rows[data-part]")?.dataset.part;
    if (!shown) return;
    document.querySelectorAll(".part-links a").forEach((link) => {
      const is = new URL(link.href).pathname.endsWith(`/${shown}/`);
      link.classList.toggle("is-on", is);
      if (is) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  }
  document.addEventListener("htmx:afterSettle", mark);
  document.addEventListener("DOMContentLoaded", mark);

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details.chart-table:not([open])")];
    opened.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((details) => { details.open = false; }));
})();
