// The list of containers with their sums, types and counts by hand, and the same for the whole photo.

import { livingOf } from "./sums.js";

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") made.className = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
};

export class Panel {
  constructor(root, findings, settings, texts, { show }) {
    Object.assign(this, { root, findings, settings, texts, show });
    this.rows = new Map();
    this.loadedFor = null;
    findings.addEventListener("change", () => this.update());
  }

  update() {
    const { containers } = this.findings;
    if (this.loadedFor !== containers) this.#build();
    this.#fill(null, this.findings.sums.photo);
    for (const { id } of containers) this.#fill(id, this.findings.sums.containers.get(id));
  }

  choose(id) {
    for (const [key, row] of this.rows) row.root.classList.toggle("is-chosen", key === id && id !== null);
    this.rows.get(id)?.root.scrollIntoView({ block: "nearest" });
  }

  #build() {
    this.loadedFor = this.findings.containers;
    this.rows.clear();
    this.root.replaceChildren(this.#row(null, this.texts.whole_photo));
    this.findings.containers.forEach(({ id }, index) => {
      this.root.append(this.#row(id, this.texts.container.replace("{n}", index + 1)));
    });
  }

  #row(id, title) {
    const name = `container-${id ?? "photo"}`;
    const summary = element("p", { class: "small soft number" });
    const heading = element("h2", { id: `${name}-title` }, title);
    const head = element("div", { class: "row row-spread" }, heading);
    const root = element("li", { class: "corrector-container", "aria-labelledby": `${name}-title` }, head, summary);
    const row = { root, summary };
    if (id !== null) {
      const show = element("button", { type: "button", class: "link-button", "aria-describedby": `${name}-title` }, this.texts.show);
      show.addEventListener("click", () => this.show(id));
      head.append(show);
      row.type = element("select", { id: `${name}-type` });
      for (const [value, label] of Object.entries(this.settings.container_types)) row.type.append(new Option(label, value));
      row.type.addEventListener("change", () => this.findings.retype(id, row.type.value));
      root.append(field(row.type, this.texts.type));
    }
    root.append(this.#handForm(id, name, row));
    this.rows.set(id, row);
    return root;
  }

  #handForm(id, name, row) {
    const number = (field_name) =>
      element("input", { id: `${name}-${field_name}`, type: "number", min: 0, max: this.settings.most_by_hand, step: 1, inputmode: "numeric" });
    row.living = number("living");
    row.dead = number("dead");
    row.error = element("p", { class: "errorlist", role: "alert" });
    row.forget = element("button", { type: "button", class: "button button-quiet button-small" }, this.texts.use_marks);
    row.forget.addEventListener("click", () => this.findings.countByHand(id, undefined));
    const apply = element("button", { type: "submit", class: "button button-small" }, this.texts.apply);
    const form = element(
      "form",
      { class: "corrector-hand", novalidate: "" },
      field(row.living, this.texts.living),
      field(row.dead, this.texts.dead_count),
      element("div", { class: "row" }, apply, row.forget),
      row.error,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#countByHand(id, row);
    });
    row.details = element("details", {}, element("summary", {}, this.texts.by_hand), form);
    return row.details;
  }

  #countByHand(id, row) {
    const read = (input) => (/^\d+$/.test(input.value.trim()) ? Number(input.value) : NaN);
    const [living, dead] = [read(row.living), row.dead.value.trim() === "" ? 0 : read(row.dead)];
    const fits = [living, dead].every((value) => value <= this.settings.most_by_hand);
    row.error.textContent = fits ? "" : this.texts.invalid_number.replace("{most}", groupedThousands(this.settings.most_by_hand));
    if (fits) this.findings.countByHand(id, { living, dead, empty: null });
  }

  #fill(id, sums) {
    const row = this.rows.get(id);
    const hand = this.findings.hands.get(id);
    row.summary.textContent = this.texts.summary
      .replace("{living}", groupedThousands(livingOf(sums)))
      .replace("{dead}", groupedThousands(sums.dead))
      .replace("{empty}", groupedThousands(sums.empty));
    if (row.type) row.type.value = this.findings.types.get(id);
    row.root.classList.toggle("is-by-hand", Boolean(hand));
    row.forget.hidden = !hand;
    if (hand) row.details.open = true;
    if (document.activeElement !== row.living) row.living.value = hand ? hand.living : "";
    if (document.activeElement !== row.dead) row.dead.value = hand ? hand.dead : "";
  }
}

function field(input, label) {
  const text = document.createElement("label");
  text.htmlFor = input.id;
  text.textContent = label;
  const wrap = document.createElement("div");
  wrap.className = "field";
  wrap.append(text, input);
  return wrap;
}
