/* 店圈: ask the phone where it is, once its owner has tapped, and go to the nearest store. */
(() => {
  "use strict";

  const button = document.querySelector("[data-locate]");
  const note = document.querySelector("[data-locate-note]");

  button.addEventListener("click", () => {
    if (!navigator.geolocation) {
      note.textContent = "这部手机不能定位，请联系客服";
      return;
    }
    button.disabled = true;
    note.textContent = "正在定位…";
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => location.assign(`?lat=${coords.latitude.toFixed(5)}&lng=${coords.longitude.toFixed(5)}`),
      () => {
        button.disabled = false;
        note.textContent = "没有拿到位置。请允许定位后再试，或联系客服";
      },
      { timeout: 10000, maximumAge: 60000 },
    );
  });
})();
