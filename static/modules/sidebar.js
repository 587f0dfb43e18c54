/* Beside a group's chat: which group it is the client says; a tap puts one part of a post into the chat.
   When all parts of a post are in, the client's word goes to the server. */
import { currentChatId, sendToCurrentChat } from "./ww-bridge.js";

const main = document.querySelector("#main");
const csrf = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
let chat = null;

function toast(text, error = false) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, error } }));
}

function show() {
  return htmx.ajax("GET", `${main.dataset.posts}?chat=${encodeURIComponent(chat)}`, { target: "#posts", swap: "innerHTML" });
}

async function begin() {
  chat = await currentChatId();
  if (chat) await show();
  else {
    document.querySelector("#asking").hidden = true;
    document.querySelector("#no-chat").hidden = false;
  }
}

async function message(url) {
  const response = await fetch(url, { method: "POST", headers: { "X-CSRFToken": csrf, Accept: "application/json" }, credentials: "same-origin" });
  const said = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(said.detail || "没有发出，请刷新后再试");
  return said;
}

async function send(button) {
  button.disabled = true;
  try {
    const answer = await sendToCurrentChat(await message(button.dataset.part));
    if (answer === true) return await sent(button);
    toast(answer === false ? "没有发出：你取消了，或客户端不允许" : "这里发不了，请在群的聊天工具栏里打开", true);
  } catch (error) {
    toast(error.message, true);
  }
  button.disabled = false;
}

async function sent(button) {
  button.classList.replace("btn-primary", "btn-plain");
  button.querySelector("span").textContent += " · 已发";
  const post = button.closest("article");
  if ([...post.querySelectorAll("[data-part]")].some((one) => !one.disabled)) return;
  await htmx.ajax("POST", post.dataset.done, { target: "#posts", swap: "none", values: { call: "sendChatMessage" } });
  await show();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-part]");
  if (button) send(button);
});
begin();
