// The photos of this page on their way: six at once, each in chunks, again and again until it has arrived. What is written
// down of them (store.js) is enough for another page to go on.

import { faultOf, isReadable } from "./checks.js";
import * as tus from "./tus.js";

const AT_ONCE = 6;
const MIN_CHUNK_BYTES = 256 * 1024;
const MAX_CHUNK_BYTES = 4 * 1024 * 1024;
const SLOW_MS = 8000; // a chunk that takes longer is too large for this connection
const FAST_MS = 1500;
const RETRY_MS = [2000, 4000, 8000, 16000, 30000];
const MAX_STARTS = 3; // of a file that arrives changed
const PASSING = new Set([0, 408, 429, 500, 502, 503, 504, 507]);
const LOST = new Set([404, 410]); // the server has forgotten the file: it begins again
const GONE = new Set(["removed", "done", "known", "bad"]); // nothing of these is kept for another page
const BAD_FILE = new Set(["empty_file", "file_too_large", "image_too_large", "invalid_file_type", "unreadable_image"]);

const pause = () => new DOMException("paused", "AbortError");

// crypto.randomUUID is missing where the page is not served over https.
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// States of a photo: checking, bad (the file itself: no other fields help), ready (chosen), queued, sending, paused,
// waiting (for a connection), done, known (the server had it), refused (by the server, for another reason than the file).
// Those of the queue: idle, sending, waiting, signed_out.
export class Queue extends EventTarget {
  constructor({ endpoint, knownEndpoint, user, maxBytes, hasher, store }) {
    super();
    Object.assign(this, { endpoint, knownEndpoint, user, maxBytes, hasher, store });
    tus.actFor(user);
    this.photos = [];
    this.checked = Promise.resolve(); // all that was added is known to be good or bad
    this.state = "idle";
    this.chunkBytes = 1024 * 1024;
    this.failures = 0;
    this.timer = 0;
    window.addEventListener("online", () => this.wake());
  }

  // Whose photos these are, also those that were chosen before it was known.
  belongTo(user) {
    this.user = user;
    tus.actFor(user);
    for (const photo of this.photos) {
      photo.user = user;
      if (photo.hash) this.#write(photo); // what is still being checked is written down after it
    }
  }

  // Take up what an earlier page has left behind. What nobody was known to have sent waits until whoever takes it over
  // says so.
  async restore(user) {
    for (const row of await this.store.load(user)) {
      if (this.photos.some((photo) => photo.id === row.id)) continue;
      const isTakenOver = row.user !== this.user;
      const paused = row.paused || (isTakenOver && row.batch !== "");
      const state = row.error ? "refused" : !row.batch ? "ready" : paused ? "paused" : "queued";
      const photo = { ...row, user: this.user, paused, state, sent: 0, hash: Promise.resolve(row.sha256) };
      this.photos.push(photo);
      if (isTakenOver) this.#write(photo);
    }
    this.#changed();
    this.#pump();
  }

  async add(files) {
    const added = files.map((file) => ({
      id: newId(), user: this.user, file, name: file.name || "photo", sha256: "", batch: "", fields: {}, url: "", paused: false, error: "", state: "checking", sent: 0,
    }));
    this.photos.push(...added);
    this.#changed();
    const checks = Promise.all([this.checked, ...added.map((photo) => this.#check(photo))]);
    this.checked = checks;
    await checks;
    await this.#askKnown(added.filter((photo) => photo.state === "ready"));
  }

  async #check(photo) {
    photo.fault = await faultOf(photo.file, this.maxBytes).catch(() => "unreadable");
    if (!photo.fault) {
      photo.hash = this.hasher.sha256Of(photo.id, photo.file).then((sha256) => {
        photo.sha256 = sha256;
        return sha256;
      });
      await this.#write(photo); // before the page says that it is chosen: it may be closed then
    }
    if (photo.state === "removed") return;
    photo.state = photo.fault ? "bad" : "ready";
    this.#changed(photo);
  }

  async #askKnown(photos) {
    await Promise.all(photos.map((photo) => photo.hash));
    const hashed = photos.filter((photo) => photo.sha256);
    for (const photo of hashed) this.#write(photo);
    if (!hashed.length) return;
    try {
      const known = await tus.known(this.knownEndpoint, hashed.slice(0, 100).map((photo) => photo.sha256));
      for (const photo of hashed) photo.isKnown = known.has(photo.sha256);
      this.#changed();
    } catch {
      // only a hint: the answer to each photo says the same
    }
  }

  // Send what is chosen as one upload, with these fields.
  async send(fields) {
    const chosen = this.photos.filter((photo) => photo.state === "ready");
    const batch = newId();
    for (const photo of chosen) {
      if (photo.state !== "ready") continue; // taken out while one before it was written down
      Object.assign(photo, { batch, fields, state: "queued" });
      await this.#write(photo);
    }
    this.#changed();
    this.#pump();
    return batch;
  }

  pause(photo) {
    if (!["queued", "sending", "waiting"].includes(photo.state)) return;
    photo.paused = true;
    photo.state = "paused";
    photo.abort?.abort(pause());
    this.#write(photo);
    this.#changed(photo);
    this.#pump();
  }

  resume(photo) {
    if (photo.state === "refused") this.#chooseAgain(photo);
    if (!["paused", "waiting"].includes(photo.state)) return;
    Object.assign(photo, { paused: false, state: "queued", starts: 0 });
    this.#write(photo);
    this.#changed(photo);
    this.wake();
  }

  // What was refused is sent as a new upload, with the fields as they are then: these may have been the fault.
  #chooseAgain(photo) {
    if (photo.url) tus.terminate(photo.url).catch(() => {}); // it expires by itself
    Object.assign(photo, { state: "ready", batch: "", fields: {}, url: "", error: "", sent: 0, starts: 0, wasForbidden: false });
    this.#write(photo);
    this.#changed(photo);
  }

  // Take a photo off the list; what has arrived of it is given up.
  remove(photo) {
    const isUnfinished = photo.url && !["done", "known", "bad"].includes(photo.state);
    photo.state = "removed";
    photo.abort?.abort(pause());
    this.photos = this.photos.filter((other) => other !== photo);
    this.store.remove(photo.id);
    if (isUnfinished) tus.terminate(photo.url).catch(() => {}); // it expires by itself
    this.#changed();
    this.#pump();
  }

  // Go on at once: there is a connection again, or somebody has signed in.
  wake() {
    clearTimeout(this.timer);
    this.failures = 0;
    this.#release();
  }

  #release() {
    for (const photo of this.photos) if (photo.state === "waiting") photo.state = "queued";
    this.#setState("idle");
    this.#pump();
  }

  #pump() {
    if (this.state === "waiting" || this.state === "signed_out") return;
    const active = this.photos.filter((photo) => photo.state === "sending").length;
    const next = this.photos.filter((photo) => photo.state === "queued").slice(0, Math.max(0, AT_ONCE - active));
    for (const photo of next) this.#run(photo);
    this.#setState(active + next.length ? "sending" : "idle");
  }

  async #run(photo) {
    const abort = new AbortController();
    Object.assign(photo, { state: "sending", abort });
    this.#changed(photo);
    try {
      await this.#transfer(photo, abort.signal);
      this.failures = 0;
    } catch (error) {
      const isLost = error.status === 0 && !(await isReadable(photo.file)); // for the browser that is no answer either
      if (abort.signal.aborted) return this.#pump(); // a person has decided, maybe to go on by now
      if (isLost) await this.#takeCopy(photo);
      else this.#failed(photo, error);
    }
    this.#pump();
  }

  async #transfer(photo, signal) {
    let offset = photo.url ? await this.#offset(photo, signal) : 0;
    if (!photo.url) {
      const sha256 = await photo.hash;
      const fields = { ...photo.fields, filename: photo.name, sha256, upload_session_id: photo.batch, file_id: photo.id };
      ({ url: photo.url, offset } = await tus.create(this.endpoint, photo.file, fields, signal));
      await this.#write(photo);
    }
    while (offset < photo.file.size) {
      this.#progress(photo, offset);
      offset = await this.#chunk(photo, offset, signal);
    }
    this.#progress(photo, offset);
    await this.#end(photo, signal);
  }

  async #offset(photo, signal) {
    try {
      return await tus.head(photo.url, signal);
    } catch (error) {
      if (!LOST.has(error.status)) throw error;
      photo.url = "";
      return 0;
    }
  }

  async #chunk(photo, offset, signal) {
    const began = performance.now();
    const bytes = photo.file.slice(offset, offset + this.chunkBytes);
    try {
      const next = await tus.append(photo.url, bytes, offset, {
        signal, onProgress: (sent) => this.#progress(photo, offset + sent),
      });
      this.failures = 0;
      const took = performance.now() - began;
      if (took > SLOW_MS) this.#resizeChunks(0.5);
      else if (took < FAST_MS && bytes.size === this.chunkBytes) this.#resizeChunks(2);
      return next;
    } catch (error) {
      if (error.status === 0) this.#resizeChunks(0.5);
      if (error.code === "offset_mismatch") return tus.head(photo.url, signal);
      if (error.code !== "checksum_mismatch") throw error;
      photo.starts = (photo.starts ?? 0) + 1;
      if (photo.starts >= MAX_STARTS) throw error;
      return tus.head(photo.url, signal);
    }
  }

  #resizeChunks(factor) {
    this.chunkBytes = Math.min(MAX_CHUNK_BYTES, Math.max(MIN_CHUNK_BYTES, this.chunkBytes * factor));
  }

  async #end(photo, signal) {
    const { job } = await tus.state(photo.url, signal);
    if (job.code) {
      this.#spoil(photo, job.error);
      return;
    }
    photo.state = job.duplicate_of ? "known" : "done";
    photo.job = job;
    await this.store.remove(photo.id);
    this.#changed(photo);
  }

  #failed(photo, error) {
    if (error.status === 401) {
      photo.state = "queued";
      this.#setState("signed_out");
    } else if (error.status === 403 && !photo.wasForbidden) {
      // The CSRF token may have changed with a sign-in in another tab: it is read anew for each request.
      Object.assign(photo, { wasForbidden: true, state: "queued" });
    } else if (LOST.has(error.status)) {
      Object.assign(photo, { url: "", state: "queued" });
    } else if (PASSING.has(error.status)) {
      this.#wait(photo, error.retryAfterMs);
    } else if (BAD_FILE.has(error.code)) {
      this.#spoil(photo, error.message);
    } else if (error instanceof tus.Failed) {
      Object.assign(photo, { state: "refused", error: error.message }); // kept: this may be the only copy
      this.#write(photo);
    } else {
      this.#wait(photo, 0); // no answer of our server, as from a network that asks to be signed in to
    }
    this.#changed(photo);
  }

  // The file was moved or changed on the device: no connection brings it back.
  async #takeCopy(photo) {
    const copy = await this.store.copyOf(photo.id);
    if (copy && (await isReadable(copy))) {
      Object.assign(photo, { file: copy, state: "queued" });
    } else {
      Object.assign(photo, { fault: "unreadable", state: "bad" });
      this.store.remove(photo.id);
    }
    this.#changed(photo);
  }

  #spoil(photo, error) {
    Object.assign(photo, { state: "bad", error });
    this.store.remove(photo.id);
    this.#changed(photo);
  }

  #wait(photo, retryAfterMs) {
    photo.state = "waiting";
    if (this.state === "waiting") return;
    const delay = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)];
    this.failures += 1;
    this.#setState("waiting");
    this.timer = setTimeout(() => this.#release(), Math.max(retryAfterMs, delay * (0.8 + 0.4 * Math.random())));
  }

  #progress(photo, sent) {
    photo.sent = sent;
    this.dispatchEvent(new CustomEvent("progress", { detail: photo }));
  }

  #setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.#changed();
  }

  #changed(photo = null) {
    this.dispatchEvent(new CustomEvent("change", { detail: photo }));
  }

  #write({ id, user, file, name, sha256, batch, fields, url, paused, error, state }) {
    if (GONE.has(state)) return Promise.resolve();
    return this.store.save({ id, user, file, name, sha256, batch, fields, url, paused, error });
  }
}
