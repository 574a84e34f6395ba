// Small comforts of the request form; every page works without them.
"use strict";

for (const count of document.querySelectorAll("[data-count-for]")) {
  const field = document.getElementById(count.dataset.countFor);
  const limit = Number(field.dataset.limit);
  const tell = () => {
    const left = limit - [...field.value].length;
    const words = left < 0 ? count.dataset.over : count.dataset.left;
    count.textContent = words.replace("{n}", Math.abs(left).toLocaleString());
    count.classList.toggle("over", left < 0);
  };
  field.addEventListener("input", tell);
  tell();
}

// A price on the landing page leads here with its tile behind the #.
const chosen = location.hash && document.querySelector(`input[type="radio"]${CSS.escape ? "#" + CSS.escape(location.hash.slice(1)) : ""}`);
if (chosen) chosen.checked = true;

const summary = document.querySelector("[data-focus]");
if (summary) summary.focus();

// A sent button says so and stays put; a second press sends nothing more.
const form = document.getElementById("step");
let sent = false;
form?.addEventListener("submit", (event) => {
  if (sent) event.preventDefault();
  sent = true;
  const button = event.submitter;
  if (button?.dataset.busy) {
    button.setAttribute("aria-busy", "true");
    button.textContent = button.dataset.busy;
  }
});
addEventListener("pageshow", () => { sent = false; });
