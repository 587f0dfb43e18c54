/* 店圈: the editor of a material. Uploads go one by one to data-upload-url, which answers with a tile, or with 422 and
   the reason in plain words. Large photos are shrunk before they leave the phone. */
(() => {
  "use strict";

  const form = document.querySelector("[data-editor]");
  if (!form) return;

  const LONGEST = 2560;
  const HEAVY = 1024 * 1024;
  const QUALITY = 0.86;
  const MOST = 9;

  const tiles = form.querySelector("[data-tiles]");
  const picker = form.querySelector("[data-upload-files]");
  const button = picker.closest("label");
  const state = form.querySelector("[data-state]");
  const problem = form.querySelector("[data-problem]");
  const idle = state.textContent;

  function changed() {
    form.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function complain(lines) {
    problem.textContent = lines.join("；");
    problem.hidden = !lines.length;
  }

  async function shrunk(file) {
    if (!["image/jpeg", "image/png", "image/webp"].includes(file.type) || file.size < HEAVY) return file;
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
      if (scale === 1 && file.size < 4 * HEAVY) return file;
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      const pen = canvas.getContext("2d");
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
      return blob && blob.size < file.size ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : file;
    } catch {
      return file; /* The server says what is wrong with it. */
    }
  }

  async function send(file) {
    const body = new FormData();
    body.append("file", await shrunk(file));
    let answer;
    try {
      answer = await fetch(form.dataset.uploadUrl, {
        method: "POST",
        headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
        body,
      });
    } catch {
      return `${file.name}：网络不通，没有传上去`;
    }
    if (answer.status === 422 || answer.status === 413) return `${file.name}：${await answer.text()}`;
    if (!answer.ok || answer.redirected) return `${file.name}：没有传上去，请刷新页面再试`;
    tiles.lastElementChild.insertAdjacentHTML("beforebegin", await answer.text());
    return "";
  }

  picker.addEventListener("change", async (event) => {
    event.stopPropagation();
    const files = [...picker.files];
    const room = MOST - tiles.querySelectorAll("[data-tile]").length;
    const wrong = files.length > room ? [`一共最多 ${MOST} 个，多的没有传`] : [];
    button.classList.add("is-busy");
    for (const [number, file] of files.slice(0, Math.max(0, room)).entries()) {
      state.textContent = `正在上传 ${number + 1}/${Math.min(files.length, room)}`;
      const reason = await send(file);
      if (reason) wrong.push(reason);
    }
    state.textContent = idle;
    button.classList.remove("is-busy");
    picker.value = "";
    complain(wrong);
    changed();
  });
  if (picker.files.length) picker.dispatchEvent(new Event("change")); /* Chosen before this script came. */

  tiles.addEventListener("click", (event) => {
    const tile = event.target.closest("[data-tile]");
    if (!tile) return;
    if (event.target.closest("[data-remove]")) tile.remove();
    else if (event.target.closest("[data-earlier]") && tile.previousElementSibling) {
      tile.previousElementSibling.before(tile);
      tile.querySelector("[data-earlier]").focus();
    } else return;
    changed();
  });

  /* A placeholder goes where the cursor is, in the wording or in whichever field of the card had it last. */
  let target = form.elements.text;
  form.addEventListener("focusin", (event) => {
    if (["text", "link_title", "link_description", "link_url", "miniprogram_page"].includes(event.target.name)) target = event.target;
  });
  form.addEventListener("click", (event) => {
    const place = event.target.closest("[data-insert]");
    if (!place) return;
    target.setRangeText(place.dataset.insert, target.selectionStart, target.selectionEnd, "end");
    target.focus();
    target.dispatchEvent(new Event("input", { bubbles: true }));
  });

  const card = form.elements.card;
  card.addEventListener("change", () => {
    form.querySelectorAll("[data-card]").forEach((part) => {
      part.hidden = !card.value || !part.dataset.card.split(" ").includes(card.value);
    });
  });

  /* Enter in the store's field looks again, it does not leave the page. */
  const store = document.getElementById("preview-store");
  if (store) store.form.addEventListener("submit", (event) => { event.preventDefault(); store.blur(); });
})();
