// Says at once how many photos are chosen and whether they fit; the server checks again.
"use strict";

(() => {
  const form = document.querySelector("[data-upload]");
  if (!form) return;
  const input = form.querySelector("input[type=file]");
  const chosen = form.querySelector("[data-chosen]");
  const drop = form.querySelector("[data-drop]");
  const button = form.querySelector("button[type=submit]");
  const { maxFiles, maxBytes, textChosen, textSending, textTooMany, textTooLarge } = form.dataset;

  function fault(files) {
    if (files.length > Number(maxFiles)) return `${textTooMany} ${maxFiles}`;
    const large = files.find((file) => file.size > Number(maxBytes));
    return large ? `${textTooLarge} ${large.name}` : "";
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
  });
  for (const [event, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    drop.addEventListener(event, () => drop.classList.toggle("is-over", over));
  }
})();
