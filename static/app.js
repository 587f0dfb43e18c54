/* 店圈: what every page does in the browser. No inline scripts exist (CSP), so everything starts from attributes:
     [data-dismiss]          removes its .notice
     [data-reveal="#id"]     shows or hides the password in #id
     [data-print]            prints the page
     [data-autosubmit]       a <select> that sends its form without htmx too
   A response header `HX-Trigger: {"toast": {"text": "…", "error": false}}` shows a toast. */
(() => {
  "use strict";

  const TOAST_MS = 5000;
  const LOADING_AFTER_MS = 150;

  function toast(text, isError) {
    const line = document.createElement("div");
    line.className = isError ? "toast-line is-error" : "toast-line";
    line.textContent = text;
    document.getElementById("toasts").append(line);
    setTimeout(() => line.remove(), TOAST_MS);
  }

  function reasonOf(status) {
    if (status === 403) return "没有权限，或页面放太久了。请刷新后再试";
    if (status === 404) return "内容不存在，或不属于你的门店";
    if (status === 409) return "别人刚刚改过，请刷新后再试";
    if (status === 413) return "文件太大了";
    if (status === 429) return "操作太频繁，请稍后再试";
    return "服务器出了点问题，请稍后再试";
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();

    const dismiss = event.target.closest("[data-dismiss]");
    if (dismiss) dismiss.closest(".notice").remove();

    const reveal = event.target.closest("[data-reveal]");
    if (reveal) {
      const input = document.querySelector(reveal.dataset.reveal);
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      reveal.setAttribute("aria-pressed", String(!shown));
      reveal.setAttribute("aria-label", shown ? "显示密码" : "隐藏密码");
    }
  });

  /* A slow answer gets a bar; a quick one does not flicker. */
  let inFlight = 0;
  let timer = 0;
  function loading(change) {
    inFlight = Math.max(0, inFlight + change);
    clearTimeout(timer);
    if (inFlight) timer = setTimeout(() => document.documentElement.classList.add("is-loading"), LOADING_AFTER_MS);
    else document.documentElement.classList.remove("is-loading");
  }

  document.addEventListener("htmx:beforeSend", () => loading(1));
  document.addEventListener("htmx:afterRequest", () => loading(-1));
  document.addEventListener("htmx:responseError", (event) => toast(reasonOf(event.detail.xhr.status), true));
  document.addEventListener("htmx:sendError", () => toast("网络不通，刚才的操作没有生效", true));
  document.addEventListener("htmx:timeout", () => toast("网络太慢，请再试一次", true));
  document.addEventListener("toast", (event) => toast(event.detail.text, Boolean(event.detail.error)));

  /* The session ended: the log-in page must fill the window, not the swapped part. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const answered = event.detail.xhr.responseURL;
    if (answered && new URL(answered).pathname === document.body.dataset.login) {
      event.detail.shouldSwap = false;
      const back = encodeURIComponent(location.pathname + location.search);
      location.assign(`${document.body.dataset.login}?next=${back}`);
    }
  });
})();
