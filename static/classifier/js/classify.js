// Shows the chosen picture before it is sent, and says at once if it is too large; the server checks again.
"use strict";

(() => {
  const form = document.querySelector("[data-classify]");
  if (!form) return;
  const input = form.querySelector("input[type=file]");
  const chosen = form.querySelector("[data-chosen]");
  const drop = form.querySelector("[data-drop]");
  const preview = form.querySelector("[data-preview]");
  const button = form.querySelector("button[type=submit]");
  const { maxBytes, textSending, textTooLarge } = form.dataset;
  const blank = preview.src;
  const buttonText = button.textContent;

  function show() {
    const [file] = input.files;
    const wrong = file && file.size > Number(maxBytes) ? `${textTooLarge} ${file.name}` : "";
    chosen.textContent = wrong || (file ? file.name : "");
    chosen.classList.toggle("is-wrong", Boolean(wrong));
    input.setCustomValidity(wrong);
    if (preview.src.startsWith("blob:")) URL.revokeObjectURL(preview.src);
    preview.src = file && !wrong ? URL.createObjectURL(file) : blank;
  }

  input.addEventListener("change", show);
  if (input.files.length) show(); // chosen before this script had come
  form.addEventListener("submit", () => {
    button.disabled = true;
    button.textContent = textSending;
  });
  window.addEventListener("pageshow", () => { // the browser's "back" brings the page as it was left
    button.disabled = false;
    button.textContent = buttonText;
  });
  for (const [event, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    drop.addEventListener(event, () => drop.classList.toggle("is-over", over));
  }
})();
