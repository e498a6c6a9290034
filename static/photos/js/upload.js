// Says at once how many photos are chosen and whether they fit; the server checks again. Notes which photos are on
// their way, in this tab alone: if they arrive nowhere, because the session has ended, their names are shown after it.
"use strict";

(() => {
  const form = document.querySelector("[data-upload]");
  if (!form) return;
  const input = form.querySelector("input[type=file]");
  const chosen = form.querySelector("[data-chosen]");
  const drop = form.querySelector("[data-drop]");
  const button = form.querySelector("button[type=submit]");
  const { maxFiles, maxBytes, maxTotalBytes, textChosen, textSending, textTooMany, textTooLarge, textTooMuch } = form.dataset;
  const NOTE = "photos-on-their-way";
  const MAX_NAMES = 20;

  function fault(files) {
    if (files.length > Number(maxFiles)) return `${textTooMany} ${maxFiles}`;
    const large = files.find((file) => file.size > Number(maxBytes));
    if (large) return `${textTooLarge} ${large.name}`;
    return files.reduce((sum, file) => sum + file.size, 0) > Number(maxTotalBytes) ? textTooMuch : "";
  }

  function showNotTaken() {
    const place = document.querySelector("[data-not-taken]");
    const noted = sessionStorage.getItem(NOTE);
    sessionStorage.removeItem(NOTE);
    if (!place || place.hidden || !noted) return;
    const list = place.querySelector("[data-not-taken-names]");
    if (list.children.length) return;
    for (const name of JSON.parse(noted)) {
      const entry = document.createElement("li");
      entry.textContent = name;
      list.append(entry);
    }
  }

  input.addEventListener("change", () => {
    const files = [...input.files];
    const wrong = fault(files);
    chosen.textContent = wrong || (files.length ? `${textChosen} ${files.length}` : "");
    chosen.classList.toggle("is-wrong", Boolean(wrong));
    input.setCustomValidity(wrong);
  });
  form.addEventListener("submit", () => {
    button.disabled = true;
    button.textContent = textSending;
    sessionStorage.setItem(NOTE, JSON.stringify([...input.files].slice(0, MAX_NAMES).map((file) => file.name)));
  });
  for (const [event, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    drop.addEventListener(event, () => drop.classList.toggle("is-over", over));
  }
  showNotTaken();
})();
