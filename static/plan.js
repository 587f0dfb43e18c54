/* 计划: moving in the grid by keys, the side panel, and a cell's rotation. Everything else is htmx.
     td[data-square]      arrow keys move, Enter opens, N adds, C copies
     [data-close-panel]   empties the panel; so does Escape
     [data-pick] [data-up] [data-drop]   a material into the rotation, forward, out
     form[data-confirm]   asks before it is sent */
(() => {
  "use strict";

  let last = "";

  const squares = () => [...document.querySelectorAll("td[data-square]")];
  const panel = () => document.getElementById("panel");

  function focusSquare(square) {
    if (!square) return;
    squares().forEach((one) => { one.tabIndex = -1; });
    square.tabIndex = 0;
    square.focus();
    last = square.dataset.square;
  }

  function prepare() {
    const all = squares();
    all.forEach((one) => { one.tabIndex = -1; });
    if (all.length) (all.find((one) => one.dataset.square === last) || all[0]).tabIndex = 0;
  }

  function closePanel() {
    if (!panel() || !panel().firstChild) return;
    panel().replaceChildren();
    focusSquare(squares().find((one) => one.dataset.square === last));
  }

  function neighbour(square, key) {
    const row = square.parentElement;
    const place = [...row.children].indexOf(square);
    if (key === "ArrowLeft") return square.previousElementSibling?.matches("td") ? square.previousElementSibling : null;
    if (key === "ArrowRight") return square.nextElementSibling;
    const other = key === "ArrowUp" ? row.previousElementSibling : row.nextElementSibling;
    return other ? other.children[place] : null;
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closePanel();
    const square = event.target.closest?.("td[data-square]");
    if (!square || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      focusSquare(neighbour(square, event.key));
    } else if (event.target === square && event.key === "Enter") {
      event.preventDefault();
      (square.querySelector(".chip") || square.querySelector(".chip-add"))?.click();
    } else if (event.key === "n" || event.key === "N") {
      square.querySelector(".chip-add")?.click();
    } else if (event.key === "c" || event.key === "C") {
      const chip = event.target.closest(".chip") || square.querySelector(".chip");
      const grid = document.getElementById("grid");
      if (chip && grid.hasAttribute("data-editable")) {
        last = square.dataset.square;
        window.htmx.ajax("GET", `${grid.dataset.copy}?what=cell&cell=${chip.dataset.cell}`, { target: "#panel", swap: "innerHTML" });
      }
    }
  });

  document.addEventListener("click", (event) => {
    const square = event.target.closest("td[data-square]");
    if (square) last = square.dataset.square;
    if (event.target.closest("[data-close-panel]")) closePanel();

    const pick = event.target.closest("[data-pick]");
    if (pick) {
      const box = pick.closest("[data-rotation]");
      const list = box.querySelector("[data-picked]");
      const known = [...list.querySelectorAll("input")].some((one) => one.value === pick.dataset.pick);
      if (known || list.children.length >= Number(box.dataset.most)) return;
      const row = box.querySelector("template[data-row]").content.firstElementChild.cloneNode(true);
      row.querySelector("input").value = pick.dataset.pick;
      row.querySelector(".theme-dot").classList.add(`theme-${pick.dataset.theme}`);
      row.querySelector(".grow").textContent = pick.querySelector("[data-name]").textContent;
      row.append(...[...pick.parentElement.querySelectorAll(".plan-finding")].map((one) => one.cloneNode(true)));
      list.append(row);
    }
    const up = event.target.closest("[data-up]");
    if (up) {
      const row = up.closest("li");
      row.previousElementSibling?.before(row);
      up.focus();
    }
    const drop = event.target.closest("[data-drop]");
    if (drop) drop.closest("li").remove();
  });

  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "panel" && panel().firstChild) {
      (panel().querySelector(".notice") || panel()).scrollIntoView({ block: "nearest" });
      (panel().querySelector("select, input:not([type=hidden])") || panel()).focus({ preventScroll: true });
    }
    if (event.target.id === "grid") {
      prepare();
      focusSquare(squares().find((one) => one.dataset.square === last));
    }
  });
  document.addEventListener("DOMContentLoaded", prepare);
  if (document.readyState !== "loading") prepare();
})();
