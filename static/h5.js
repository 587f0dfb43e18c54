// Members' pages: a form goes out once, however often it is tapped; clocks run down by the server's seconds.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  setTimeout(() => { delete form.dataset.sent; }, 8000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

const two = (number) => String(number).padStart(2, "0");
for (const clock of document.querySelectorAll(".clock[data-seconds]")) {
  const end = Date.now() + Number(clock.dataset.seconds) * 1000;
  const boxed = clock.classList.contains("boxed");
  let timer = 0;
  const tick = () => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1000));
    if (!left) {
      clearInterval(timer);
      clock.textContent = clock.dataset.over;
      // Not all phones of a group at the same moment.
      if ("reload" in clock.dataset && Number(clock.dataset.seconds) > 0) setTimeout(() => location.reload(), 1000 + Math.random() * 8000);
      return;
    }
    const hours = Math.floor(left / 3600);
    const parts = hours >= 48
      ? [`${Math.floor(hours / 24)} 天`]
      : boxed ? [two(hours), two(Math.floor(left / 60) % 60), two(left % 60)] : [`${Math.floor(left / 60)} 分 ${two(left % 60)} 秒`];
    if (!boxed || parts.length === 1) { clock.textContent = parts[0]; return; }
    if (clock.children.length !== 3) clock.innerHTML = "<i></i>:<i></i>:<i></i>";
    parts.forEach((part, place) => { clock.children[place].textContent = part; });
  };
  timer = setInterval(tick, 1000);
  tick();
}
