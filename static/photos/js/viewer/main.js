// A photo to be looked at closely, with what was found drawn over it. Without this script the preview stands there alone.

import { KINDS } from "../picture/kinds.js";
import { Painter } from "../picture/painter.js";
import { Pictures } from "../picture/pictures.js";
import { Viewport } from "../picture/viewport.js";
import { Findings } from "./findings.js";
import { Looking } from "./looking.js";

const STEP_PX = 60; // CSS px that an arrow key moves the picture
const ZOOM_STEP = 1.5;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const ACT_KEYS = { "+": "nearer", "=": "nearer", "-": "farther", 0: "fit", 1: "full-size" };

class Viewer {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(`[data-${name}]`);
    const { width, height, full, fullAskedAt } = root.dataset;
    this.stage = this.find("stage");
    this.canvas = this.find("canvas");
    this.findings = new Findings();
    this.viewport = new Viewport(Number(width), Number(height), { margin: 0, least: 1 });
    this.painter = new Painter(this.canvas, this.find("picture"), this.findings, this.viewport);
    const picture = this.find("picture").querySelector("img").getAttribute("src");
    this.pictures = new Pictures(this.find("picture"), this.viewport, { picture, full, fullAskedAt }, (state) => this.#showState(state));
    this.looking = new Looking(this.canvas, this.viewport, this.painter, () => this.#looked());
  }

  start() {
    this.root.classList.add("is-running");
    this.stage.style.aspectRatio = `${this.viewport.widthPx} / ${this.viewport.heightPx}`;
    this.pictures.start();
    const measure = () => {
      this.painter.resize();
      this.#looked();
    };
    measure(); // now: the observer tells only at the end of the next frame, and somebody may be faster
    new ResizeObserver(measure).observe(this.canvas);
    this.#wire();
    if (this.root.dataset.findingsUrl) this.#load();
  }

  async #load() {
    try {
      const response = await fetch(this.root.dataset.findingsUrl, { credentials: "same-origin" });
      if (!response.ok) throw new Error(String(response.status));
      this.findings.load(await response.json());
      this.#offerConfidence();
      this.#offerSizes();
      this.#showCounts();
      this.find("tools").hidden = false;
      this.root.dataset.ready = "";
    } catch {
      this.find("failed").hidden = false;
    }
  }

  // ── what is shown ──
  #looked() {
    this.pictures.looked();
    this.root.classList.toggle("is-zoomed", !this.viewport.isFitted);
    const percent = Math.round(this.viewport.scale * (window.devicePixelRatio || 1) * 100);
    this.find("zoom-value").textContent = `${percent}\u00a0%`;
    this.painter.request();
  }

  #showState(state) {
    this.root.dataset.shown = state;
    for (const note of this.root.querySelectorAll("[data-when]")) note.hidden = note.dataset.when !== state;
  }

  #offerConfidence() {
    const slider = this.find("confidence");
    const least = Math.floor(this.findings.leastConfidence * 100);
    slider.min = slider.value = least;
    this.find("confidence-field").hidden = !this.findings.boxes.size || least >= 100;
    this.find("confidence-value").textContent = `${least}\u00a0%`;
  }

  #offerSizes() {
    const limits = this.findings.sizeLimits;
    this.find("sizes-field").hidden = !limits;
    if (!limits) return;
    const ranges = [`≤ ${limits[0]}`, `≤ ${limits[1]}`, `≤ ${limits[2]}`, `> ${limits[2]}`];
    this.root.querySelectorAll("[data-size]").forEach((entry, index) => { entry.textContent = `${ranges[index]}\u00a0px`; });
    this.#showSizes();
  }

  #showSizes() {
    const isOn = this.find("sizes").checked;
    this.find("sizes-legend").hidden = !isOn;
    this.painter.showSizes(isOn ? this.findings.sizeLimits : null);
  }

  #showCounts() {
    const all = this.findings.counts();
    const shown = this.findings.counts(this.painter.leastConfidence);
    for (const kind of KINDS) {
      const text = groupedThousands(all[kind]);
      this.root.querySelector(`[data-count=${kind}]`).textContent =
        shown[kind] === all[kind] ? text : `${groupedThousands(shown[kind])} / ${text}`;
    }
    this.root.querySelector("[data-count=containers]").textContent = groupedThousands(this.findings.containers.length);
  }

  // ── what people do ──
  #wire() {
    this.root.addEventListener("click", (event) => {
      const { act } = event.target.closest("[data-act]")?.dataset ?? {};
      if (act) this.#act(act);
    });
    for (const box of this.root.querySelectorAll("[data-layer]")) {
      const show = () => {
        this.painter.shown[box.dataset.layer] = box.checked;
        this.painter.request();
      };
      box.addEventListener("change", show);
      show(); // a browser that goes back keeps what was ticked
    }
    this.find("confidence").addEventListener("input", ({ target }) => {
      this.find("confidence-value").textContent = `${target.value}\u00a0%`;
      this.painter.showFrom(target.value / 100);
      this.#showCounts();
    });
    this.find("sizes").addEventListener("change", () => this.#showSizes());
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    this.find("dialog-window").addEventListener("close", () => this.#putBack());
  }

  #act(name) {
    const middle = { x: this.viewport.width / 2, y: this.viewport.height / 2 };
    const acts = {
      nearer: () => this.viewport.zoomAt(middle.x, middle.y, ZOOM_STEP),
      farther: () => this.viewport.zoomAt(middle.x, middle.y, 1 / ZOOM_STEP),
      fit: () => this.viewport.fit(),
      "full-size": () => this.viewport.zoomAt(middle.x, middle.y, 1 / (window.devicePixelRatio || 1) / this.viewport.scale),
      window: () => this.#toggleWindow(),
    };
    acts[name]();
    this.#looked();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (ACT_KEYS[event.key]) this.#act(ACT_KEYS[event.key]);
    else if (ARROWS[event.key] && !this.viewport.isFitted) {
      const [dx, dy] = ARROWS[event.key];
      this.viewport.panBy(-dx * STEP_PX, -dy * STEP_PX);
      this.#looked();
    } else return;
    event.preventDefault();
  }

  // The whole window: in a dialog, which keeps the keyboard within and closes with Escape.
  #toggleWindow() {
    const dialog = this.find("dialog-window");
    if (dialog.open) return dialog.close();
    dialog.append(this.stage);
    dialog.showModal();
    this.canvas.focus();
    return undefined;
  }

  #putBack() {
    this.root.prepend(this.stage);
    this.find("window-button").focus({ preventScroll: true });
  }
}

for (const root of document.querySelectorAll("[data-viewer]:has([data-stage])")) new Viewer(root).start();
