/* Single keys: each presses what is on the page anyway. Off with one switch; none works while one types. */
(() => {
  "use strict";
  const { $, $$, typing, openRequest } = Desk;
  const desk = $(".desk");

  const rowLinks = () => $$("#rows .row > a");
  /* A key can come before htmx has looked at what it just put there: then a whole page would be fetched instead. */
  const click = (node) => { htmx.process(node.form || node); node.click(); };
  /* A board has a chosen row: its keys act on that one and no other, and it shows which it is. */
  const boardRows = () => $$("[data-select] tbody tr");
  const choose = (row) => { for (const each of boardRows()) each.removeAttribute("aria-current"); row.setAttribute("aria-current", "true"); };
  document.addEventListener("focusin", (event) => { const row = event.target.closest("[data-select] tbody tr"); if (row) choose(row); });
  const stepOnBoard = (by) => {
    const all = boardRows();
    const at = all.findIndex((row) => row.hasAttribute("aria-current"));
    const isThere = all[at]?.contains(document.activeElement);
    const next = all[Math.min(all.length - 1, Math.max(0, isThere ? at + by : at))];
    $("button, a", next)?.focus();
  };
  const step = (by) => {
    if (boardRows().length) return stepOnBoard(by);
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
    if (node.matches("[href^='tel:']")) $("#panel [name=outcome]")?.focus();
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
    v: () => press("#panel [data-key=v]") || Desk.calendar?.here(),
    x: () => press("#panel [data-key=x]"),
    z: () => press("#undo"),
    t: () => press("#cal-bar [data-key=t]"),
    "[": () => press("#cal-bar [data-key=before]"),
    "]": () => press("#cal-bar [data-key=after]"),
    p: () => press(boardRows().length ? "[data-select] tr[aria-current] [data-key=p]" : "[data-key=p]"),
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
      if (Desk.drag?.isOn()) return Desk.drag.drop();
      if (document.querySelector("dialog[open]")) return;
      if (typing(event.target)) return event.target.blur();
      press("#panel [data-key=back]") || press("#panel [data-key=close]");
      return;
    }
    if (!Desk.keysOn() || event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
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

  window.deskReady = true;
})();
