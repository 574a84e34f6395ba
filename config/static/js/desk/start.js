/* Runs before the page is painted, so that what needs JavaScript does not flash. */
document.documentElement.classList.add("js");
