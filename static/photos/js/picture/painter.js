// Draws boxes, containers and the selection on one canvas over the picture: lines and areas, sharp at every scale.
//
// The boxes of a square of the picture are one path a class, made once and again when one of them changes. A frame draws
// the paths of the squares in sight under the picture's transform: a few hundred calls for 5,000 boxes.

import { diameterOf, KINDS, kindOf, SIZES } from "./kinds.js";

const SQUARES = 12; // along the longer side
const HANDLE_PX = 12; // CSS px; the finger's reach is larger, see gestures.js
const MARKS = {
  living: { fill: "rgb(0 229 255 / 30%)", stroke: "rgb(0 229 255)", width: 1.2 },
  dead: { fill: "rgb(255 176 32 / 50%)", stroke: "rgb(255 176 32)", width: 1.6 },
  empty: { fill: null, stroke: "rgb(255 255 255 / 95%)", width: 1.6 },
  "size-0": { fill: "rgb(94 200 255 / 45%)", stroke: "rgb(94 200 255)", width: 1.2 },
  "size-1": { fill: "rgb(255 225 77 / 45%)", stroke: "rgb(255 225 77)", width: 1.2 },
  "size-2": { fill: "rgb(255 140 66 / 45%)", stroke: "rgb(255 140 66)", width: 1.2 },
  "size-3": { fill: "rgb(224 64 214 / 45%)", stroke: "rgb(224 64 214)", width: 1.2 },
};
const LAYERS = [...KINDS, ...SIZES];

export class Painter {
  constructor(canvas, picture, findings, viewport) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.picture = picture;
    this.findings = findings;
    this.viewport = viewport;
    this.selection = new Set();
    this.lasso = [];
    this.crosshair = false;
    this.shown = { living: true, dead: true, empty: true, containers: true, estimated: true };
    this.leastConfidence = 0; // boxes below it are not drawn
    this.sizeLimits = null; // px between SIZES, by which living plants are coloured; null: all alike
    this.container = null;
    this.side = Math.max(viewport.widthPx, viewport.heightPx) / SQUARES;
    this.columns = Math.ceil(viewport.widthPx / this.side);
    this.squares = [];
    this.frame = 0;
    findings.addEventListener("change", ({ detail }) => this.#follow(detail.boxes));
  }

  resize() {
    const { width, height } = this.canvas.getBoundingClientRect();
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.ratio = ratio;
    this.viewport.resize(width, height);
    this.request();
  }

  // Draw in the next frame; calling it often draws once.
  request() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.#draw();
    });
  }

  // ── paths ──
  #follow(boxes) {
    if (boxes === null) this.#sortAll();
    else for (const box of boxes) this.#sort(box);
    this.selection = new Set([...this.selection].map((box) => this.#current(box)).filter((box) => box && !box.deleted));
    this.request();
  }

  // What is loaded again are new objects under the same keys; a box of this page then has the server's id as its key.
  #current(box) {
    const { boxes } = this.findings;
    return boxes.get(box.key) ?? boxes.get(String(box.id));
  }

  #sortAll() {
    const rows = Math.ceil(this.viewport.heightPx / this.side);
    this.squares = Array.from({ length: this.columns * rows }, () => ({ boxes: new Set(), paths: null, reach: 0 }));
    for (const box of this.findings.boxes.values()) {
      box.chunk = -1;
      this.#sort(box);
    }
    this.containerPaths = this.findings.containers.map((container) => ringPath([container.polygon]));
    this.areas = ringPath(this.findings.estimated);
  }

  #sort(box) {
    const before = this.squares[box.chunk];
    if (before) {
      before.boxes.delete(box);
      before.paths = null;
    }
    box.chunk = -1;
    if (box.deleted) return;
    const column = Math.min(Math.floor(box.x / this.side), this.columns - 1);
    const row = Math.floor(Math.min(box.y, this.viewport.heightPx - 1) / this.side);
    box.chunk = Math.max(0, row) * this.columns + Math.max(0, column);
    const square = this.squares[box.chunk];
    square.boxes.add(box);
    square.paths = null;
  }

  showFrom(confidence) {
    this.leastConfidence = confidence;
    this.#forgetPaths();
  }

  showSizes(limits) {
    this.sizeLimits = limits;
    this.#forgetPaths();
  }

  #forgetPaths() {
    for (const square of this.squares) square.paths = null;
    this.request();
  }

  #layerOf(box) {
    const kind = kindOf(box.name);
    if (kind !== "living" || !this.sizeLimits) return kind;
    return SIZES[this.sizeLimits.filter((limit) => diameterOf(box) > limit).length];
  }

  // Boxes that are being dragged: their squares are drawn anew.
  touch(boxes) {
    for (const box of boxes) if (this.squares[box.chunk]) this.squares[box.chunk].paths = null;
  }

  #pathsOf(square) {
    if (square.paths) return square.paths;
    square.paths = Object.fromEntries(LAYERS.map((layer) => [layer, new Path2D()]));
    square.reach = 0;
    for (const box of square.boxes) {
      if (box.confidence < this.leastConfidence) continue;
      const path = square.paths[this.#layerOf(box)];
      path.moveTo(box.x + box.w * 0.4, box.y);
      path.ellipse(box.x, box.y, box.w * 0.4, box.h * 0.4, 0, 0, 2 * Math.PI);
      if (box.isAdded) { // a person's own marks carry a dot
        path.moveTo(box.x + box.w * 0.08, box.y);
        path.arc(box.x, box.y, Math.min(box.w, box.h) * 0.08, 0, 2 * Math.PI);
      }
      square.reach = Math.max(square.reach, box.w, box.h);
    }
    return square.paths;
  }

  // ── a frame ──
  #draw() {
    const { context: ctx, viewport: view, ratio } = this;
    this.picture.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, this.canvas.width, this.canvas.height);
    ctx.setTransform(view.scale * ratio, 0, 0, view.scale * ratio, view.x * ratio, view.y * ratio);
    const line = 1 / view.scale; // one CSS px
    if (this.shown.estimated && this.areas) {
      ctx.fillStyle = "rgb(43 95 217 / 32%)";
      ctx.fill(this.areas, "evenodd");
    }
    if (this.shown.containers) this.#drawContainers(ctx, line);
    const layers = KINDS.filter((kind) => this.shown[kind]).flatMap((kind) => (kind === "living" && this.sizeLimits ? SIZES : [kind]));
    for (const square of this.#squaresInSight()) {
      const paths = this.#pathsOf(square);
      for (const layer of layers) {
        const mark = MARKS[layer];
        if (mark.fill) {
          ctx.fillStyle = mark.fill;
          ctx.fill(paths[layer]);
        }
        ctx.lineWidth = mark.width * line;
        ctx.strokeStyle = mark.stroke;
        ctx.stroke(paths[layer]);
      }
    }
    this.#drawSelection(ctx, line);
    if (this.lasso.length > 1) {
      ctx.lineWidth = 2 * line;
      ctx.setLineDash([6 * line, 4 * line]);
      ctx.strokeStyle = "#fff";
      ctx.stroke(ringPath([this.lasso.map(({ x, y }) => [x, y])]));
      ctx.setLineDash([]);
    }
    if (this.crosshair) this.#drawCrosshair(ctx);
    this.drawn = (this.drawn ?? 0) + 1;
  }

  #squaresInSight() {
    const { viewport: view } = this;
    const from = view.toPicture(0, 0);
    const to = view.toPicture(view.width, view.height);
    return this.squares.filter((square, index) => {
      if (!square.boxes.size) return false;
      const x = (index % this.columns) * this.side;
      const y = Math.floor(index / this.columns) * this.side;
      const reach = square.reach || this.side;
      return x - reach < to.x && x + this.side + reach > from.x && y - reach < to.y && y + this.side + reach > from.y;
    });
  }

  #drawContainers(ctx, line) {
    ctx.lineWidth = 2 * line;
    ctx.strokeStyle = "#ffe08a";
    this.containerPaths?.forEach((path, index) => {
      const isChosen = this.findings.containers[index].id === this.container;
      ctx.lineWidth = (isChosen ? 5 : 2) * line;
      ctx.stroke(path);
    });
  }

  #drawSelection(ctx, line) {
    for (const box of this.selection) {
      ctx.lineWidth = 4 * line;
      ctx.strokeStyle = "#000";
      ctx.strokeRect(box.x - box.w / 2, box.y - box.h / 2, box.w, box.h);
      ctx.lineWidth = 2 * line;
      ctx.strokeStyle = "#fff";
      ctx.strokeRect(box.x - box.w / 2, box.y - box.h / 2, box.w, box.h);
    }
    const [only] = this.selection.size === 1 ? this.selection : [null];
    if (!only) return;
    const side = HANDLE_PX * line;
    ctx.fillStyle = "#fff";
    ctx.strokeStyle = "#000";
    ctx.lineWidth = line;
    for (const [dx, dy] of CORNERS) {
      const x = only.x + (dx * only.w) / 2 - side / 2;
      const y = only.y + (dy * only.h) / 2 - side / 2;
      ctx.fillRect(x, y, side, side);
      ctx.strokeRect(x, y, side, side);
    }
  }

  #drawCrosshair(ctx) {
    ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    const x = this.viewport.width / 2;
    const y = this.viewport.height / 2;
    for (const [width, colour] of [[4, "#000"], [2, "#fff"]]) {
      ctx.lineWidth = width;
      ctx.strokeStyle = colour;
      ctx.beginPath();
      ctx.moveTo(x - 14, y);
      ctx.lineTo(x + 14, y);
      ctx.moveTo(x, y - 14);
      ctx.lineTo(x, y + 14);
      ctx.stroke();
    }
  }
}

export const CORNERS = [[-1, -1], [1, -1], [1, 1], [-1, 1]];

function ringPath(rings) {
  const path = new Path2D();
  for (const ring of rings) {
    ring.forEach(([x, y], index) => (index ? path.lineTo(x, y) : path.moveTo(x, y)));
    path.closePath();
  }
  return path;
}
