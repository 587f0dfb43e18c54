// 拼团 and 1元购: copy a link; and what bringing it costs while one chooses.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(text.textContent.trim());
      button.textContent = button.dataset.done;
    } catch {
      getSelection().selectAllChildren(text);
      button.textContent = "长按上面的链接复制";
    }
  });
}

const first = document.getElementById("first");
if (first) {
  const yuan = (fen) => `¥${(fen / 100).toFixed(2)}`;
  const short = (fen) => (fen / 100).toFixed(2).replace(/\.?0+$/, "");
  const settle = () => {
    const offer = first.querySelector("input[name=offer]:checked");
    const delivers = Boolean(first.querySelector("input[value=delivery]:checked"));
    let fen = offer ? Number(offer.dataset.fen) : 0;
    for (const count of first.querySelectorAll("input[type=number]")) {
      const many = Math.min(Number(count.max), Math.max(0, Math.floor(Number(count.value) || 0)));
      fen += many * Number(count.dataset.fen);
    }
    const missing = Number(first.dataset.freeFrom) - fen;
    const freight = delivers && missing > 0 ? Number(first.dataset.freight) : 0;
    const parcel = document.getElementById("parcel");
    if (parcel) {
      parcel.hidden = !delivers;
      for (const field of parcel.querySelectorAll("input")) field.required = delivers;
    }
    document.getElementById("go").disabled = !offer;
    document.getElementById("sum").textContent = offer ? yuan(fen + freight) : "";
    if (!offer) return;
    document.getElementById("freight-line").textContent = !delivers ? "自提免运费"
      : freight ? `含运费 ${short(freight)} 元，再买 ${short(missing)} 元包邮` : "已包邮";
  };
  first.addEventListener("click", (event) => {
    const step = event.target.closest("[data-step]");
    if (!step) return;
    const count = step.parentElement.querySelector("input");
    count.value = Math.min(Number(count.max), Math.max(0, Number(count.value) + Number(step.dataset.step)));
    settle();
  });
  first.addEventListener("input", settle);
  window.addEventListener("pageshow", settle);
  settle();
}
