// @ts-check
// Signs in again in a dialog, so that a page whose session has ended is not lost. Where another person signs in, the page
// is loaded anew, for it is not theirs; a page of nobody becomes that of whoever signs in.

import { cookie } from "./cookies.js";

async function attempt(url, form) {
  const response = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    redirect: "manual", // success leads on to a page that is not wanted here
    headers: { "X-CSRFToken": cookie("csrftoken") },
    body: new URLSearchParams(/** @type {any} */ (new FormData(form))),
  });
  if (response.type === "opaqueredirect") return "";
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const told = page.querySelector(".note-error, .errorlist");
  return told?.textContent.trim() || String(response.status);
}

// Who is signed in, "" for nobody. Throws without a connection, and when the signal says so.
export async function signedInPerson(url, /** @type {AbortSignal | undefined} */ signal = undefined) {
  const response = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" }, signal });
  if (!response.ok) return "";
  /** @type {ApiShapes["Me"]} */
  const { id } = await response.json();
  return String(id);
}

// A token of a form is good for one session: all that stand on the page are those of the new one.
function renewTokens() {
  const token = cookie("csrftoken");
  /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[name=csrfmiddlewaretoken]")).forEach((input) => { input.value = token; });
}

class SignInAgain {
  constructor(dialog, user) {
    this.dialog = dialog;
    this.user = user;
    this.form = dialog.querySelector("form");
    this.error = dialog.querySelector("[data-error]");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    dialog.querySelector("[data-later]").addEventListener("click", () => dialog.close());
  }

  // `onDone` is called with the person each time that they have signed in.
  set onDone(callback) {
    this.done = callback;
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal();
  }

  async #submit() {
    const { signIn, me, textOffline } = this.dialog.dataset;
    const button = this.form.querySelector("[type=submit]");
    button.disabled = true;
    this.error.textContent = "";
    try {
      if (!cookie("csrftoken")) await fetch(signIn, { credentials: "same-origin" });
      this.error.textContent = await attempt(signIn, this.form);
      if (this.error.textContent) return;
      const person = await signedInPerson(me);
      if (!person || (this.user && person !== this.user)) {
        window.location.reload();
        return;
      }
      this.user = person;
      this.form.reset();
      this.dialog.close();
      renewTokens();
      this.done?.(person);
      this.dialog.dispatchEvent(new CustomEvent("signed-in-again", { bubbles: true }));
    } catch {
      this.error.textContent = textOffline;
    } finally {
      button.disabled = false;
    }
  }
}

let shared;

// The dialog of this page, null where it has none. `user` is who is signed in, where the page itself does not know.
export function signInDialog(user) {
  const dialog = /** @type {HTMLDialogElement | null} */ (document.querySelector("[data-sign-in-again]"));
  if (dialog) shared ??= new SignInAgain(dialog, user ?? dialog.dataset.user);
  return shared ?? null;
}

// Opens it. Whoever waits for its end hears the event `signed-in-again`.
export function signInAgain() {
  signInDialog()?.open();
}
