// The upload page: what is chosen becomes a list at once, is sent when a person says so, and is followed until all of it
// has arrived. Without this script the form sends everything in one request.

import { signInDialog, signedInPerson } from "../../../demeter/js/sign_in_again.js";
import { Hasher } from "./hasher.js";
import { Place } from "./place.js";
import { Queue } from "./queue.js";
import { Row } from "./row.js";
import { NOBODY, Store, USER } from "./store.js";

const PERSON_MS = 4000; // for an answer to who is signed in
const UNSENT = ["queued", "sending", "waiting", "paused"];

class UploadPage {
  constructor(form) {
    this.form = form;
    this.section = document.querySelector("[data-queue]");
    this.texts = JSON.parse(document.getElementById("upload-texts").textContent);
    this.find = (name) => document.querySelector(`[data-${name}]`);
    this.user = form.dataset.user || localStorage.getItem(USER) || NOBODY;
    if (form.dataset.user) localStorage.setItem(USER, form.dataset.user);
    this.store = new Store();
    this.rows = new Map();
    this.batches = new Set();
    this.takenUp = new Set();
    this.hasher = new Hasher(form.dataset.hashWorker);
    this.queue = new Queue({
      endpoint: form.dataset.endpoint,
      knownEndpoint: form.dataset.knownEndpoint,
      user: this.user,
      maxBytes: Number(form.dataset.maxBytes),
      hasher: this.hasher,
      store: this.store,
    });
    this.place = new Place(form, this.texts);
    this.place.onChange = () => this.#tell("");
    this.signIn = signInDialog(this.user);
    this.signIn.onDone = (person) => {
      if (!this.user) this.#takeOver(person);
      this.queue.wake();
    };
    this.#wire();
  }

  async start() {
    this.form.classList.add("is-running");
    this.find("insecure").hidden = window.isSecureContext;
    this.find("chosen").hidden = true;
    this.form.querySelector("input[type=file]").required = false;
    this.#showConnection();
    this.#showAll();
    if (!this.form.dataset.user && localStorage.getItem(USER) !== null) await this.#learnPerson();
    await this.#takeUp();
    this.form.dataset.ready = "";
  }

  // The kept page knows nobody, and another person than the one whose page was open last may have signed in since. Where
  // nobody ever has, there is nobody to ask for.
  async #learnPerson() {
    let person;
    try {
      person = await signedInPerson(this.signIn.dialog.dataset.me, AbortSignal.timeout(PERSON_MS));
    } catch {
      return; // no connection: it is whose page was open last, unless they have signed out
    }
    if (person) this.#belongTo(person);
  }

  #belongTo(person) {
    this.user = person;
    localStorage.setItem(USER, person);
    this.signIn.user = person;
    this.queue.belongTo(person);
  }

  // What was chosen while nobody was known, and what they have left behind, is the list of whoever has signed in now.
  #takeOver(person) {
    this.#belongTo(person);
    this.#takeUp();
  }

  // Of several open pages one takes up what was left behind: the next one when that one is closed.
  async #takeUp() {
    for (const user of [this.user, NOBODY]) {
      if (this.takenUp.has(user)) continue;
      this.takenUp.add(user);
      if (navigator.locks) navigator.locks.request(`uploads-${user}`, () => this.#holdOn(user));
      else await this.queue.restore(user);
    }
  }

  async #holdOn(user) {
    await this.queue.restore(user);
    return new Promise(() => {});
  }

  #wire() {
    for (const input of this.form.querySelectorAll("input[type=file]:not([data-label-picture])")) {
      const take = () => {
        if (input.files.length) this.#add([...input.files]);
        input.value = "";
      };
      input.addEventListener("change", take);
      take(); // what was chosen before this script had come
    }
    const drop = this.find("drop");
    for (const name of ["dragover", "dragleave", "drop"]) {
      drop.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.toggle("is-over", name === "dragover");
        if (name === "drop") this.#add([...event.dataTransfer.files]);
      });
    }
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    for (const button of this.section.querySelectorAll("[data-act-all]")) {
      button.addEventListener("click", () => this.#actOnAll(button.dataset.actAll));
    }
    this.find("open-sign-in").addEventListener("click", () => this.signIn.open());
    this.queue.addEventListener("change", () => this.#later());
    this.queue.addEventListener("progress", ({ detail }) => {
      this.rows.get(detail.id)?.progress();
      this.#showProgress();
    });
    for (const name of ["online", "offline"]) window.addEventListener(name, () => this.#showConnection());
    window.addEventListener("beforeunload", (event) => {
      if (!this.store.keeps && this.#count(...UNSENT)) event.preventDefault();
    });
  }

  #add(files) {
    const room = Number(this.form.dataset.maxFiles) - this.#count("checking", "ready");
    this.#tell(files.length > room ? `${this.texts.too_many} ${this.form.dataset.maxFiles}` : "");
    this.queue.add(files.slice(0, Math.max(0, room)));
  }

  async #send() {
    if (this.isSending) return;
    this.isSending = true;
    try {
      await this.queue.checked; // whoever sends at once means what is still being looked at too
      await this.#sendReady();
    } finally {
      this.isSending = false;
    }
  }

  async #sendReady() {
    if (!this.#count("ready")) {
      this.#tell(this.texts.none_chosen);
      return;
    }
    if (this.place.isUndecided) {
      this.#tell(this.texts.place_not_chosen);
      this.place.input.focus();
      return;
    }
    const fields = Object.fromEntries(
      [...new FormData(this.form)].filter(([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken"),
    );
    navigator.storage?.persist?.();
    this.#tell("");
    await this.queue.send(fields);
    this.place.sent();
  }

  #act(name, photo) {
    this.queue[name](photo);
    if (name === "remove") this.section.querySelector("h2").focus();
  }

  #actOnAll(name) {
    for (const photo of [...this.queue.photos]) {
      if (name === "forget") {
        if (["done", "known", "bad"].includes(photo.state)) this.queue.remove(photo);
      } else this.queue[name](photo);
    }
  }

  // Many photos change together: the list is written once a frame.
  #later() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.#showAll();
    });
  }

  #showAll() {
    const { photos } = this.queue;
    const list = this.find("list");
    for (const [id, row] of this.rows) {
      if (photos.some((photo) => photo.id === id)) continue;
      row.element.remove();
      this.rows.delete(id);
    }
    for (const photo of photos) {
      const row = this.rows.get(photo.id);
      if (row) row.update();
      else {
        const made = new Row(this.find("row"), photo, this.texts, (name, of) => this.#act(name, of));
        this.rows.set(photo.id, made);
        list.append(made.element);
      }
    }
    this.section.hidden = photos.length === 0;
    this.find("not-kept").hidden = this.store.keeps || !photos.length;
    this.find("signed-out").hidden = this.queue.state !== "signed_out";
    if (this.queue.state === "signed_out" && !this.wasSignedOut) this.signIn.open();
    this.wasSignedOut = this.queue.state === "signed_out";
    const shown = {
      pause: this.#count("queued", "sending", "waiting"), resume: this.#count("paused", "waiting", "refused"), forget: this.#count("done", "known", "bad"),
    };
    for (const [name, count] of Object.entries(shown)) this.section.querySelector(`[data-act-all=${name}]`).hidden = !count;
    this.#showButton();
    this.#showProgress();
    this.#showSummary();
    this.#showBatches();
  }

  #showButton() {
    const ready = this.#count("ready");
    const text = ready ? `${this.texts.send} (${ready})` : this.texts.send;
    this.form.querySelector("button[type=submit]").textContent = text;
  }

  #showProgress() {
    const sent = this.queue.photos.filter((photo) => photo.batch && !["refused", "bad"].includes(photo.state));
    const total = sent.reduce((sum, photo) => sum + photo.file.size, 0);
    const arrived = sent.reduce((sum, photo) => sum + (["done", "known"].includes(photo.state) ? photo.file.size : photo.sent), 0);
    this.find("overall").hidden = !total;
    this.find("overall").value = total ? Math.floor((100 * arrived) / total) : 0;
  }

  #showSummary() {
    const parts = [
      [this.#count("ready"), "ready"], [this.#count(...UNSENT), "unsent"], [this.#count("done"), "done"], [this.#count("known"), "known"], [this.#count("bad", "refused"), "bad"],
    ].filter(([count]) => count);
    const text = parts.map(([count, name]) => `${this.texts.summary[name]} ${count}`).join(" · ");
    const summary = this.find("summary");
    if (summary.textContent !== text) summary.textContent = text;
  }

  #showBatches() {
    for (const photo of this.queue.photos) {
      if (!["done", "known"].includes(photo.state) || this.batches.has(photo.batch)) continue;
      this.batches.add(photo.batch);
      const link = this.find("follow").content.firstElementChild.cloneNode(true);
      link.href = this.form.dataset.progressUrl.replace("00000000-0000-0000-0000-000000000000", photo.batch);
      this.find("follow-links").append(link);
    }
  }

  #showConnection() {
    this.find("offline").hidden = navigator.onLine;
  }

  #tell(text) {
    this.find("told").textContent = text;
  }

  #count(...states) {
    return this.queue.photos.filter((photo) => states.includes(photo.state)).length;
  }
}

const form = document.querySelector("[data-upload]");
if (form) new UploadPage(form).start();

if (form && "serviceWorker" in navigator) {
  navigator.serviceWorker.register(form.dataset.serviceWorker, { scope: form.dataset.scope }).catch(() => {}); // the page works without
}
