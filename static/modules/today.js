/* 今日: the taps that send. Buttons say what they need in attributes, so that the list of slots may be swapped freely.

     [data-send]  one group, one link card through the client; the client's word goes to this address
     [data-copy]  copies the wording, opens the group where the client can, then asks "已发？" for this address
     [data-mass]  explains the tap in 群发助手
     [data-skip]  asks for the reason

   Every answer of the server is the list of slots as it stands, swapped in place. */
import { copied } from "./clipboard.js";
import { openGroup, openGroupWithLink, supports } from "./ww-bridge.js";

const sheets = { sent: document.querySelector("#sheet-sent"), mass: document.querySelector("#sheet-mass"), skip: document.querySelector("#sheet-skip") };
let asked = null; // the button that opened the sheet

/* Old clients open the group by hand: the buttons that need more than that stay hidden (static/today.css). */
supports("openExistedChatWithMsg").then((can) => document.documentElement.classList.toggle("has-bridge", can));

function tell(url, values = {}) {
  return htmx.ajax("POST", url, { target: "#slots", swap: "outerHTML", values });
}

function toast(text, error = false) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, error } }));
}

function textOf(button) {
  return document.querySelector(button.dataset.text)?.textContent ?? "";
}

function open(sheet, button) {
  asked = button;
  sheet.querySelectorAll("[data-group]").forEach((place) => { place.textContent = button.dataset.group ?? ""; });
  sheet.showModal();
}

async function send(button) {
  const { chat, title, url, desc } = button.dataset;
  button.disabled = true;
  await copied(textOf(button)); // the card carries one line: the wording can be pasted after it
  const answer = await openGroupWithLink(chat, { title, url, desc });
  button.disabled = false;
  if (answer === true) await tell(button.dataset.send, { call: "openExistedChatWithMsg" });
  else if (answer === false) toast("没有发出：你取消了，或者你不在这个群里", true);
  else await copyAndOpen(button);
}

async function copyAndOpen(button) {
  const text = textOf(button);
  const has = await copied(text);
  const opened = await openGroup(button.dataset.chat);
  const sheet = sheets.sent;
  sheet.querySelector("[data-text]").textContent = text;
  sheet.querySelector("[data-hint]").textContent = !has ? "请长按下面的文案复制，发到群里"
    : opened ? "文案已复制，在群里长按输入框粘贴" : "文案已复制，打开这个群粘贴发送";
  sheet.dataset.url = button.dataset.copy ?? button.dataset.send.replace(/confirm\/$/, "sent/");
  open(sheet, button);
}

function tasksOf(button) {
  return { task: button.dataset.tasks.split(",") };
}

document.addEventListener("click", (event) => {
  const on = (name) => event.target.closest(`[data-${name}]`);
  const button = on("send") || on("copy") || on("mass") || on("skip");
  if (button?.matches("[data-send]")) send(button);
  else if (button?.matches("[data-copy]")) copyAndOpen(button);
  else if (button?.matches("[data-mass]")) {
    sheets.mass.querySelector("[data-count]").textContent = button.dataset.count;
    open(sheets.mass, button);
  } else if (button?.matches("[data-skip]")) open(sheets.skip, button);

  const sheet = event.target.closest("dialog.sheet");
  if (!sheet) return;
  if (event.target === sheet || on("close")) sheet.close(); // the backdrop counts as the dialog itself
  else if (on("sent")) finish(sheet, sheet.dataset.url);
  else if (on("tapped")) finish(sheet, on("tapped").dataset.tapped, tasksOf(asked));
  else if (on("reason")) skip(sheet, on("reason").dataset.reason);
});

function finish(sheet, url, values) {
  sheet.close();
  tell(url, values);
}

function skip(sheet, reason) {
  const note = sheet.querySelector("#skip-note");
  if (reason === "other" && !note.value.trim()) {
    note.focus();
    return;
  }
  finish(sheet, sheet.querySelector("[data-skip-url]").dataset.skipUrl, { ...tasksOf(asked), reason, note: note.value });
  note.value = "";
}

/* ---- the list renews itself without jumping: not under an open sheet, not unseen, not when nothing changed ----- */
let seen = "";
const isOurs = (event) => event.target.id === "slots" && event.detail.requestConfig?.verb === "get";

document.addEventListener("htmx:beforeRequest", (event) => {
  if (isOurs(event) && (document.hidden || document.querySelector("dialog[open]"))) event.preventDefault();
});
let opened = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id !== "slots") return;
  if (isOurs(event) && event.detail.serverResponse === seen) event.detail.shouldSwap = false;
  seen = event.detail.serverResponse;
  opened = [...document.querySelectorAll("#slots details[open]")].map((one) => one.id);
});
document.addEventListener("htmx:afterSwap", (event) => {
  const slots = document.querySelector("#slots");
  if (!slots || event.detail.target?.id !== "slots") return;
  opened.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
  const rhythm = document.querySelector("#rhythm b");
  if (rhythm) rhythm.textContent = slots.dataset.rhythm;
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !document.querySelector("dialog[open]")) htmx.ajax("GET", location.pathname, { target: "#slots", swap: "outerHTML" });
});

/* A reminder's card names its slot, and whether the answer is 跳过. */
const wanted = new URLSearchParams(location.search);
const slot = document.getElementById(`slot-${wanted.get("slot")}`);
if (slot) {
  slot.querySelector("details")?.setAttribute("open", "");
  slot.scrollIntoView({ block: "start" });
  if (wanted.has("skip")) slot.querySelector("[data-skip]")?.click();
}
