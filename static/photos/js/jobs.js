// Follows uploads: asks for the state of their jobs every two seconds until the last one has ended.
"use strict";

(() => {
  const EVERY_MS = 2000;
  const AT_MOST_MS = 32000; // between two tries while the server does not answer
  const ENDED = new Set(["completed", "failed", "rejected"]);

  function showJob(place, job, labels) {
    const row = place.querySelector(`[data-job="${job.job_id}"]`);
    if (!row) return;
    const badge = row.querySelector("[data-status]");
    badge.textContent = labels.status[job.status];
    badge.className = `badge badge-${job.status}`;
    const bar = row.querySelector("[data-progress]");
    if (bar) bar.value = job.progress_percent;
    row.classList.toggle("is-ended", ENDED.has(job.status));
    const stage = row.querySelector("[data-stage]");
    if (job.error_message) stage.textContent = job.error_message;
    else if (!stage.querySelector("a")) stage.textContent = labels.stage[job.stage] ?? "";
    if (job.result) row.querySelector("[data-total]").textContent = groupedThousands(job.result.total);
  }

  function showSummary(place, summary) {
    const set = (name, change) => place.querySelectorAll(`[data-summary="${name}"]`).forEach(change);
    set("completed", (element) => { element.textContent = summary.completed; });
    set("total_jobs", (element) => { element.textContent = summary.total_jobs; });
    set("progress", (element) => { element.value = summary.overall_progress_percent; });
  }

  function follow(place) {
    const labels = place.dataset.labels ? JSON.parse(document.getElementById(place.dataset.labels).textContent) : null;
    const lost = place.querySelector("[data-lost]");
    let wait = EVERY_MS;

    async function ask() {
      try {
        const response = await fetch(place.dataset.jobsUrl, { credentials: "same-origin", headers: { Accept: "application/json" } });
        if (response.status === 401 || response.status === 403) return window.location.reload(); // leads to the sign-in page
        if (!response.ok) throw new Error(String(response.status));
        const answer = await response.json();
        if (labels) answer.jobs.forEach((job) => showJob(place, job, labels));
        showSummary(place, answer.summary);
        if (lost) lost.hidden = true;
        wait = EVERY_MS;
        if (answer.jobs.every((job) => ENDED.has(job.status))) return undefined;
      } catch {
        if (lost) lost.hidden = false;
        wait = Math.min(wait * 2, AT_MOST_MS);
      }
      return window.setTimeout(ask, wait);
    }
    ask();
  }

  document.querySelectorAll("[data-jobs-url]").forEach(follow);
})();
