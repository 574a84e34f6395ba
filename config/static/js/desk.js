/* The desk in the browser. Everything here is a shortcut to a form or a link that is on the page anyway:
   the server judges every time, every refusal comes back as a sentence, and the screen is read anew after it. */
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const words = JSON.parse($("#desk-words")?.textContent || "{}");
  const cal = $("#calendar");
  const desk = $(".desk");
  const coarse = matchMedia("(pointer: coarse)").matches;

  const el = (tag, className, text) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const say = (text, bad = false) => {
    const line = $("#say");
    if (!line) return;
    const toast = el("span", bad ? "toast bad" : "toast", text);
    if (bad) toast.setAttribute("role", "alert");
    line.replaceChildren(toast);
  };
  const typing = (target) => target instanceof Element && !!target.closest("input:not([type=checkbox]):not([type=radio]):not([type=submit]):not([type=button]), textarea, select, [contenteditable]");
  const openRequest = () => $("#panel[data-request]");

  /* ------------------------------------------------------------------ dialogs, keys switch */
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open-dialog]");
    if (opener) document.getElementById(opener.dataset.openDialog).showModal();
    if (event.target.closest("[data-close-dialog]")) event.target.closest("dialog").close();
    for (const menu of $$("details.me[open], details.more[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  const keysOn = () => localStorage.getItem("desk-keys") !== "off";
  const keysBox = $("#keys-on");
  if (keysBox) {
    keysBox.checked = keysOn();
    const show = () => document.body.classList.toggle("no-keys", !keysOn());
    keysBox.addEventListener("change", () => { localStorage.setItem("desk-keys", keysBox.checked ? "on" : "off"); show(); });
    show();
  }

  /* ------------------------------------------------------------------ the line: undo runs out after its seconds */
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

  /* ------------------------------------------------------------------ the calendar */
  let ec = null;
  let feed = { events: [], resources: [], fits: [] };
  let loadNumber = 0;

  const pad = (number) => String(number).padStart(2, "0");
  const wall = (date) => `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
  const plus = (iso, minutes) => { const date = new Date(iso); date.setMinutes(date.getMinutes() + minutes); return wall(date); };
  const clock = (iso) => new Date(iso).toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit" });

  const eventContent = ({ event }) => {
    const data = event.extendedProps;
    if (event.display === "background") {
      return { domNodes: data.title ? [el("span", "", data.title)] : [] };
    }
    const nodes = [];
    if (data.rank) nodes.push(el("span", "rank", data.rank));
    if (data.code) { const code = el("abbr", "code", data.code); code.title = data.service; nodes.push(code); }
    nodes.push(el("b", "", data.title));
    if (data.mark) nodes.push(document.createTextNode(` ${data.mark}`));
    if (data.sub) nodes.push(el("span", "sub", data.sub));
    return { domNodes: nodes };
  };
  /* Event Calendar calls itself a table of buttons, which no reader can make sense of: columns are groups here. */
  const tidyRoles = () => {
    const root = $(".ec", cal);
    if (!root) return;
    root.removeAttribute("role");
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", cal.getAttribute("aria-label"));
    for (const node of $$("[role=row], [role=rowgroup], [role=cell], [role=columnheader], [role=rowheader]", root)) {
      node.removeAttribute("role");
      for (const name of ["aria-colindex", "aria-rowindex", "aria-colspan"]) node.removeAttribute(name);
    }
    for (const node of $$(".ec-bg-event", root)) node.setAttribute("role", "presentation");
    const scroller = $(".ec-main", root);
    if (scroller && !scroller.hasAttribute("tabindex")) {
      scroller.tabIndex = 0;
      scroller.setAttribute("role", "region");
      scroller.setAttribute("aria-label", words.hours || "Hours");
    }
  };
  const toEvent = (item) => ({
    id: item.id,
    resourceIds: item.columns,
    start: item.start,
    end: item.end,
    title: item.title || "",
    display: item.background ? "background" : "auto",
    classNames: item.classes,
    startEditable: !!item.movable,
    durationEditable: false,
    extendedProps: item,
  });
  const currentQuery = () => {
    const query = new URLSearchParams({ day: cal.dataset.day, view: cal.dataset.view, by: cal.dataset.by });
    if (cal.dataset.people) query.set("people", cal.dataset.people);
    const panel = openRequest();
    const request = cal.dataset.dragging || (panel && panel.dataset.request);
    if (request) query.set("request", request);
    if (panel === null && $("#panel[data-visit]")) query.set("visit", $("#panel").dataset.visit);
    return query;
  };
  async function load() {
    if (!cal || !ec) return;
    const number = ++loadNumber;
    const slow = setTimeout(() => cal.classList.add("loading"), 300);
    try {
      const answer = await fetch(`${cal.dataset.feed}?${currentQuery()}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = await answer.json();
      if (number !== loadNumber) return;
      feed = fresh;
      ec.setOption("view", cal.dataset.view === "week" ? "resourceTimeGridWeek" : "resourceTimeGridDay");
      ec.setOption("slotMinTime", feed.opens);
      ec.setOption("slotMaxTime", feed.closes);
      ec.setOption("hiddenDays", feed.hidden_days);
      ec.setOption("date", cal.dataset.day);
      ec.setOption("resources", feed.columns.map(({ id, title, note }) => ({ id, title, extendedProps: { note } })));
      ec.setOption("events", feed.events.map(toEvent));
      $(".cal-body", cal).classList.remove("failed");
      requestAnimationFrame(() => { tidyRoles(); cal.dataset.loaded = String(number); });
    } catch (error) {
      if (number !== loadNumber) return;
      $(".cal-body", cal).classList.add("failed");
      say(words.calendar_lost, true);
    } finally {
      clearTimeout(slow);
      if (number === loadNumber) cal.classList.remove("loading");
    }
  }
  const fitsAt = (column, start) => feed.fits.some((fit) => fit.column === column && fit.start <= start && start <= fit.last);
  /* The five-minute line under a point, in the clinic's wall time, and whose column it is. */
  const under = (x, y) => {
    const body = $(".ec-body", cal)?.getBoundingClientRect();
    if (!body || x < body.left || x > body.right || y < body.top) return null;
    const point = ec.dateFromPoint(x, y);
    return point && point.resource ? { column: String(point.resource.id), start: wall(point.date) } : null;
  };

  async function ask(url, values) {
    try {
      await htmx.ajax("POST", url, { target: "#panel", swap: "outerHTML", values });
    } catch (error) {
      say(words.connection_lost, true);
    }
  }
  const place = (requestId, version, spot) => ask(cal.dataset.confirm.replace("00000000-0000-0000-0000-000000000000", requestId), {
    column: spot.column, by: cal.dataset.by, starts_at: spot.start, version,
  });

  if (cal && window.EventCalendar) {
    const holder = $(".cal-body", cal);
    ec = EventCalendar.create(holder, {
      view: cal.dataset.view === "week" ? "resourceTimeGridWeek" : "resourceTimeGridDay",
      date: cal.dataset.day,
      locale: document.documentElement.lang,
      headerToolbar: { start: "", center: "", end: "" },
      allDaySlot: false,
      slotDuration: "00:15",
      snapDuration: "00:05",
      slotLabelInterval: "01:00",
      slotHeight: matchMedia("(max-height: 820px)").matches ? 10 : 13,
      slotEventOverlap: false,
      slotMinTime: "07:00",
      slotMaxTime: "19:30",
      slotLabelFormat: (time) => time.toLocaleTimeString(document.documentElement.lang, { hour: "numeric" }).toLowerCase(),
      datesAboveResources: cal.dataset.view === "week",
      dayHeaderFormat: { weekday: "short", month: "short", day: "numeric" },
      columnWidth: cal.dataset.view === "week" ? "116px" : "minmax(0, 1fr)",
      resources: [],
      events: [],
      editable: true,
      eventDurationEditable: false,
      eventDragMinDistance: 6,
      eventLongPressDelay: 300,
      resourceLabelContent: ({ resource }) => {
        const note = resource.extendedProps.note;
        return { domNodes: note ? [el("b", "", resource.title), document.createTextNode(` ${note}`)] : [el("b", "", resource.title)] };
      },
      eventContent,
      eventDidMount: ({ el: node, event }) => {
        if (event.extendedProps.label) node.setAttribute("aria-label", event.extendedProps.label);
        if (event.display === "background" && event.extendedProps.hint) node.title = event.extendedProps.hint;
      },
      eventAllUpdated: () => tidyRoles(),
      eventClick: ({ event }) => {
        const data = event.extendedProps;
        if (data.rank) return $(`[data-rank="${data.rank}"]`)?.click();
        if (data.url) htmx.ajax("GET", data.url, { target: "#panel", swap: "outerHTML" });
      },
      dateClick: ({ date, resource }) => {
        const panel = openRequest();
        if (!panel || !resource) return;
        const spot = { column: String(resource.id), start: wall(date) };
        if (panel.dataset.mode === "offer") return swapOffer(spot);
        if (fitsAt(spot.column, spot.start)) place(panel.dataset.request, panel.dataset.version, spot);
        else why(panel.dataset.request, spot).then((text) => say(text, true));
      },
      eventDrop: async (info) => {
        const data = info.event.extendedProps;
        const column = info.newResource ? info.newResource.id : info.event.resourceIds[0];
        const url = data.rank ? null : data.move_url;
        if (data.rank) {
          const panel = openRequest();
          await place(panel.dataset.request, panel.dataset.version, { column: String(column), start: wall(info.event.start) });
        } else if (url) {
          await ask(url, { column: String(column), by: cal.dataset.by, starts_at: wall(info.event.start), version: data.version });
        }
        load();
      },
    });
    addEventListener("resize", () => ec.setOption("slotHeight", matchMedia("(max-height: 820px)").matches ? 10 : 13));
    load();
  }

  const why = async (requestId, spot) => {
    const query = new URLSearchParams({ column: spot.column, by: cal.dataset.by, starts_at: spot.start });
    try {
      const answer = await fetch(`${cal.dataset.why.replace("00000000-0000-0000-0000-000000000000", requestId)}?${query}`);
      return (await answer.json()).text;
    } catch (error) {
      return words.connection_lost;
    }
  };

  /* In offer mode a click in the calendar puts that time on the list instead of the last one. */
  const swapOffer = async (spot) => {
    const form = $("#panel form[data-offer]");
    if (!form) return;
    if (!fitsAt(spot.column, spot.start)) return say(await why(openRequest().dataset.request, spot), true);
    const rows = $$("li", form);
    const row = rows[rows.length - 1];
    const box = $("input[type=checkbox]", row);
    box.value = cal.dataset.by === "rooms" ? `${spot.start}||${spot.column}` : `${spot.start}|${spot.column}|`;
    box.checked = true;
    $(".when", row).textContent = `${new Date(spot.start).toLocaleDateString(document.documentElement.lang, { weekday: "short", month: "short", day: "numeric" })} · ${clock(spot.start)}`;
    $(".why", row).textContent = feed.columns.find((column) => String(column.id) === spot.column)?.title || "";
  };

  /* ------------------------------------------------------------------ drag a request onto the calendar */
  let lift = null;
  const liftStart = (event, source) => {
    lift.on = true;
    document.body.classList.add("dragging-request");
    source.classList.add("lifted");
    lift.shadow = el("div", "shadow", source.dataset.name);
    document.body.append(lift.shadow);
    cal.dataset.dragging = lift.request;
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
    if (!spot) { lift.shadow.replaceChildren(lift.name); lift.shadow.classList.remove("refused"); ec.removeEventById("drop"); return; }
    const show = (fits, text) => {
      if (!lift || lift.key !== key) return;
      const end = plus(spot.start, lift.minutes);
      lift.shadow.classList.toggle("refused", !fits);
      lift.shadow.replaceChildren(`${clock(spot.start)}–${clock(end)}`, el("small", "", text));
      const item = { id: "drop", columns: [spot.column], start: spot.start, end, title: lift.name, sub: "", classes: ["drop", fits ? "fits" : "refused"] };
      if (ec.getEventById("drop")) ec.updateEvent(toEvent(item)); else ec.addEvent(toEvent(item));
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
    ec.removeEventById("drop");
    delete cal.dataset.dragging;
    /* A drag is not also a click on the row. */
    addEventListener("click", (event) => { event.preventDefault(); event.stopPropagation(); }, { capture: true, once: true });
    setTimeout(() => dispatchEvent(new Event("desk:drag-over")), 0);
    if (drop && done.spot) place(done.request, done.version, done.spot).then(load);
    else load();
  };
  document.addEventListener("pointerdown", (event) => {
    if (!ec || event.button !== 0 || lift) return;
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

  /* ------------------------------------------------------------------ after a part of the page was swapped */
  const afterPanel = () => {
    const panel = $("#panel");
    if (!panel || !desk) return;
    const open = !panel.hidden;
    desk.classList.toggle("with-panel", open);
    for (const link of $$(".row > a")) {
      if (open && link.dataset.requestId === panel.dataset.request) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    if (cal && ec) goto(panel.dataset.goto || cal.dataset.day);
    (panel.querySelector("[data-focus]") || panel.querySelector("h2"))?.focus({ preventScroll: innerWidth > 720 });
  };
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id === "panel" || event.detail.elt?.id === "panel") afterPanel();
    startCountdown();
  });
  /* Nobody knows whether the act arrived: ask the server how things stand, and say so. */
  const connectionLost = () => { say(words.connection_lost, true); setTimeout(() => { load(); beat(); }, 1500); };
  document.addEventListener("htmx:sendError", connectionLost);
  document.addEventListener("htmx:timeout", connectionLost);
  document.addEventListener("htmx:responseError", () => say(words.went_wrong, true));
  /* A second press while the first is under way does nothing. */
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.detail.elt.closest?.("form");
    if (!form || event.detail.requestConfig.verb !== "post") return;
    if (form.dataset.sending) return event.preventDefault();
    form.dataset.sending = "1";
  });
  document.addEventListener("htmx:afterRequest", (event) => { delete event.detail.elt.closest?.("form")?.dataset.sending; });

  const goto = (day) => {
    cal.dataset.day = day;
    load();
    const query = currentQuery();
    htmx.ajax("GET", `${cal.dataset.bar}?${query}`, { target: "#cal-bar", swap: "outerHTML" });
    const address = new URL(location.href);
    address.searchParams.set("day", day);
    history.replaceState(history.state, "", address);
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-day]");
    if (!link || !ec || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    goto(link.dataset.day);
  });

  /* ------------------------------------------------------------------ keys */
  const rowLinks = () => $$("#rows .row > a");
  /* A key can come before htmx has looked at what it just put there: then a whole page would be fetched instead. */
  const click = (node) => { htmx.process(node.form || node); node.click(); };
  const step = (by) => {
    const links = rowLinks();
    if (!links.length) return;
    const focused = links.indexOf(document.activeElement);
    const current = links.findIndex((link) => link.hasAttribute("aria-current"));
    const from = focused >= 0 ? focused : current;
    const next = links[from < 0 ? 0 : Math.min(links.length - 1, Math.max(0, from + by))];
    if (openRequest() || (desk && desk.classList.contains("with-panel"))) click(next);
    else next.focus();
  };
  const press = (selector) => {
    const node = $(selector);
    if (!node) return false;
    click(node);
    if (node.matches("summary")) node.parentElement.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    return true;
  };
  let going = false;
  const keys = {
    j: () => step(1),
    k: () => step(-1),
    1: () => press("#panel [data-rank='1']"),
    2: () => press("#panel [data-rank='2']"),
    3: () => press("#panel [data-rank='3']"),
    o: () => press("#panel [data-key=o]"),
    a: () => press("#panel [data-key=a]"),
    c: () => press("#panel [data-key=c]"),
    h: () => press("#panel [data-key=h]"),
    w: () => press("#panel [data-key=w]"),
    m: () => press("#panel [data-key=m]"),
    s: () => press("#panel [data-key=s]"),
    v: () => press("#panel [data-key=v]"),
    x: () => press("#panel [data-key=x]"),
    z: () => press("#undo"),
    t: () => press("#cal-bar [data-key=t]"),
    "[": () => press("#cal-bar [data-key=before]"),
    "]": () => press("#cal-bar [data-key=after]"),
    p: () => press("[data-key=p]"),
    g: () => { going = true; setTimeout(() => { going = false; }, 1500); },
    "/": () => { $("#find")?.focus(); return true; },
    "?": () => $("#help")?.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches?.("textarea")) {
      event.preventDefault();
      const send = event.target.form?.querySelector("button.primary");
      if (send) click(send);
      return;
    }
    if (event.key === "Escape") {
      if (lift) return liftEnd(false);
      if (document.querySelector("dialog[open]")) return;
      if (typing(event.target)) return event.target.blur();
      press("#panel [data-key=back]") || press("#panel [data-key=close]");
      return;
    }
    if (!keysOn() || event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
    if (going) {
      going = false;
      if (press(`.nav [data-go="${event.key}"]`)) event.preventDefault();
      return;
    }
    const rows = $("#rows");
    if (rows && rows.contains(document.activeElement) && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const links = rowLinks();
      links[links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
      return;
    }
    const act = keys[event.key];
    if (act && !event.repeat) { event.preventDefault(); act(); }
  });

  /* ------------------------------------------------------------------ live, without moving what a hand is on */
  const queue = $("#rows");
  const inUse = () => queue && (queue.matches(":hover") || queue.contains(document.activeElement) || lift);
  let pulse = desk?.dataset.pulse ? { queue: desk.dataset.queueMark, calendar: desk.dataset.calendarMark } : null;
  async function beat() {
    if (!pulse || document.hidden || lift) return;
    const panel = openRequest();
    const query = new URLSearchParams(location.search);
    if (panel) { query.set("request", panel.dataset.request); query.set("version", panel.dataset.version); }
    let fresh;
    try {
      const answer = await fetch(`${desk.dataset.pulse}?${query}`);
      if (!answer.ok) return;
      fresh = await answer.json();
    } catch (error) { return; }
    if (fresh.queue !== pulse.queue) {
      if (inUse()) {
        const button = $("#fresh");
        button.hidden = false;
        button.textContent = fresh.news;
      } else { refreshQueue(); pulse.queue = fresh.queue; }
    }
    if (fresh.calendar !== pulse.calendar) { pulse.calendar = fresh.calendar; load(); }
    if (fresh.title) document.title = fresh.title;
    const stale = $("#panel-news");
    if (stale) { stale.hidden = !fresh.panel; if (fresh.panel) $("span", stale).textContent = fresh.panel; }
    const quiet = $("#say .quietnews");
    if (quiet && fresh.line) quiet.textContent = fresh.line;
  }
  const refreshQueue = async () => {
    const focused = document.activeElement?.id;
    const top = queue.scrollTop;
    await htmx.ajax("GET", `${desk.dataset.queue}?${new URLSearchParams(location.search)}`, { target: "#rows", swap: "innerHTML" });
    const panel = openRequest();
    if (panel) $(`#row-${panel.dataset.request} > a`)?.setAttribute("aria-current", "true");
    queue.scrollTop = top;
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };
  $("#fresh")?.addEventListener("click", () => { $("#fresh").hidden = true; refreshQueue(); if (pulse) pulse.queue = ""; });
  queue?.addEventListener("pointerleave", () => { if (!$("#fresh").hidden) $("#fresh").click(); });
  addEventListener("online", beat);
  if (pulse) setInterval(beat, Number(desk.dataset.every || 10) * 1000);

  /* A whole page, because the key came before the script was ready: the field it asked for is in focus all the same. */
  $("#panel [data-focus]")?.focus({ preventScroll: innerWidth > 720 });
  startCountdown();
  if (coarse) document.documentElement.classList.add("coarse");
  window.deskReady = true;
})();
