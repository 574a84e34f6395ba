/* Live, without moving what a hand is on and without touching what is being typed. */
(() => {
  "use strict";
  const { $, fetchInto, openRequest } = Desk;
  const desk = $(".desk");
  const rows = $("#rows");
  if (!desk || !rows) return;

  /* What is on the screen: the head of the queue carries the mark of its rows, the calendar that of its visits. */
  const queueMark = () => $("#queue-head").dataset.mark;
  let calendarMark = null;
  const inUse = () => rows.matches(":hover") || rows.contains(document.activeElement) || Desk.drag?.isOn();

  async function beat() {
    if (document.hidden || Desk.drag?.isOn()) return;
    const panel = openRequest();
    const query = new URLSearchParams(location.search);
    if (panel) { query.set("request", panel.dataset.request); query.set("version", panel.dataset.version); }
    let fresh;
    try {
      const answer = await fetch(`${desk.dataset.pulse}?${query}`);
      if (!answer.ok) return;
      fresh = await answer.json();
    } catch (error) { return; }
    if (fresh.queue !== queueMark()) {
      if (inUse()) {
        const button = $("#fresh");
        button.hidden = false;
        button.textContent = fresh.news;
      } else refreshQueue();
    }
    if (Desk.calendar && fresh.calendar !== calendarMark) Desk.calendar.load();
    Desk.calendar?.tick(fresh.now);
    if (fresh.title) document.title = fresh.title;
    const stale = $("#panel-news");
    if (stale) { stale.hidden = !fresh.panel; if (fresh.panel) $("span", stale).textContent = fresh.panel; }
    const quiet = $("#say .quietnews");
    if (quiet && fresh.line) quiet.textContent = fresh.line;
  }

  const refreshQueue = async () => {
    const focused = document.activeElement?.id;
    const top = rows.scrollTop;
    await fetchInto("#rows", `${desk.dataset.queue}?${new URLSearchParams(location.search)}`, "innerHTML");
    const panel = openRequest();
    if (panel) $(`#row-${panel.dataset.request} > a`)?.setAttribute("aria-current", "true");
    rows.scrollTop = top;
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };

  /* The button is drawn anew with the head of the queue, so it is not asked itself. */
  document.addEventListener("click", (event) => { if (event.target.closest("#fresh")) refreshQueue(); });
  rows.addEventListener("pointerleave", () => { if (!$("#fresh").hidden) refreshQueue(); });
  addEventListener("online", beat);
  setInterval(beat, Number(desk.dataset.every || 10) * 1000);

  Desk.live = { beat, seen: (mark) => { calendarMark = mark; } };
})();
