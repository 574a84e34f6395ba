/* What the scripts of the desk share. Everything they do is a shortcut to a form or a link that is on the page anyway:
   the server judges every time, every refusal comes back as a sentence, and the screen is read anew after it. */
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
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
  const words = JSON.parse($("#desk-words")?.textContent || "{}");
  const openRequest = () => $("#panel[data-request]");

  /* calendar, drag and live are there on the desk only. */
  window.Desk = { $, $$, el, say, typing, words, openRequest, calendar: null, drag: null, live: null };
  if (matchMedia("(pointer: coarse)").matches) document.documentElement.classList.add("coarse");
})();
