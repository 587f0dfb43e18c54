// 活动, staff side: the form follows what is sold; a photo is made small before it travels; texts are copied.
(() => {
  "use strict";

  function follow(item) {
    const chosen = item.querySelector("input[type=radio]:checked");
    const byPiece = Boolean(chosen && chosen.value);
    for (const part of item.querySelectorAll("[data-portion]")) part.hidden = byPiece;
    for (const part of item.querySelectorAll("[data-piece]")) part.hidden = !byPiece;
  }
  const items = document.querySelectorAll("[data-item]");
  function followAll() {
    items.forEach(follow);
    const any = [...items].some((item) => item.querySelector("input[type=radio][value='1']:checked"));
    for (const words of document.querySelectorAll("[data-any-piece]")) words.hidden = !any;
    for (const words of document.querySelectorAll("[data-all-portion]")) words.hidden = any;
  }
  if (items.length) { document.addEventListener("change", followAll); followAll(); }

  const LONGEST = 1400;
  async function shrink(input) {
    const file = input.files[0];
    if (!file) return;
    const shown = input.parentElement.querySelector("img");
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", 0.85); });
      if (blob && blob.size < file.size) {
        const bag = new DataTransfer();
        bag.items.add(new File([blob], "photo.jpg", { type: "image/jpeg" }));
        input.files = bag.files;
      }
    } catch { /* the server can read it as it is, or says so */ }
    shown.src = URL.createObjectURL(input.files[0]);
    shown.hidden = false;
    input.parentElement.querySelector("span").hidden = true;
    input.closest("form").querySelector("[name=weight]").focus();
  }
  for (const form of document.querySelectorAll(".piece-form")) {
    const weight = form.querySelector("[name=weight]");
    const price = form.querySelector("[name=price]");
    const shown = form.querySelector("[data-price]");
    const tell = () => {
      const fen = price.value ? Number(price.value) * 100 : Math.round(Number(weight.value) * Number(form.dataset.perJin));
      shown.textContent = fen > 0 ? `¥${(fen / 100).toFixed(2)}` : "—";
    };
    form.addEventListener("input", tell);
    const photo = form.querySelector("input[type=file]");
    photo.addEventListener("change", () => shrink(photo));
    shrink(photo); /* Taken before this script came. */
    tell();
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const text = document.querySelector(button.dataset.copy).innerText;
    try { await navigator.clipboard.writeText(text); } catch {
      const box = Object.assign(document.createElement("textarea"), { value: text });
      document.body.append(box);
      box.select();
      document.execCommand("copy");
      box.remove();
    }
    const before = button.innerHTML;
    button.textContent = "已复制";
    setTimeout(() => { button.innerHTML = before; }, 2000);
  });
})();
