/* The calendar of the desk: what it draws, where a click or a drop in it leads, and the day it shows. */
(() => {
  "use strict";
  const { $, $$, el, say, words, fetchInto, postInto, handOff, openRequest } = Desk;
  const cal = $("#calendar");
  if (!cal || !window.EventCalendar) return;

  const holder = $(".cal-body", cal);
  let ec = null;
  let feed = { events: [], columns: [], fits: [] };
  let loadNumber = 0;
  const slotHeight = () => (matchMedia("(max-height: 820px)").matches ? 10 : 13);

  const pad = (number) => String(number).padStart(2, "0");
  const wall = (date) => `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
  const plus = (iso, minutes) => { const date = new Date(iso); date.setMinutes(date.getMinutes() + minutes); return wall(date); };
  const clock = (iso) => new Date(iso).toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit" });

  /* A week never scrolls sideways: the narrower its columns, the fewer words stand in them. Readers hear all of them. */
  const columnWidth = () => (cal.clientWidth - 60) / (Math.max(1, feed.columns.length) * (7 - (feed.hidden_days?.length || 0)));
  const tight = () => {
    if (cal.dataset.view !== "week") return "";
    const width = columnWidth();
    return width < 42 ? "tiny" : width < 90 ? "narrow" : "";
  };
  const initials = (name) => name.split(" ").map((word) => word[0]).join("").slice(0, 2);
  /* A visit of today has two buttons: the card itself, which opens it, and "Here", a check where words have no room. */
  const withHere = (nodes, data) => {
    const open = el("button", "open");
    const here = tight() ? el("button", "here-now mark", "✓") : el("button", "here-now", words.here);
    open.type = here.type = "button";
    open.setAttribute("aria-label", data.label);
    here.setAttribute("aria-label", words.is_here.replace("%s", data.title));
    open.append(...nodes);
    for (const node of [open, here]) {
      node.dataset.visit = data.id;
      node.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") event.stopPropagation(); });
    }
    here.addEventListener("pointerdown", (event) => event.stopPropagation());  // pressed, never dragged
    return [open, here];
  };
  /* Readers hear the whole label, on a card that was drawn anew too: `tidy` takes it from the first thing in it. */
  const labelled = (nodes, data) => {
    const all = data.arrive_url ? withHere(nodes, data) : nodes;
    if (data.label) all[0].dataset.said = data.label;
    return { domNodes: all };
  };
  const eventContent = ({ event }) => {
    const data = event.extendedProps;
    if (event.display === "background") {
      const ground = el("span", "", data.title || "");
      if (data.hint) ground.dataset.hint = data.hint;
      return { domNodes: data.title || data.hint ? [ground] : [] };
    }
    if (tight() === "tiny" && !data.rank) return labelled([el("b", "", initials(data.title))], data);
    const nodes = [];
    if (data.rank) nodes.push(el("span", "rank", data.rank));
    if (data.code) { const code = el("abbr", "code", data.code); code.title = data.service; nodes.push(code); }
    const name = el("b", "", data.title);
    name.dataset.visit = data.id;
    nodes.push(name);
    if (data.mark) nodes.push(document.createTextNode(` ${data.mark}`));
    if (data.sub) nodes.push(el("span", "sub", data.sub));
    return labelled(nodes, data);
  };
  /* Event Calendar calls itself a table of buttons, which no reader can make sense of: columns are groups here.
     It says so again whenever it draws, so this is looked at after each of its changes, before anybody can read them. */
  const set = (node, name, value) => { if (node.getAttribute(name) !== value) node.setAttribute(name, value); };
  const tidy = () => {
    const root = $(".ec", cal);
    if (!root) return;
    set(root, "role", "group");
    set(root, "aria-label", cal.getAttribute("aria-label"));
    for (const node of $$("[role=row], [role=rowgroup], [role=cell], [role=columnheader], [role=rowheader], [aria-colspan]", root)) {
      for (const name of ["role", "aria-colindex", "aria-rowindex", "aria-colspan"]) node.removeAttribute(name);
    }
    for (const node of $$(".ec-bg-event", root)) set(node, "role", "presentation");
    for (const first of $$("[data-said]", root)) set(first.closest(".ec-event"), "aria-label", first.dataset.said);
    for (const ground of $$("[data-hint]", root)) set(ground.closest(".ec-bg-event"), "title", ground.dataset.hint);
    /* A button with a button in it is one to no reader: such a card is a group of two. */
    for (const node of $$(".ec-event", root)) {
      const two = !!$(".here-now", node);
      if (two) { set(node, "role", "group"); node.removeAttribute("tabindex"); }
      else if (node.getAttribute("role") === "group") { set(node, "role", "button"); node.tabIndex = 0; }
    }
    const scroller = $(".ec-main", root);
    if (scroller && !scroller.hasAttribute("tabindex")) {
      scroller.tabIndex = 0;
      set(scroller, "role", "region");
      set(scroller, "aria-label", words.hours || "Hours");
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
    if (cal.dataset.who) query.set("who", cal.dataset.who);
    const panel = openRequest();
    const request = cal.dataset.dragging || (panel && panel.dataset.request);
    if (request) query.set("request", request);
    if (panel === null && $("#panel[data-visit]")) query.set("visit", $("#panel").dataset.visit);
    return query;
  };
  /* What is drawn already stays as it is: only what differs is drawn anew. */
  const options = {};
  const setOption = (name, value, also = "") => {
    const key = JSON.stringify([value, also]);
    if (options[name] === key) return false;
    options[name] = key;
    ec.setOption(name, value);
    return true;
  };
  let drawn = new Map();
  const draw = (item) => { if (ec.getEventById(item.id)) ec.updateEvent(toEvent(item)); else ec.addEvent(toEvent(item)); };
  const drawEvents = (anew) => {
    const fresh = new Map(feed.events.map((item) => [item.id, JSON.stringify(item)]));
    const other = feed.events.filter((item) => drawn.get(item.id) !== fresh.get(item.id));
    if (anew || other.length > fresh.size / 2) ec.setOption("events", feed.events.map(toEvent));
    else {
      for (const id of drawn.keys()) if (!fresh.has(id)) ec.removeEventById(id);
      other.forEach(draw);
    }
    drawn = fresh;
  };
  const drawFeed = () => {
    const narrow = tight();
    cal.dataset.tight = narrow;
    const other = [
      setOption("view", cal.dataset.view === "week" ? "resourceTimeGridWeek" : "resourceTimeGridDay"),
      setOption("slotMinTime", feed.opens),
      setOption("slotMaxTime", feed.closes),
      setOption("hiddenDays", feed.hidden_days),
      setOption("date", cal.dataset.day),
      setOption("resources", feed.columns.map(({ id, title, note }) => ({ id, title, extendedProps: { note } })), narrow && columnWidth()),
    ];
    drawEvents(other.includes(true));
  };
  /* Busy from the moment at which the hours are no longer true until they are drawn. */
  const wait = () => { cal.setAttribute("aria-busy", "true"); return ++loadNumber; };
  async function load() {
    if (!ec) return;
    const number = wait();
    const slow = setTimeout(() => cal.classList.add("loading"), 300);
    try {
      const answer = await fetch(`${cal.dataset.feed}?${currentQuery()}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = await answer.json();
      await handOff(holder);
      if (number !== loadNumber) return;
      feed = fresh;
      Desk.live?.seen(feed.mark);
      drawFeed();
      holder.classList.remove("failed");
    } catch (error) {
      if (number !== loadNumber) return;
      holder.classList.add("failed");
      say(words.calendar_lost, true);
    } finally {
      clearTimeout(slow);
      if (number === loadNumber) {
        cal.classList.remove("loading");
        setTimeout(() => {
          if (number !== loadNumber) return;
          backTo();
          cal.dataset.loaded = String(number);
          cal.removeAttribute("aria-busy");
        });
      }
    }
  }
  /* "Here" goes when it was pressed: the focus stays on its card. */
  let left = "";
  const backTo = () => {
    if (left && (!document.activeElement || document.activeElement === document.body)) {
      const mark = $(`[data-visit="${left}"]`, $(".ec", cal));
      (mark?.matches("button") ? mark : mark?.closest(".ec-event"))?.focus({ preventScroll: true });
    }
    left = "";
  };
  const fitsAt = (column, start) => feed.fits.some((fit) => fit.column === column && fit.start <= start && start <= fit.last);
  /* The five-minute line under a point, in the clinic's wall time, and whose column it is. */
  const under = (x, y) => {
    const body = $(".ec-body", cal)?.getBoundingClientRect();
    if (!body || x < body.left || x > body.right || y < body.top) return null;
    const point = ec.dateFromPoint(x, y);
    return point && point.resource ? { column: String(point.resource.id), start: wall(point.date) } : null;
  };

  async function ask(url, values, target = "#panel") {
    try {
      await postInto(target, url, values);
    } catch (error) {
      say(words.connection_lost, true);
    }
  }
  /* Whatever is open stays open; only the line speaks. */
  const arriving = new Set();
  const arrive = async (data) => {
    if (arriving.has(data.id)) return;
    arriving.add(data.id);
    left = data.id;
    if ($("#panel").dataset.visit === data.id) await ask(data.arrive_url, {});
    else await ask(data.arrive_url, { stay: "1" }, "#say");
    arriving.delete(data.id);
    load();
  };
  /* One key: on a card it says so; elsewhere it goes to the card of who is expected next. */
  const here = () => {
    const card = document.activeElement?.closest?.(".ec-event");
    const button = card && $(".here-now", card);
    if (button) return button.click();
    const expected = feed.events.filter((item) => item.arrive_url).sort((a, b) => a.start.localeCompare(b.start));
    const now = feed.events.find((item) => item.classes.includes("now-line"))?.start || "";
    const next = expected.find((item) => item.end > now) || expected[expected.length - 1];
    if (next) $(`.open[data-visit="${next.id}"]`, cal)?.focus();
  };
  /* Taken back from the line: the calendar shows it. */
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.target?.id === "say") load(); });
  /* Pressed twice, asked once. */
  const placing = new Set();
  const place = async (requestId, version, spot) => {
    if (placing.has(requestId)) return;
    placing.add(requestId);
    await ask(cal.dataset.confirm.replace("00000000-0000-0000-0000-000000000000", requestId), {
      column: spot.column, by: cal.dataset.by, starts_at: spot.start, version,
    });
    placing.delete(requestId);
  };

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

  const show = (day) => {
    cal.dataset.day = day;
    load();
    const query = currentQuery();
    fetchInto("#cal-bar", `${cal.dataset.bar}?${query}`);
    const address = new URL(location.href);
    address.searchParams.set("day", day);
    history.replaceState(history.state, "", address);
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-day]");
    if (!link || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    show(link.dataset.day);
  });

  /* The line of now goes on; the rest stands still. */
  const tick = (now) => {
    if (!now || feed.now === now) return;
    feed.now = now;
    for (const item of feed.events.filter((each) => each.classes.includes("now-line"))) {
      item.start = now;
      item.end = plus(now, 1);
      if (item.title) item.title = clock(now);
      draw(item);
      drawn.set(item.id, JSON.stringify(item));
    }
  };

  new MutationObserver(tidy).observe(holder, { subtree: true, childList: true, attributeFilter: ["role"] });
  ec = EventCalendar.create(holder, {
    view: cal.dataset.view === "week" ? "resourceTimeGridWeek" : "resourceTimeGridDay",
    date: cal.dataset.day,
    locale: document.documentElement.lang,
    headerToolbar: { start: "", center: "", end: "" },
    allDaySlot: false,
    slotDuration: "00:15",
    snapDuration: "00:05",
    slotLabelInterval: "01:00",
    slotHeight: slotHeight(),
    slotEventOverlap: false,
    slotMinTime: "07:00",
    slotMaxTime: "19:30",
    slotLabelFormat: (time) => time.toLocaleTimeString(document.documentElement.lang, { hour: "numeric" }).toLowerCase(),
    datesAboveResources: cal.dataset.view === "week",
    dayHeaderFormat: { weekday: "short", month: "short", day: "numeric" },
    columnWidth: "minmax(0, 1fr)",
    resources: [],
    events: [],
    editable: true,
    eventDurationEditable: false,
    eventDragMinDistance: 6,
    eventLongPressDelay: 300,
    resourceLabelContent: ({ resource }) => {
      const note = resource.extendedProps.note;
      if (tight()) { const short = el("b", "", resource.title.slice(0, Math.max(2, Math.floor((columnWidth() - 8) / 9)))); short.title = resource.title; return { domNodes: [short] }; }
      return { domNodes: note ? [el("b", "", resource.title), document.createTextNode(` ${note}`)] : [el("b", "", resource.title)] };
    },
    eventContent,
    eventClick: ({ event, jsEvent }) => {
      const data = event.extendedProps;
      if (jsEvent.target.closest?.(".here-now")) return arrive(data);
      if (data.rank) return $(`[data-rank="${data.rank}"]`)?.click();
      if (data.url) fetchInto("#panel", data.url);
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
      drawn.delete(info.event.id);  // it lies where it was dropped, and only the server knows whether it may
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
  addEventListener("resize", () => { ec.setOption("slotHeight", slotHeight()); if (tight() !== cal.dataset.tight) load(); });
  Desk.calendar = { element: cal, load, wait, show, tick, here, under, fitsAt, why, place, plus, clock, draw, erase: (id) => ec.removeEventById(id) };
  load();
})();
