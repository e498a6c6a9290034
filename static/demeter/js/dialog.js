// Questions in a dialog: what htmx loads into its body opens it, the event `decided` of an answer closes it. Lists on
// the page hear the same event and load themselves again. Without this script each question is a page of its own.

import { signInAgain } from "./sign_in_again.js";

const dialog = document.querySelector("[data-dialog]");
const body = dialog.querySelector("[data-dialog-body]");
const fault = dialog.querySelector("[data-dialog-error]");

function say(text, kind = "") {
  const note = document.createElement("div");
  note.className = `note ${kind}`;
  note.append(Object.assign(document.createElement("p"), { textContent: text }));
  document.getElementById("messages").replaceChildren(note);
}

function showFault(text) {
  if (!dialog.open) return say(text, "note-error");
  fault.textContent = text;
  fault.hidden = false;
  return undefined;
}

function close() {
  dialog.close();
  body.replaceChildren();
}

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const answered = new URL(event.detail.xhr.responseURL || window.location.href);
  if (answered.pathname !== dialog.dataset.signIn) return;
  event.detail.shouldSwap = false; // the session has ended: whoever signs in again finds the page as it is
  signInAgain();
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== body) return;
  fault.hidden = true;
  if (!dialog.open) dialog.showModal();
  body.querySelector("h2")?.scrollIntoView({ block: "nearest" });
});

document.body.addEventListener("decided", (event) => {
  close();
  say(event.detail.text);
});
document.body.addEventListener("htmx:responseError", () => showFault(dialog.dataset.textFailed));
document.body.addEventListener("htmx:sendError", () => showFault(dialog.dataset.textOffline));

dialog.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-dialog]")) {
    event.preventDefault();
    close();
  } else if (event.target === dialog) close(); // beside it
});
dialog.addEventListener("close", () => body.replaceChildren());
