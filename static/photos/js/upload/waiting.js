// Says on every page how many photos of this person wait on the device: they are sent from the upload page alone.

import { NOBODY, Store, USER } from "./store.js";

const note = document.querySelector("[data-photos-wait]");
const store = new Store();

async function show() {
  const { length } = await store.load(note.dataset.user, NOBODY);
  note.querySelector("[data-photos-wait-count]").textContent = String(length);
  note.hidden = length === 0;
}

if (note) localStorage.setItem(USER, note.dataset.user);

// The page that opens offline must not take whoever comes next for the one who has left.
document.querySelector("[data-sign-out]")?.addEventListener("submit", () => localStorage.setItem(USER, NOBODY));

// Where the form is, its own list shows them.
if (note && !document.querySelector("[data-upload]")) {
  show();
  document.addEventListener("visibilitychange", () => document.hidden || show()); // another tab may have sent them
}
