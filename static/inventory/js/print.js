// The button that opens the browser's own print dialog. Without this script its menu does.

const button = document.querySelector("[data-print]");
button.hidden = false;
button.addEventListener("click", () => window.print());
