// @ts-check
// Saves as you go, one request at a time. What is not saved yet lies in localStorage with the request that is under way,
// so that a lost connection, a closed tab or an ended session loses nothing: the request is sent again under its own
// edit_id, which the server counts once.

import { cookie } from "../../../demeter/js/cookies.js";

const WAIT_MS = 600; // after the last edit
const RETRY_MS = [2000, 5000, 10000, 30000]; // while the server does not answer

// randomUUID is missing where the page is not served over https.
function newEditId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

class Refused extends Error {
  constructor(status, answer) {
    super(answer?.error ?? String(status));
    this.status = status;
    this.code = answer?.code ?? "";
    this.detail = answer?.detail ?? {};
  }
}

/**
 * JSON from our own server. Raises TypeError where there is no connection, Refused for an answer that is none.
 * @param {string} url
 * @param {{user: string, method?: string, body?: object}} options `user`: whom the page belongs to; the session of another is refused
 */
async function ask(url, { user, method = "GET", body }) {
  const response = await fetch(url, {
    method,
    credentials: "same-origin",
    redirect: "error",
    headers: { Accept: "application/json", "X-Page-User": user, ...(body ? { "Content-Type": "application/json", "X-CSRFToken": cookie("csrftoken") } : {}) },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Refused(response.status, answer);
  if (answer === null) throw new TypeError("no JSON");
  return answer;
}

// States: saved, unsaved, saving, offline, signed_out, refused, conflict.
export class Sync extends EventTarget {
  constructor(findings, settings) {
    super();
    this.findings = findings;
    this.settings = settings;
    this.state = "saved";
    this.underway = null; // {edit_id, body, sent}
    this.failures = 0;
    this.timer = 0;
    this.busy = null;
    this.keepsDrafts = true;
    findings.addEventListener("change", () => this.#edited());
    window.addEventListener("online", () => this.flush());
    document.addEventListener("visibilitychange", () => document.hidden && this.flush());
    window.addEventListener("beforeunload", (event) => {
      if (!this.keepsDrafts && this.isUnsaved) event.preventDefault();
    });
  }

  get isUnsaved() {
    return this.underway !== null || this.findings.unsaved > 0;
  }

  // Load what the server has, then lay over it what was kept on this device. Returns how many such changes there were.
  async start() {
    const draft = this.#readDraft();
    if (draft?.underway) await this.#finishUnderway(draft);
    this.findings.load(...(await this.#ask()));
    const kept = draft ? this.findings.applyDraft(draft) : 0;
    this.started = true;
    if (kept && draft.version !== this.findings.version) this.#setState("conflict", { name: null });
    else this.#edited();
    return kept;
  }

  // What the server has, as Findings.load takes it.
  #ask() {
    const { detections, containers, estimations, user } = this.settings;
    return Promise.all([detections, containers, estimations].map((url) => ask(url, { user })));
  }

  #patch(body) {
    const { detections, user } = this.settings;
    return ask(detections, { user, method: "PATCH", body });
  }

  // The request that was under way when the page was closed: was it taken, or is it yet to be?
  async #finishUnderway(draft) {
    try {
      /** @type {ApiShapes["CorrectionAnswer"]} */
      const answer = await this.#patch(draft.underway.body);
      const ids = [...answer.added_ids];
      for (const box of draft.underway.sent.boxes) {
        const kept = draft.boxes.find(({ key }) => key === box.key);
        if (kept && kept.id === null) kept.id = ids.shift();
      }
      draft.version = answer.version;
    } catch (error) {
      if (!(error instanceof Refused) || ![400, 409].includes(error.status)) throw error;
      // Not taken: its changes are among the kept boxes, and are sent again or asked about.
    }
    draft.underway = null;
  }

  #edited() {
    if (!this.started) return;
    this.#writeDraft();
    if (!this.isUnsaved) {
      if (this.state !== "conflict") this.#setState("saved");
      return;
    }
    if (["conflict", "refused"].includes(this.state)) {
      this.#setState(this.state, this.detail);
      return;
    }
    this.#setState(this.failures ? this.state : "unsaved");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), WAIT_MS);
  }

  // Send all that is not saved. Returns whether nothing is left to be saved.
  async flush() {
    clearTimeout(this.timer);
    this.busy ??= this.#sendAll().finally(() => (this.busy = null));
    await this.busy;
    return !this.isUnsaved && this.state === "saved";
  }

  async #sendAll() {
    while (this.started && this.isUnsaved && !["conflict", "refused"].includes(this.state)) {
      if (!this.underway) {
        const { body, sent } = this.findings.takeUnsaved();
        const edit_id = newEditId();
        this.underway = { body: { ...body, edit_id, version: this.findings.version }, sent };
        this.#writeDraft();
      }
      this.#setState("saving");
      try {
        /** @type {ApiShapes["CorrectionAnswer"]} */
        const answer = await this.#patch(this.underway.body);
        const { sent } = this.underway;
        this.underway = null;
        this.failures = 0;
        this.findings.markSaved(sent, answer);
        this.#writeDraft();
        this.dispatchEvent(new CustomEvent("saved", { detail: answer }));
      } catch (error) {
        this.#failed(error);
        return;
      }
    }
    if (!this.isUnsaved && this.state !== "conflict") this.#setState("saved");
  }

  #failed(error) {
    const status = error instanceof Refused ? error.status : 0;
    if (status === 409 && error.code === "version_conflict") {
      this.underway = null;
      this.#setState("conflict", { name: error.detail.changed_by });
    } else if (status === 401 || (status === 403 && error.code === "not_authenticated")) {
      this.#setState("signed_out");
      this.#retryLater();
    } else if (status >= 400 && status < 500 && ![408, 429].includes(status)) {
      this.underway = null; // the server has taken nothing of it
      this.#setState("refused", { reason: error.message });
    } else {
      this.#setState("offline");
      this.#retryLater();
    }
    this.#writeDraft();
  }

  #retryLater() {
    const wait = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)];
    this.failures += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), wait);
  }

  // After a conflict: my changes over what the server has now.
  async keepMine() {
    let theirs;
    try {
      theirs = await this.#ask();
    } catch {
      return;
    }
    const draft = this.findings.toDraft(null); // with what was edited while they were on their way
    this.findings.load(...theirs);
    this.findings.applyDraft(draft);
    this.state = "unsaved";
    this.#edited();
    await this.flush();
  }

  // After a conflict or a refusal: what the server has.
  async discardMine() {
    try {
      this.findings.load(...(await this.#ask()));
    } catch {
      return;
    }
    this.state = "saved";
    this.#edited();
  }

  #setState(state, detail = {}) {
    this.state = state;
    this.detail = detail;
    this.dispatchEvent(new CustomEvent("state", { detail: { state, ...detail } }));
  }

  #writeDraft() {
    if (!this.started) return;
    try {
      if (!this.isUnsaved) localStorage.removeItem(this.settings.draft_key);
      else localStorage.setItem(this.settings.draft_key, JSON.stringify({ ...this.findings.toDraft(this.underway), underway: this.underway }));
      this.keepsDrafts = true;
    } catch {
      this.keepsDrafts = false; // full, or switched off: the page says so and asks before it is closed
    }
  }

  #readDraft() {
    try {
      return JSON.parse(localStorage.getItem(this.settings.draft_key) ?? "null");
    } catch {
      return null;
    }
  }
}
