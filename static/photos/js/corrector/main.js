// The corrector: wires the canvas, the tools, the keyboard, the panel and the saving of one photo together.

import { Findings } from "./findings.js";
import { Gestures } from "./gestures.js";
import { Panel } from "./panel.js";
import { livingOf, replacesEstimate } from "./sums.js";
import { Sync } from "./sync.js";
import { containerAt } from "../picture/geometry.js";
import { Painter } from "../picture/painter.js";
import { Pictures } from "../picture/pictures.js";
import { Viewport } from "../picture/viewport.js";

const LOAD_AGAIN_MS = 5000;
const STEP_PX = 60; // CSS px that an arrow key moves the picture
const TOOL_KEYS = { a: "add", d: "delete", s: "select", l: "lasso" };
const CLASS_KEYS = { 1: "plant", 2: "dead", 3: "empty" };
const ACT_KEYS = {
  Delete: "delete-selected", Backspace: "delete-selected", Escape: "deselect", "+": "nearer", "=": "nearer", "-": "farther", 0: "fit",
};
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const json = (id) => JSON.parse(document.getElementById(id).textContent);

class Corrector {
  constructor(root) {
    this.root = root;
    this.settings = json("corrector-settings");
    this.texts = json("corrector-texts");
    this.find = (name) => root.querySelector(`[data-${name}]`);
    const { width_px: widthPx, height_px: heightPx } = this.settings;
    this.canvas = this.find("canvas");
    this.findings = new Findings({ widthPx, heightPx });
    this.viewport = new Viewport(widthPx, heightPx);
    this.painter = new Painter(this.canvas, this.find("picture"), this.findings, this.viewport);
    const { thumbnail, picture, full_picture: full, full_picture_asked_at: fullAskedAt } = this.settings;
    this.pictures = new Pictures(this.find("picture"), this.viewport, { thumbnail, picture, full, fullAskedAt }, (state) => {
      this.find("no-picture").hidden = state !== "none";
    });
    this.sync = new Sync(this.findings, this.settings);
    this.panel = new Panel(this.find("containers"), this.findings, this.settings, this.texts, { show: (id) => this.showContainer(id) });
    this.gestures = new Gestures(this.canvas, this.viewport, this.painter, this.findings, this);
    this.tool = "add";
    this.className = "plant";
    this.findings.addEventListener("change", () => this.#showSums());
    this.sync.addEventListener("state", ({ detail }) => this.#showState(detail));
    this.#wire();
  }

  async start() {
    this.root.classList.add("is-running");
    this.pictures.start();
    this.painter.resize(); // now: the observer tells only at the end of the next frame, and somebody may be faster
    new ResizeObserver(() => this.painter.resize()).observe(this.canvas);
    this.say(this.texts.loading);
    await this.#load();
  }

  // Again and again until the server answers: a phone finds its connection again by itself.
  async #load() {
    try {
      const kept = await this.sync.start();
      this.find("failed").hidden = true;
      this.say(kept ? this.#text("kept_old", { n: kept }) : "");
      this.root.dataset.ready = "";
    } catch (error) {
      this.find("failed").hidden = false;
      this.find("failed-sign-in").hidden = error.status !== 401;
      this.say("");
      setTimeout(() => this.#load(), LOAD_AGAIN_MS);
    }
  }

  // Called after the view has changed.
  looked() {
    this.pictures.looked();
  }

  // ── what gestures ask for ──
  pointing() {
    this.painter.crosshair = false;
  }

  tap(point, reach, isAdding) {
    if (!this.sync.started) { // what is added now would be gone once the findings are there
      if (this.find("failed").hidden) this.say(this.texts.loading);
      return;
    }
    const near = this.findings.boxAt(point.x, point.y, this.tool === "add" ? 0 : reach);
    const isRoom = near && this.tool === "add" && !this.findings.isOnMark(near, point.x, point.y);
    const box = isRoom ? null : near;
    if (this.tool === "delete") this.#deleteAt(box);
    else if (this.tool === "add" && !box) this.#addAt(point);
    else if (box) this.select(isAdding && this.painter.selection.has(box) ? [] : [box], isAdding);
    else {
      this.select([], isAdding);
      this.#chooseContainer(containerAt(point.x, point.y, this.findings.containers));
    }
  }

  #addAt({ x, y }) {
    const { widthPx, heightPx } = this.findings;
    if (x < 0 || y < 0 || x > widthPx || y > heightPx) return;
    this.select([], false);
    const box = this.findings.add({ x, y, ...this.findings.usualSides(x, y), name: this.className });
    const isHidden = replacesEstimate(box, this.findings.containers.find(({ id }) => id === box.container));
    this.say(`${this.#text("added", { what: this.texts[this.className] })} ${isHidden ? this.texts.estimated_here : ""}`);
  }

  #deleteAt(box) {
    if (!box) this.say(this.texts.nothing_here);
    else this.deleteBoxes(this.painter.selection.has(box) ? [...this.painter.selection] : [box]);
  }

  deleteBoxes(boxes) {
    if (!boxes.length) return;
    this.findings.delete(boxes);
    this.say(this.#text("deleted", { n: boxes.length }));
    this.#showSelection();
  }

  select(boxes, isAdding) {
    this.painter.selection = new Set(isAdding ? [...this.painter.selection, ...boxes] : boxes);
    this.#showSelection();
    if (boxes.length) this.say(this.#text("selected", { n: this.painter.selection.size }));
    this.painter.request();
  }

  #showSelection() {
    const { size } = this.painter.selection;
    this.find("selection").hidden = size === 0;
    this.find("selected").textContent = this.#text("selected", { n: size });
  }

  #chooseContainer(id) {
    this.painter.container = id;
    this.panel.choose(id);
  }

  showContainer(id) {
    const { polygon } = this.findings.containers.find((container) => container.id === id);
    const [xs, ys] = [polygon.map(([x]) => x), polygon.map(([, y]) => y)];
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const scale = 0.9 * Math.min(this.viewport.width / (right - left), this.viewport.height / (bottom - top));
    this.viewport.centre((left + right) / 2, (top + bottom) / 2, scale);
    this.#chooseContainer(id);
    this.#togglePanel(false);
    this.looked();
    this.painter.request();
  }

  // ── buttons ──
  #wire() {
    this.root.addEventListener("click", (event) => {
      const button = event.target.closest("button, a");
      const { tool, label, act } = button?.dataset ?? {};
      if (tool) this.setTool(tool);
      else if (label) this.setClass(label);
      else if (act) this.#act(act, event);
    });
    this.find("areas").addEventListener("change", (event) => {
      this.painter.shown.estimated = event.target.checked;
      this.painter.request();
    });
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  #act(name, event) {
    const middle = [this.viewport.width / 2, this.viewport.height / 2];
    const acts = {
      undo: () => this.findings.undo() && this.say(this.#text("restored")),
      redo: () => this.findings.redo() && this.say(this.#text("redone")),
      nearer: () => this.viewport.zoomAt(...middle, 1.5),
      farther: () => this.viewport.zoomAt(...middle, 1 / 1.5),
      fit: () => this.viewport.fit(),
      "delete-selected": () => this.deleteBoxes([...this.painter.selection]),
      deselect: () => this.select([], false),
      panel: () => this.#togglePanel(),
      "keep-mine": () => this.sync.keepMine(),
      "discard-mine": () => this.sync.discardMine(),
      finish: () => this.#finish(event),
    };
    acts[name]?.();
    this.looked();
    this.painter.request();
  }

  #togglePanel(isOpen = !this.root.classList.contains("has-panel")) {
    this.root.classList.toggle("has-panel", isOpen);
    this.find("panel-button").setAttribute("aria-expanded", String(isOpen));
  }

  // Leave only when all is saved; the supervisor's question then is about these very findings.
  async #finish(event) {
    const { href } = event.target.closest("a");
    event.preventDefault();
    if (!(await this.sync.flush())) return;
    const url = new URL(href);
    const { validate, count } = this.settings;
    if (validate && url.pathname === new URL(validate, url).pathname) {
      url.searchParams.set("count", count);
      url.searchParams.set("version", this.findings.version);
    }
    location.assign(url);
  }

  setTool(tool) {
    this.tool = tool;
    this.root.dataset.mode = tool;
    for (const button of this.root.querySelectorAll("[data-tool]")) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    }
  }

  // What new boxes are; with a selection, what the selected ones are from now on.
  setClass(name) {
    this.className = name;
    for (const button of this.root.querySelectorAll("[data-label]")) {
      button.setAttribute("aria-pressed", String(button.dataset.label === name));
    }
    const { selection } = this.painter;
    if (!selection.size) return;
    this.findings.relabel([...selection], name);
    this.say(this.#text("relabelled", { n: selection.size, what: this.texts[name] }));
  }

  // ── keyboard ──
  #key(event) {
    const isTyping = event.target.closest?.("input, select, textarea");
    const isCommand = event.ctrlKey || event.metaKey;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (isTyping || event.altKey) return;
    if (isCommand && (key === "z" || key === "y")) this.#act(key === "y" || event.shiftKey ? "redo" : "undo", event);
    else if (isCommand || event.target !== this.canvas || !this.#canvasKey(event, key)) return; // no letter acts elsewhere
    event.preventDefault();
  }

  #canvasKey(event, key) {
    if (TOOL_KEYS[key]) this.setTool(TOOL_KEYS[key]);
    else if (CLASS_KEYS[key]) this.setClass(CLASS_KEYS[key]);
    else if (ACT_KEYS[key]) this.#act(ACT_KEYS[key], event);
    else if (ARROWS[key]) this.#arrow(...ARROWS[key], event.shiftKey);
    else if (key === "Enter" || key === " ") {
      this.painter.crosshair = true;
      this.tap(this.viewport.toPicture(this.viewport.width / 2, this.viewport.height / 2), 8 / this.viewport.scale, event.shiftKey);
    } else if (key === "n" || key === "p") this.#selectNext(key === "n" ? 1 : -1);
    else return false;
    this.painter.request();
    return true;
  }

  // Arrows move what is selected by a pixel (with shift, ten), else the picture under the crosshair.
  #arrow(dx, dy, isFast) {
    this.painter.crosshair = true;
    const boxes = [...this.painter.selection];
    if (!boxes.length) {
      this.viewport.panBy(-dx * STEP_PX, -dy * STEP_PX);
      return;
    }
    const step = isFast ? 10 : 1;
    const inside = (value, most) => Math.min(Math.max(value, 0), most);
    this.findings.edit(boxes, (box) => ({
      x: inside(box.x + dx * step, this.findings.widthPx),
      y: inside(box.y + dy * step, this.findings.heightPx),
    }));
  }

  #selectNext(step) {
    const standing = [...this.findings.boxes.values()].filter((box) => !box.deleted);
    if (!standing.length) return;
    const [selected] = this.painter.selection;
    const from = selected ? standing.indexOf(selected) : step > 0 ? -1 : 0;
    const box = standing[(from + step + standing.length) % standing.length];
    this.viewport.centre(box.x, box.y, Math.max(this.viewport.scale, 40 / Math.max(box.w, box.h)));
    this.select([box], false);
    this.say(`${this.texts[box.name] ?? box.name}. ${this.#text("selected", { n: 1 })}`);
    this.looked();
  }

  // ── what is said ──
  #showSums() {
    const { photo } = this.findings.sums;
    this.find("living").textContent = groupedThousands(livingOf(photo));
    this.find("estimated").textContent = groupedThousands(photo.estimated);
    this.find("dead").textContent = groupedThousands(photo.dead);
    this.find("empty").textContent = groupedThousands(photo.empty);
    for (const [act, steps] of [["undo", this.findings.done], ["redo", this.findings.undone]]) {
      this.root.querySelector(`[data-act=${act}]`).disabled = !steps.length;
    }
    this.#showSelection();
  }

  #showState({ state, name, reason }) {
    const words = {
      saved: () => this.texts.saved,
      unsaved: () => this.#text("unsaved", { n: this.findings.unsaved }),
      saving: () => this.texts.saving,
      offline: () => this.#text("offline", { n: this.findings.unsaved }),
      signed_out: () => this.texts.signed_out,
      refused: () => this.#text("refused", { reason }),
      conflict: () => this.#text("conflict", { name: name ?? this.texts.somebody }),
    };
    const text = words[state]();
    this.root.dataset.state = state;
    const isLosable = !this.sync.keepsDrafts && state !== "saved";
    this.find("state").textContent = text;
    this.find("alert-text").textContent = isLosable ? `${text} ${this.texts.no_storage}` : text;
    this.find("alert").hidden = !isLosable && !["conflict", "refused", "signed_out"].includes(state);
    this.find("keep").hidden = state !== "conflict";
    this.find("discard").hidden = !["conflict", "refused"].includes(state);
    this.find("sign-in").hidden = state !== "signed_out";
  }

  #text(name, values = {}) {
    const living = groupedThousands(livingOf(this.findings.sums?.photo ?? { detected: 0, estimated: 0, dead: 0 }));
    return Object.entries({ living, ...values }).reduce((text, [key, value]) => text.replace(`{${key}}`, value), this.texts[name]);
  }

  say(text) {
    this.find("said").textContent = text;
  }
}

const corrector = new Corrector(document.querySelector("[data-corrector]"));
corrector.start();
