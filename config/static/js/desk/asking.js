/* Who asked last for a part of the page gets it, and nothing is drawn anew under a finger that presses it. */
(() => {
  "use strict";
  const { el } = Desk;

  /* From a press until the click that follows it: a finger's click comes a moment after the finger has left. */
  const CLICK_FOLLOWS = 100;
  let pressed = null;
  let waiting = [];
  let ending;
  const let_go = () => {
    clearTimeout(ending);
    ending = setTimeout(() => {
      pressed = null;
      const ready = waiting;
      waiting = [];
      for (const go of ready) go();
    }, CLICK_FOLLOWS);
  };
  addEventListener("pointerdown", (event) => { clearTimeout(ending); pressed = event.target; }, true);
  addEventListener("pointerup", let_go, true);
  addEventListener("pointercancel", let_go, true);
  /* Let go where the page could not see it. */
  addEventListener("pointermove", (event) => { if (pressed && event.pointerType === "mouse" && !event.buttons) let_go(); }, true);
  const pressedIn = (place) => !!pressed && place.contains(pressed);
  const handOff = (place) => (pressedIn(place) ? new Promise((go) => { waiting.push(go); }) : Promise.resolve());

  /* htmx lets one source ask one thing at a time and forgets what else it was asked: each question has its own. */
  const asks = (verb, target, url, more) => {
    const source = el("i");
    source.hidden = true;
    document.body.append(source);
    return htmx.ajax(verb, url, { source, target, swap: "outerHTML", ...more }).finally(() => source.remove());
  };
  /* When the line is lost htmx tells the page, which says so (panel.js): whoever fetches has nothing to add. */
  const fetchInto = (target, url, swap = "outerHTML") => asks("GET", target, url, { swap }).catch(() => {});
  const postInto = (target, url, values) => asks("POST", target, url, { values });

  const newest = {};
  const answered = (place, turn, verb, event) => {
    const { detail } = event;
    const late = () => turn < newest[place];
    const read = verb === "get";
    if (!detail.shouldSwap) return;
    if (late()) {
      detail.shouldSwap = false;
      if (read) return;
      /* An act is done, whatever was opened meanwhile: its line is said. A refusal is always shown. */
      const swapStyle = detail.xhr.status >= 400 ? "outerHTML" : "none";
      htmx.swap(document.getElementById(place), detail.serverResponse, { swapStyle, swapDelay: 0, settleDelay: 20 });
      Desk.calendar?.load();
    } else if (read && place !== "panel" && pressedIn(detail.target)) {
      detail.shouldSwap = false;
      const swapStyle = detail.swapOverride || "outerHTML";
      handOff(detail.target).then(() => {
        if (!late()) htmx.swap(document.getElementById(place), detail.serverResponse, { swapStyle, swapDelay: 0, settleDelay: 20 });
      });
    }
  };
  /* Heard on the part itself: it may have left the page when the answer comes. */
  const asked = ({ target, xhr, requestConfig }) => {
    if (!target.id) return;
    const turn = newest[target.id] = (newest[target.id] || 0) + 1;
    target.addEventListener("htmx:beforeSwap", (event) => {
      if (event.detail.xhr === xhr) answered(target.id, turn, requestConfig.verb, event);
    });
  };

  Object.assign(Desk, { asked, fetchInto, postInto, handOff });
})();
