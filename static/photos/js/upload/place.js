// @ts-check
// The place of the photos: found by a few letters, by where the phone is, or left to the photos themselves. The list of the
// form stays what is sent; this fills it, and empties it as soon as the field shows something else.

import { signInAgain } from "../../../demeter/js/sign_in_again.js";
import { LabelReader } from "./qr.js";

const RECENT = "uploads-places"; // the places of the last uploads, offered first and where there is no connection
const MAX_RECENT = 6;
const MAX_CODE_LENGTH = 20; // of a place's own code (inventory.code_formats)
const WAIT_MS = 250; // after the last letter
const POSITION = { enableHighAccuracy: true, timeout: 20000, maximumAge: 5000 };

const recent = () => {
  try {
    return JSON.parse(localStorage.getItem(RECENT) ?? "null") ?? [];
  } catch {
    return [];
  }
};

// Rejects with a message that is the code of a text, as the reader of labels does.
async function ask(url, query) {
  const asked = fetch(`${url}?${new URLSearchParams(query)}`, { credentials: "same-origin", headers: { Accept: "application/json" } });
  const response = await asked.catch(() => { throw new Error("offline"); });
  if (response.status === 401) throw new Error("signed_out");
  if (!response.ok) throw new Error("away");
  return response.json();
}

const position = () => new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(resolve, reject, POSITION));

const nameOf = (place) => [place.warehouse?.name, place.area?.name, place.name].filter(Boolean).join(" · ");

export class Place {
  /** @type {LabelReader | undefined} */
  reader;

  /** @type {(() => void) | undefined} called whenever another place is named, or none */
  onChange;

  constructor(form, texts) {
    this.form = form;
    this.texts = texts;
    this.select = form.querySelector("[name=storage_location_id]");
    this.box = form.querySelector("[data-place]");
    if (!this.box || !this.select) return;
    this.input = this.box.querySelector("[data-place-search]");
    this.list = this.box.querySelector("[data-place-list]");
    this.told = this.box.querySelector("[data-place-told]");
    this.here = this.box.querySelector("[data-place-here]");
    this.clear = this.box.querySelector("[data-place-clear]");
    this.scan = this.box.querySelector("[data-place-scan]");
    this.#wire();
  }

  // Whether something is written that is no chosen place: photos would go elsewhere than the field says.
  get isUndecided() {
    return Boolean(this.input?.value.trim() && !this.select.value);
  }

  // Photos were sent to this place: it is offered first from now on.
  sent() {
    const option = this.select?.selectedOptions[0];
    if (!option?.value) return;
    const place = { id: option.value, name: option.dataset.name ?? option.textContent };
    const others = recent().filter((other) => other.id !== place.id);
    localStorage.setItem(RECENT, JSON.stringify([place, ...others].slice(0, MAX_RECENT)));
  }

  #wire() {
    this.box.hidden = false;
    this.select.closest(".field").hidden = true;
    this.here.hidden = !navigator.geolocation || !window.isSecureContext;
    this.input.addEventListener("focus", () => this.input.value || this.#offer(recent()));
    this.input.addEventListener("input", () => {
      this.#forget();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#search(), WAIT_MS);
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault(); // it would send the photos
      if (event.key === "Escape") this.#offer([]);
      if (event.key === "ArrowDown" && this.list.firstElementChild) {
        event.preventDefault();
        this.list.querySelector("button").focus();
      }
    });
    this.here.addEventListener("click", () => this.#locate());
    this.clear.addEventListener("click", () => this.#choose(null));
    this.scan.addEventListener("click", () => this.#scan());
    document.addEventListener("signed-in-again", () => this.isUndecided && this.#search());
    const [named] = this.select.selectedOptions; // by the address, where a place's own page led here
    if (named?.value) this.#choose({ id: named.value, name: named.textContent }, { focus: false });
  }

  async #search() {
    const words = this.input.value.trim();
    if (!words) return this.#offer(recent());
    try {
      /** @type {ApiShapes["PaginatedLocationList"]} */
      const { results } = await ask(this.box.dataset.search, { q: words });
      if (this.input.value.trim() !== words) return undefined; // a later question is under way
      return this.#offer(results.map((place) => ({ id: String(place.id), name: nameOf(place) })), this.texts.place_none);
    } catch (/** @type {any} */ error) {
      if (this.input.value.trim() === words) this.#failed(error);
      return undefined;
    }
  }

  // What can be chosen all the same are the places of the last uploads.
  #failed(error) {
    this.#offer(recent());
    this.told.textContent = this.texts[`place_${error.message}`] ?? this.texts.place_away;
    if (error.message === "signed_out") signInAgain();
  }

  async #locate() {
    this.told.textContent = this.texts.place_locating;
    const found = await position().catch(() => null);
    if (!found) {
      this.told.textContent = this.texts.place_unknown;
      return;
    }
    try {
      const { coords } = found;
      /** @type {ApiShapes["Lookup"]} */
      const { candidates } = await ask(this.box.dataset.lookup, { lat: coords.latitude, lon: coords.longitude, accuracy_m: coords.accuracy });
      const places = candidates.map(({ location, distance_m: metres }) => ({ id: String(location.id), name: nameOf(location), note: `${Math.round(metres)} m` }));
      this.#offer(places, this.texts.place_none_near);
      this.list.querySelector("button")?.focus();
    } catch (/** @type {any} */ error) {
      this.#failed(error);
    }
  }

  async #scan() {
    if (!navigator.onLine) {
      this.told.textContent = this.texts.label_offline;
      return;
    }
    this.reader ??= new LabelReader(this.box, () => { this.told.textContent = this.texts.label_reading; });
    this.told.textContent = "";
    try {
      const seen = await this.reader.read();
      if (!seen) return;
      const places = ("text" in seen ? await this.#labelled(seen.text) : seen.locations).map((place) => ({ id: String(place.id), name: nameOf(place) }));
      if (places.length === 1) this.#choose(places[0]);
      else if (places.length) this.#offer(places); // labels of neighbours came into view together
      else this.told.textContent = "code_count" in seen && !seen.code_count ? this.texts.label_none : this.texts.place_no_code;
    } catch (/** @type {any} */ error) {
      this.told.textContent = this.texts[`label_${error.message}`] ?? this.texts.label_away;
      if (error.message === "signed_out") signInAgain();
    }
  }

  async #labelled(text) {
    const code = text.trim();
    if (code.length > MAX_CODE_LENGTH) return []; // the search refuses what is very long, which is no outage
    /** @type {ApiShapes["PaginatedLocationList"]} */
    const { results } = await ask(this.box.dataset.search, { q: code });
    return results.filter((found) => found.qr_code.toLowerCase() === code.toLowerCase());
  }

  #offer(places, textIfNone = "") {
    this.told.textContent = places.length ? "" : textIfNone;
    this.list.replaceChildren(
      ...places.map((place) => {
        const entry = document.createElement("li");
        const button = document.createElement("button");
        button.type = "button";
        button.className = "candidate";
        button.textContent = place.note ? `${place.name} · ${place.note}` : place.name;
        button.addEventListener("click", () => this.#choose(place));
        entry.append(button);
        return entry;
      }),
    );
  }

  // The chosen place is not the one that is being written.
  #forget() {
    if (this.select.value) this.told.textContent = this.texts.place_by_photo;
    this.select.value = "";
    this.clear.hidden = true;
    this.onChange?.();
  }

  #choose(place, { focus = true } = {}) {
    if (place && ![...this.select.options].some((option) => option.value === place.id)) {
      this.select.add(new Option(place.name, place.id)); // the page that opened offline knows none
    }
    this.select.value = place?.id ?? "";
    const option = this.select.selectedOptions[0];
    if (place && option) option.dataset.name = place.name;
    this.input.value = place?.name ?? "";
    this.clear.hidden = !place;
    this.#offer([]);
    this.told.textContent = place ? `${this.texts.place_chosen} ${place.name}` : this.texts.place_by_photo;
    this.onChange?.();
    if (place && focus) this.input.focus();
  }
}
