/* After a button: clear the field, show the change at once. Chats stay at their newest line. */
(() => {
  "use strict";
  const toEnd = () => document.querySelectorAll(".chat").forEach((chat) => { chat.scrollTop = chat.scrollHeight; });
  document.addEventListener("DOMContentLoaded", toEnd);
  document.addEventListener("htmx:afterSettle", toEnd);
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.requestConfig.verb !== "post") return;
    if (event.target.matches(".say")) event.target.reset();
    document.body.dispatchEvent(new Event("changed"));
  });
})();
