/* [data-copy-text="#id"] copies the text of #id and says [data-said]. */
import { copied } from "./clipboard.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy-text]");
  if (!button) return;
  const done = await copied(document.querySelector(button.dataset.copyText).textContent);
  const text = done ? button.dataset.said || "已复制，去企业微信粘贴给她" : "没能复制，请长按那句话";
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, error: !done } }));
});
