/* Upload: shows what was chosen, refuses a file that is too large before it travels, and says that it is travelling.
   The native file input covers the drop area, so dropping works without any of this. */
(() => {
  "use strict";

  const form = document.querySelector("[data-upload]");
  if (!form) return;
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector(".drop");
  const problem = form.querySelector("[data-problem]");
  const limit = Number(form.dataset.limit);

  function sizeOf(bytes) {
    return bytes >= 1048576 ? `${(bytes / 1048576).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024))} KB`;
  }

  function complain(text) {
    problem.textContent = text;
    problem.hidden = !text;
  }

  function tooLarge(file) {
    return file.size > limit ? `文件有 ${sizeOf(file.size)}，超过上限 ${sizeOf(limit)}；请按月份拆开后分几次导入` : "";
  }

  function show() {
    const file = input.files[0];
    drop.classList.toggle("is-chosen", Boolean(file));
    if (!file) return;
    form.querySelector("[data-chosen]").textContent = file.name;
    form.querySelector("[data-size]").textContent = `${sizeOf(file.size)} · 点这里换一个`;
    complain(tooLarge(file));
  }

  input.addEventListener("change", show);
  if (input.files.length) show(); /* A quick thumb, or a slow network: it was chosen before this script came. */
  ["dragenter", "dragover"].forEach((name) => drop.addEventListener(name, () => drop.classList.add("is-over")));
  ["dragleave", "drop"].forEach((name) => drop.addEventListener(name, () => drop.classList.remove("is-over")));

  form.addEventListener("submit", (event) => {
    const file = input.files[0];
    if (file && tooLarge(file)) {
      event.preventDefault();
      return;
    }
    const button = form.querySelector("[data-send]");
    button.disabled = true;
    button.querySelector("span").textContent = "正在上传…";
  });
  /* Back from the next page: the browser restores the form as it was left. */
  window.addEventListener("pageshow", () => {
    const button = form.querySelector("[data-send]");
    button.disabled = false;
    button.querySelector("span").textContent = "上传并预览";
  });
})();
