// The keys of the inbox. They can be switched off, for people whose speech or switches type letters by mistake.

const KEY = "inbox-keys";
const OFF = "off";
const inbox = () => document.getElementById("inbox");
const find = (selector) => inbox()?.querySelector(selector);

const actions = {
  j: () => find("[data-next]")?.click(),
  k: () => find("[data-previous]")?.click(),
  a: () => find("[data-approve]")?.click(),
  e: () => find("[data-edit]")?.click(),
  x: () => find(".inbox-line.is-current input")?.click(),
};

function isOn() {
  try {
    return window.localStorage.getItem(KEY) !== OFF;
  } catch {
    return true; // a browser that keeps nothing
  }
}

function prepare() {
  const label = find("[data-keys]");
  if (!label) return;
  const box = label.querySelector("input");
  label.hidden = false;
  box.checked = isOn();
  box.addEventListener("change", () => {
    try {
      window.localStorage.setItem(KEY, box.checked ? "on" : OFF);
    } catch { /* it holds for this page alone */ }
  });
}

function isTyping(target) {
  return target.closest("input:not([type=checkbox]), select, textarea, [contenteditable], dialog") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (!find("[data-keys] input")?.checked || document.querySelector("dialog[open]")) return;
  const act = actions[event.key];
  if (!act) return;
  if (event.repeat && !["j", "k"].includes(event.key)) return; // a key that is held would decide about what comes next
  event.preventDefault();
  act();
});
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id !== "inbox") return;
  prepare();
  find("#item-title")?.focus({ preventScroll: true }); // a screen reader reads which count has come
});
prepare();
