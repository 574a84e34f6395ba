/* What follows when a part of the page was swapped, and what is said when an act does not arrive. */
(() => {
  "use strict";
  const { $, $$, say, typing, words, asked } = Desk;
  const desk = $(".desk");

  const afterPanel = () => {
    const panel = $("#panel");
    if (!panel || !desk) return;
    const open = !panel.hidden;
    desk.classList.toggle("with-panel", open);
    for (const link of $$(".row > a")) {
      if (open && link.dataset.requestId === panel.dataset.request) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    Desk.calendar?.show(panel.dataset.goto || Desk.calendar.element.dataset.day);
    /* Who types in the new part already is left alone. */
    if (panel.contains(document.activeElement) && typing(document.activeElement)) return;
    const field = panel.dataset.mode === "place" ? $("#place-day", panel) : $("[data-focus]", panel);
    (field || $("h2", panel))?.focus({ preventScroll: innerWidth > 720 });
  };
  /* Each part that rode along settles too: once is enough for all of them. */
  let settling = 0;
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id !== "panel" && event.detail.elt?.id !== "panel") return;
    clearTimeout(settling);
    settling = setTimeout(afterPanel);
  });
  /* Nobody knows whether the act arrived: ask the server how things stand, and say so. */
  const connectionLost = () => { say(words.connection_lost, true); setTimeout(() => { Desk.calendar?.load(); Desk.live?.beat(); }, 1500); };
  document.addEventListener("htmx:sendError", connectionLost);
  document.addEventListener("htmx:timeout", connectionLost);
  document.addEventListener("htmx:responseError", () => say(words.went_wrong, true));
  /* A second press while the first is under way does nothing. */
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.detail.elt.closest?.("form");
    if (form && event.detail.requestConfig.verb === "post") {
      if (form.dataset.sending) return event.preventDefault();
      form.dataset.sending = "1";
    }
    asked(event.detail);
  });
  /* The hours follow what is open: they are not true again before they are read. */
  document.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.shouldSwap && event.detail.target.id === "panel") Desk.calendar?.wait(); });
  document.addEventListener("htmx:afterRequest", (event) => { delete event.detail.elt.closest?.("form")?.dataset.sending; });

  /* The same for a plain form, which goes on to another page; coming back to this one it can be pressed again. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.matches("[hx-post]")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
  });
  addEventListener("pageshow", () => { for (const form of $$("form[data-sent]")) delete form.dataset.sent; });

  /* A whole page, because the key came before the script was ready: the field it asked for is in focus all the same. */
  $("#panel [data-focus]")?.focus({ preventScroll: innerWidth > 720 });
})();
