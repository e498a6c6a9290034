// @ts-check
// Follows uploads: asks for the state of their jobs every two seconds until the last one has ended. What a job needs
// once it has ended (its fix, its thumbnail) the server says: then the list is loaded again, in place. The page of a
// photo that is being counted is loaded again as a whole.

import { signInAgain } from "../../demeter/js/sign_in_again.js";

const EVERY_MS = 2000;
const MAX_WAIT_MS = 32000; // between two tries while the server does not answer, or nobody is signed in
const ENDED = new Set(["completed", "failed", "rejected"]);
const THUMBNAIL_TRIES = 6; // each after twice the time of the one before

/** @type {Map<string, number>} */
const following = new Map(); // address → the timer of its next question
const list = () => document.getElementById("jobs");
/**
 * An element that the page's template always holds.
 * @param {ParentNode} place
 * @param {string} selector
 * @returns {any}
 */
const part = (place, selector) => place.querySelector(selector);
let wasSignedOut = false;
const show = (name, shown) => document.querySelectorAll(`[data-${name}]`).forEach((note) => note.toggleAttribute("hidden", !shown));

/** @param {number} [seconds] */
function timeLeft(seconds) {
  if (seconds === undefined) return "";
  const { textSeconds = "", textMinutes = "" } = list()?.dataset ?? {};
  const text = seconds < 90 ? textSeconds.replace("{n}", String(seconds)) : textMinutes.replace("{n}", String(Math.round(seconds / 60)));
  return `· ${text}`;
}

/**
 * Shows how far a job is. Whether it has ended since the list was made.
 * @param {ApiShapes["Job"]} job
 */
function showJob(job) {
  const row = document.getElementById(`job-${job.job_id}`);
  if (!row || row.hasAttribute("data-ended")) return false;
  if (ENDED.has(job.status)) return true;
  const labels = JSON.parse(part(document, `#${list()?.dataset.labels}`).textContent);
  part(row, "[data-stage]").textContent = job.status === "pending" ? labels.status.pending : labels.stage[job.stage] ?? job.stage;
  part(row, "[data-percent]").textContent = `${job.progress_percent} %`;
  part(row, "[data-remaining]").textContent = timeLeft(job.estimated_remaining_seconds);
  part(row, "[data-progress]").value = job.progress_percent;
  const badge = row.querySelector("[data-status]"); // the page of a photo has none
  if (badge) {
    badge.textContent = labels.status[job.status];
    badge.className = `badge badge-${job.status}`;
  }
  return false;
}

/**
 * @param {string} address
 * @param {ApiShapes["UploadStatus"]["summary"]} summary
 */
function showSummary(address, summary) {
  const place = document.querySelector(`[data-jobs-url="${CSS.escape(address)}"]`);
  const set = (name, change) => place?.querySelectorAll(`[data-summary="${name}"]`).forEach(change);
  set("completed", (element) => { element.textContent = summary.completed; });
  set("ended", (element) => { element.textContent = summary.completed + summary.failed; });
  set("total_jobs", (element) => { element.textContent = summary.total_jobs; });
  set("progress", (element) => { element.value = summary.overall_progress_percent; });
}

function reload() {
  const { htmx } = /** @type {any} */ (window);
  if (list()?.hasAttribute("data-whole-page")) window.location.reload();
  else if (list()) htmx.trigger(list(), "refresh");
}

/**
 * Asks for the state of an upload's jobs, and again after a while until all have ended.
 * @param {string} address
 * @param {number} wait
 */
async function ask(address, wait) {
  /** @type {number | null} */
  let next = EVERY_MS;
  try {
    const response = await fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" } });
    const isSignedOut = response.status === 401 || response.status === 403;
    show("signed-out", isSignedOut);
    if (isSignedOut && !wasSignedOut) signInAgain();
    wasSignedOut = isSignedOut;
    if (isSignedOut) next = Math.min(wait * 2, MAX_WAIT_MS);
    else if (!response.ok) throw new Error(String(response.status));
    else {
      /** @type {ApiShapes["UploadStatus"]} */
      const answer = await response.json();
      if (!following.has(address)) return;
      const ended = answer.jobs.map(showJob);
      showSummary(address, answer.summary);
      if (ended.some(Boolean)) reload();
      if (answer.jobs.every((job) => ENDED.has(job.status))) next = null;
    }
    show("lost", false);
  } catch {
    show("lost", true);
    next = Math.min(wait * 2, MAX_WAIT_MS);
  }
  if (!following.has(address)) return;
  if (next === null) following.delete(address);
  else following.set(address, window.setTimeout(ask, next, address, next));
}

function followAll() {
  const wanted = new Set([...document.querySelectorAll("[data-jobs-url]")].map((place) => place.getAttribute("data-jobs-url") ?? ""));
  for (const [address, timer] of following) {
    if (wanted.has(address)) continue;
    window.clearTimeout(timer);
    following.delete(address);
  }
  for (const address of wanted) {
    if (following.has(address)) continue;
    following.set(address, 0);
    ask(address, EVERY_MS);
  }
}

let thumbnailTries = 0;
function awaitThumbnails() {
  if (!document.querySelector("[data-thumbnail-pending]") || thumbnailTries >= THUMBNAIL_TRIES) return;
  window.setTimeout(reload, EVERY_MS * 2 ** thumbnailTries);
  thumbnailTries += 1;
}

document.querySelector("[data-signed-out] a")?.addEventListener("click", (event) => {
  event.preventDefault();
  signInAgain();
});
document.addEventListener("signed-in-again", () => {
  show("signed-out", false);
  for (const [address, timer] of following) {
    window.clearTimeout(timer);
    following.set(address, 0);
    ask(address, EVERY_MS);
  }
  reload(); // its forms carry the tokens of the session that has ended
});

document.body.addEventListener("htmx:afterSettle", (/** @type {any} */ event) => {
  if (event.detail.elt?.id !== "jobs" && event.detail.target?.id !== "jobs") return;
  followAll();
  awaitThumbnails();
});
followAll();
awaitThumbnails();
