/* The day sheet: a button that prints. Without JavaScript the browser's own menu does the same. */
(() => {
  "use strict";
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
