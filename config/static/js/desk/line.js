/* Dialogs, the switch of the single keys, and the line: undo runs out after its seconds. */
(() => {
  "use strict";
  const { $, $$ } = Desk;

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open-dialog]");
    if (opener) document.getElementById(opener.dataset.openDialog).showModal();
    if (event.target.closest("[data-close-dialog]")) event.target.closest("dialog").close();
    for (const menu of $$("details.me[open], details.more[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  const keysOn = Desk.keysOn = () => localStorage.getItem("desk-keys") !== "off";
  const keysBox = $("#keys-on");
  if (keysBox) {
    keysBox.checked = keysOn();
    const show = () => document.body.classList.toggle("no-keys", !keysOn());
    keysBox.addEventListener("change", () => { localStorage.setItem("desk-keys", keysBox.checked ? "on" : "off"); show(); });
    show();
  }

  let countdown;
  const startCountdown = () => {
    clearInterval(countdown);
    const toast = $("#say .toast[data-seconds]");
    if (!toast) return;
    let left = Number(toast.dataset.seconds);
    const count = $(".count", toast);
    const tick = () => {
      if (count) count.textContent = left > 0 ? ` ${left}` : "";
      if (left-- <= 0) { clearInterval(countdown); toast.querySelector("form")?.remove(); }
    };
    tick();
    countdown = setInterval(tick, 1000);
  };
  document.addEventListener("htmx:afterSettle", startCountdown);
  startCountdown();
})();
