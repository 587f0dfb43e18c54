/* 执行: ticking stores for 催办, and downloads that follow the filters. */
(() => {
  "use strict";

  function picked() {
    return document.querySelectorAll("[data-pick]:checked").length;
  }

  function renew() {
    const button = document.querySelector("[data-urge]");
    if (!button) return;
    const count = picked();
    button.disabled = !count;
    button.querySelector("[data-picked]").textContent = count ? ` ${count}` : "";
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-all]")) {
      document.querySelectorAll("[data-pick]:not(:disabled)").forEach((box) => { box.checked = event.target.checked; });
    }
    if (event.target.matches("[data-pick], [data-pick-all]")) {
      event.stopPropagation();
      renew();
    }
  });

  document.addEventListener("htmx:afterSwap", () => {
    const rows = document.querySelector("#rows");
    if (!rows) return;
    document.querySelectorAll("[data-export]").forEach((link) => { link.search = rows.dataset.query; });
    renew();
  });
  /* Back from the next page the browser may restore the ticks. */
  window.addEventListener("pageshow", renew);
})();
