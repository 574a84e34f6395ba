// A button to print the page, for those who do not know where their browser keeps it. Hidden without this script.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
