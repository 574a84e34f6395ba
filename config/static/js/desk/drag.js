/* Drag a request onto the calendar: with the mouse at once, with a finger after holding it. */
(() => {
  "use strict";
  const { $, el, words } = Desk;
  const calendar = Desk.calendar;
  if (!calendar) return;
  const { load, under, fitsAt, why, place, plus, clock, draw } = calendar;

  let lift = null;
  const liftStart = (event, source) => {
    lift.on = true;
    document.body.classList.add("dragging-request");
    source.classList.add("lifted");
    lift.shadow = el("div", "shadow", source.dataset.name);
    document.body.append(lift.shadow);
    calendar.element.dataset.dragging = lift.request;
    lift.ready = load();
    liftMove(event);
  };
  const liftMove = (event) => {
    lift.shadow.style.transform = `translate(${Math.min(event.clientX + 14, innerWidth - 270)}px, ${event.clientY + 10}px)`;
    const spot = under(event.clientX, event.clientY);
    const key = spot ? `${spot.column} ${spot.start}` : "";
    if (key === lift.key) return;
    lift.key = key;
    lift.spot = spot;
    if (!spot) { lift.shadow.replaceChildren(lift.name); lift.shadow.classList.remove("refused"); calendar.erase("drop"); return; }
    const show = (fits, text) => {
      if (!lift || lift.key !== key) return;
      const end = plus(spot.start, lift.minutes);
      lift.shadow.classList.toggle("refused", !fits);
      lift.shadow.replaceChildren(`${clock(spot.start)}–${clock(end)}`, el("small", "", text));
      const item = { id: "drop", columns: [spot.column], start: spot.start, end, title: lift.name, sub: "", classes: ["drop", fits ? "fits" : "refused"] };
      draw(item);
    };
    const fits = fitsAt(spot.column, spot.start);
    show(fits, fits ? words.fits : words.looking);
    if (!fits) {
      clearTimeout(lift.asking);
      const request = lift.request;
      lift.asking = setTimeout(() => lift.ready.then(() => {
        if (!lift || lift.key !== key) return;
        if (fitsAt(spot.column, spot.start)) return show(true, words.fits);
        why(request, spot).then((text) => { if (lift && lift.key === key) { lift.refusal = text; show(false, text); } });
      }), 150);
    }
  };
  const liftEnd = (drop) => {
    if (!lift) return;
    const done = lift;
    lift = null;
    clearTimeout(done.holding);
    clearTimeout(done.asking);
    if (!done.on) return;
    done.shadow.remove();
    done.source.classList.remove("lifted");
    document.body.classList.remove("dragging-request");
    calendar.erase("drop");
    delete calendar.element.dataset.dragging;
    /* A drag is not also a click on the row. */
    addEventListener("click", (event) => { event.preventDefault(); event.stopPropagation(); }, { capture: true, once: true });
    setTimeout(() => dispatchEvent(new Event("desk:drag-over")), 0);
    if (drop && done.spot) place(done.request, done.version, done.spot).then(load);
    else load();
  };
  document.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || lift) return;
    const source = event.target.closest("[data-drag-request]");
    if (!source || event.target.closest("button, .link")) return;
    lift = { source, request: source.dataset.dragRequest, version: source.dataset.version, minutes: Number(source.dataset.minutes || 60), name: source.dataset.name, x: event.clientX, y: event.clientY, on: false, key: "", ready: Promise.resolve() };
    if (event.pointerType !== "mouse") lift.holding = setTimeout(() => lift && liftStart(event, source), 300);
    else lift.mouse = true;
  });
  document.addEventListener("pointermove", (event) => {
    if (!lift) return;
    const far = Math.hypot(event.clientX - lift.x, event.clientY - lift.y) > 6;
    if (!lift.on && far) {
      if (lift.mouse) liftStart(event, lift.source);
      else { clearTimeout(lift.holding); lift = null; }  /* the finger scrolls */
    } else if (lift.on) liftMove(event);
  });
  document.addEventListener("pointerup", (event) => { if (lift?.on) liftMove(event); liftEnd(true); });
  document.addEventListener("pointercancel", () => liftEnd(false));
  document.addEventListener("touchmove", (event) => { if (lift?.on) event.preventDefault(); }, { passive: false });
  document.addEventListener("dragstart", (event) => { if (event.target.closest("[data-drag-request]")) event.preventDefault(); });
  document.addEventListener("contextmenu", (event) => { if (lift?.on) event.preventDefault(); });

  Desk.drag = { isOn: () => !!lift, drop: () => liftEnd(false) };
})();
