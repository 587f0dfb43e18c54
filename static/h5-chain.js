// 接龙: what is chosen, what it costs, and the list that moves by itself.
const page = document.querySelector(".chain");
const form = document.getElementById("order");
const go = document.getElementById("go");
const yuan = (fen) => `¥${(fen / 100).toFixed(2)}`;

function settle() {
  for (const goods of form.querySelectorAll(".goods")) {
    const left = goods.querySelector(".left");
    const most = Number(left.dataset.most);
    goods.classList.toggle("is-sold-out", form.dataset.open === "1" && left.classList.contains("is-out"));
    for (const piece of goods.querySelectorAll(".piece")) {
      const box = piece.querySelector("input[type=checkbox]");
      const free = piece.querySelector(".piece-state").dataset.free === "1";
      if (!free && box.checked) { box.checked = false; say(`${box.dataset.name}刚被接走了，换一个吧`); }
      box.disabled = !free || form.dataset.open !== "1";
      piece.classList.toggle("is-taken", !free);
      piece.classList.toggle("is-mine", box.checked);
    }
    const count = goods.querySelector("input[type=number]");
    if (!count) continue;
    count.max = most;
    if (Number(count.value) > most) { count.value = most; say(`${count.dataset.name}只剩 ${most} 份了`); }
    const [less, more] = goods.querySelectorAll("[data-step]");
    less.disabled = Number(count.value) <= 0;
    more.disabled = Number(count.value) >= most || form.dataset.open !== "1";
  }
  let fen = 0;
  let things = 0;
  for (const box of form.querySelectorAll("input[type=checkbox]:checked")) { fen += Number(box.dataset.fen); things += 1; }
  for (const count of form.querySelectorAll("input[type=number]")) {
    const many = Math.max(0, Math.floor(Number(count.value) || 0));
    fen += many * Number(count.dataset.fen);
    things += many;
  }
  const delivers = Boolean(form.querySelector("input[value=delivery]:checked"));
  for (const field of form.querySelectorAll("#parcel input")) field.required = delivers;
  if (!go) return;
  go.disabled = !things;
  document.getElementById("sum-words").textContent = things ? `共 ${things} 件` : "请选商品";
  document.getElementById("sum").textContent = things ? yuan(fen) : "";
}

function say(words) {
  let note = document.getElementById("moved");
  if (!note) {
    note = Object.assign(document.createElement("p"), { id: "moved", className: "said said-warning" });
    note.setAttribute("role", "status");
    form.before(note);
  }
  note.textContent = words;
}

form.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]");
  if (!step) return;
  const count = step.parentElement.querySelector("input");
  count.value = Math.min(Number(count.max), Math.max(0, Number(count.value) + Number(step.dataset.step)));
  settle();
});
form.addEventListener("input", settle);
window.addEventListener("pageshow", settle);

function ago() {
  const now = Date.now() / 1000;
  for (const time of document.querySelectorAll(".ago")) {
    const minutes = Math.floor((now - Number(time.dataset.at)) / 60);
    if (minutes < 60) time.textContent = minutes < 1 ? "刚刚" : `${minutes} 分钟前`;
  }
}

// The server sends the parts that change, each with its id.
function show(html, tag) {
  // Version, then the campaign's state: paused, stopped or over is another page. Not all phones at the same moment.
  const state = (name) => name.slice(name.indexOf("."));
  if (state(tag) !== state(page.dataset.tag)) { setTimeout(() => location.reload(), 200 + Math.random() * 3000); return; }
  page.dataset.tag = tag;
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  for (const part of [...fresh.content.children]) {
    const old = document.getElementById(part.id);
    if (!old || old.outerHTML === part.outerHTML) continue;
    for (const row of part.querySelectorAll("li[id]")) if (!document.getElementById(row.id)) row.classList.add("is-fresh");
    old.replaceWith(part);
  }
  settle();
  ago();
}

let source = null;
let poll = 0;
function address() {
  return `${page.dataset.live}&v=${encodeURIComponent(page.dataset.tag)}`;
}
async function ask() {
  if (document.hidden) return;
  try {
    const answer = await fetch(address(), { headers: { Accept: "text/html" } });
    if (answer.status === 200) show(await answer.text(), answer.headers.get("X-Board"));
  } catch { /* the next one will */ }
}
function listen() {
  clearInterval(poll);
  if (source) source.close();
  if (document.hidden) { source = null; return; }
  if (!window.EventSource) { poll = setInterval(ask, 2000); return; }
  source = new EventSource(address());
  source.addEventListener("board", (event) => show(event.data, event.lastEventId));
  source.addEventListener("error", () => {
    // Where nobody pushes (or the line is refused), ask every two seconds.
    if (source && source.readyState === EventSource.CLOSED) { source = null; clearInterval(poll); ask(); poll = setInterval(ask, 2000); }
  });
}
document.addEventListener("visibilitychange", listen);
window.addEventListener("pagehide", () => { if (source) source.close(); });
settle();
ago();
setInterval(ago, 30000);
listen();
