/* [data-copy-text="#id"] copies the text of #id, in clients old and new, and says [data-said]. */
(() => {
  "use strict";

  async function copied(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const box = document.createElement("textarea");
      box.value = text;
      box.className = "visually-hidden";
      document.body.append(box);
      box.select();
      const done = document.execCommand("copy");
      box.remove();
      return done;
    }
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy-text]");
    if (!button) return;
    const done = await copied(document.querySelector(button.dataset.copyText).textContent);
    const text = done ? button.dataset.said || "已复制，去企业微信粘贴给她" : "没能复制，请长按那句话";
    document.dispatchEvent(new CustomEvent("toast", { detail: { text, error: !done } }));
  });
})();
