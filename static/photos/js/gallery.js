// The gallery: filters that fold away on a phone, selection, keys, and an address that follows what is scrolled to.
// Without this script the filters stand open, the bar of actions is always there, and pages are links.

import { signInAgain } from "../../demeter/js/sign_in_again.js";

const form = document.querySelector("[data-gallery]");
const bar = form?.querySelector("[data-bar]");
const boxes = () => [...form.querySelectorAll("input[name=photo]")];
const cards = () => [...form.querySelectorAll(".photo-card")];

function foldFilters() {
  const button = document.querySelector("[data-filters-button]");
  const filters = document.getElementById("filters");
  const show = (isOpen) => {
    filters.dataset.fold = isOpen ? "open" : "closed";
    button.setAttribute("aria-expanded", String(isOpen));
  };
  button.hidden = false;
  show(filters.dataset.fold === "open");
  button.addEventListener("click", () => show(filters.dataset.fold !== "open"));
}

function showSelection() {
  if (!bar) return;
  const chosen = boxes().filter((box) => box.checked).length;
  bar.hidden = chosen === 0;
  bar.dataset.ready = "";
  bar.querySelector("[data-selected]").textContent = form.dataset.textSelected.replace("{n}", chosen);
}

let last; // the box that was clicked last: with Shift, all between follow
function select(box, withShift) {
  const all = boxes();
  const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
  if (withShift && from >= 0) all.slice(from, to + 1).forEach((one) => { one.checked = box.checked; });
  last = box;
  showSelection();
}

// The card that lies in this direction: the next one, or the nearest in the row above or below.
function neighbour(card, key) {
  const all = cards();
  const at = all.indexOf(card);
  if (key === "ArrowRight") return all[at + 1];
  if (key === "ArrowLeft") return all[at - 1];
  const here = card.getBoundingClientRect();
  const column = all.filter((one) => Math.abs(one.getBoundingClientRect().left - here.left) < 2);
  return column[column.indexOf(card) + (key === "ArrowDown" ? 1 : -1)];
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const card = event.target.closest(".photo-card");
  if (event.key === "Escape" && boxes().some((box) => box.checked)) {
    form.reset();
  } else if (event.key === "x" && card) {
    const box = card.closest(".gallery-item").querySelector("input[name=photo]");
    if (box) {
      box.checked = !box.checked;
      select(box, false);
    }
  } else if (event.key.startsWith("Arrow") && card) {
    const next = neighbour(card, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}

// The address of the page of photos that is on the screen: to be shared, and to come back to.
function followPages() {
  const address = (page) => {
    const url = new URL(window.location.href);
    if (page === "1") url.searchParams.delete("page");
    else url.searchParams.set("page", page);
    return url;
  };
  const seen = new IntersectionObserver((entries) => {
    const entry = entries.findLast((one) => one.isIntersecting);
    if (!entry) return;
    const url = address(entry.target.dataset.page);
    window.history.replaceState(window.history.state, "", url);
    form.elements.next.value = url.pathname + url.search;
  }, { rootMargin: "-45% 0px -45% 0px" });
  const watch = (items, page) => items.forEach((item) => {
    item.dataset.page = page;
    seen.observe(item);
  });
  watch(form.querySelectorAll(".gallery-item"), form.dataset.page);
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const answered = new URL(event.detail.xhr.responseURL || window.location.href);
    if (answered.pathname === document.querySelector("[data-sign-in-again]").dataset.signIn) {
      event.detail.shouldSwap = false; // the session has ended
      signInAgain();
      return;
    }
    const more = event.detail.target.closest(".gallery-more");
    if (more) form.dataset.page = more.querySelector("a").dataset.page;
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    watch(form.querySelectorAll(".gallery-item:not([data-page])"), form.dataset.page);
  });
}

const showFault = (isShown) => { form.querySelector("[data-failed]").hidden = !isShown; };

foldFilters();
if (form) {
  showSelection();
  followPages();
  form.addEventListener("click", (event) => {
    if (event.target.name === "photo") select(event.target, event.shiftKey);
    if (event.target.closest(".gallery-more a")) event.preventDefault(); // htmx loads it into the page
  });
  form.addEventListener("reset", () => window.setTimeout(showSelection));
  form.addEventListener("keydown", onKey);
  for (const name of ["htmx:sendError", "htmx:responseError"]) document.body.addEventListener(name, () => showFault(true));
  document.body.addEventListener("htmx:afterSettle", () => showFault(false));
}
