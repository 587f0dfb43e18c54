/* 店圈: the one door from our pages to the WeCom client (企业微信). An ES module.

   A page that uses it includes "shell/jssdk.html" in its block `scripts`, before its own module, which lies beside
   this one in static/modules/ and takes what it needs from "./ww-bridge.js":

     {% include "shell/jssdk.html" %}
     <script type="module" src="{% static 'modules/board.js' %}"></script>

   What is promised:
   - Nothing here throws or rejects, and outside the WeCom client nothing waits: every promise settles, with the value
     that means "not here". A page needs one fallback (copy the text, open the group by hand) and no try/catch.
   - The SDK is registered once, at the first call; a page that changes its address later is signed again by itself.
   - `true` is the client's word that it took the message over ("client_callback"), not a proof that it was sent.

   supports(name) → Promise<boolean>
     Whether this client can carry out a call of the JS-SDK here and now: inside WeCom, new enough, and our app was
     accepted. Ask when the page opens, to decide which button to show. Names: "openExistedChatWithMsg",
     "sendChatMessage", "getCurExternalChat" (and "getContext").

   openGroupWithLink(chatId, { title, url, desc?, imgUrl? }) → Promise<true | false | null>
     Opens the customer group and puts one link card in (the only thing that may come along). Works on any page of
     the app. true: the client did it. false: the person cancelled, or the client refused (she is not in that group).
     null: it cannot be done here.

   openGroup(chatId) → Promise<true | false | null>
     Opens the customer group and puts nothing in. Answers as above.

   sendToCurrentChat(message) → Promise<true | false | null>
     Puts a message into the chat beside which the page is open (chat toolbar, attachment menu). `message` is WeCom's
     own form: { msgtype: "text", text: { content } }, { msgtype: "news", news: { link, title, desc, imgUrl } },
     { msgtype: "image", image: { mediaid } }, … Answers as above; null also where no chat is open beside the page.

   currentChatId() → Promise<string | null>
     The customer group beside which the page is open, or null. */

const CALLS = ["getContext", "getCurExternalChat", "sendChatMessage", "openExistedChatWithMsg"];
const CHAT_ENTRIES = ["group_chat_tools", "single_chat_tools", "chat_attachment"];
const REGISTERED_WITHIN_MS = 8000;
/* The first client that knows a call: [phone, computer] (wecom.md §3.16). */
const SINCE = { openExistedChatWithMsg: ["3.1.8", "4.0.2"], getCurExternalChat: ["2.8.17", "2.8.17"] };

const script = document.querySelector("script[data-ww-config]");
let registered = null;

/* Version "3.1.8" as numbers, compared part by part. */
function isAtLeast(version, least) {
  const [have, want] = [version, least].map((text) => text.split(".").map(Number));
  const differs = want.findIndex((part, index) => (have[index] ?? 0) !== part);
  return differs < 0 || (have[differs] ?? 0) > want[differs];
}

function isKnown(name) {
  if (!CALLS.includes(name) || typeof window.ww?.[name] !== "function") return false;
  const version = navigator.userAgent.match(/wxwork\/([\d.]+)/i)?.[1];
  if (!version || !(name in SINCE)) return true;
  const isPhone = /Android|iPhone|iPad|Mobile/i.test(navigator.userAgent);
  return isAtLeast(version, SINCE[name][isPhone ? 0 : 1]);
}

const signed = new Map();

/* Both signatures of an address, asked for once. */
function signatures(url) {
  if (!signed.has(url)) signed.set(url, fetchSignatures(url));
  return signed.get(url);
}

async function fetchSignatures(url) {
  const response = await fetch(`${script.dataset.wwConfig}?url=${encodeURIComponent(url)}`, {
    headers: { Accept: "application/json" }, credentials: "same-origin", cache: "no-store",
  });
  if (!response.ok) throw new Error(`signatures: HTTP ${response.status}`);
  return response.json();
}

/* Whether the client accepted our app on this page; asked once. Outside WeCom the SDK would wait for ever. */
function ready() {
  registered ??= register().catch(() => false);
  return registered;
}

async function register() {
  if (!script || !window.ww?.env?.isWeCom) return false;
  const { corpId, agentId } = await signatures(location.href.split("#")[0]);
  return new Promise((resolve) => {
    setTimeout(resolve, REGISTERED_WITHIN_MS, false);
    window.ww.register({
      corpId,
      agentId,
      jsApiList: CALLS,
      getConfigSignature: async (url) => (await signatures(url)).config,
      getAgentConfigSignature: async (url) => (await signatures(url)).agentConfig,
      onAgentConfigSuccess: () => resolve(true),
      onAgentConfigFail: () => resolve(false),
    });
  });
}

/* The client's answer, false if it said no, null if there is nobody to ask. */
async function call(name, given = {}) {
  if (!(await supports(name))) return null;
  try {
    return await window.ww[name](given);
  } catch {
    return false;
  }
}

export async function supports(name) {
  return isKnown(name) && ready();
}

export async function openGroupWithLink(chatId, { title, url, desc = "", imgUrl = "" }) {
  const link = { title, url, desc, imgUrl };
  const answer = await call("openExistedChatWithMsg", { chatId, msg: { msgtype: "link", link } });
  return answer && true;
}

export async function openGroup(chatId) {
  const answer = await call("openExistedChatWithMsg", { chatId });
  return answer && true;
}

export async function sendToCurrentChat(message) {
  const context = await call("getContext");
  if (!context || !CHAT_ENTRIES.includes(context.entry)) return null;
  const answer = await call("sendChatMessage", { enterChat: true, ...message });
  return answer && true;
}

export async function currentChatId() {
  const answer = await call("getCurExternalChat");
  return (answer && answer.chatId) || null;
}
