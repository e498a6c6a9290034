// Draws the outline of a place on a map of its surroundings. The field below stays what the form sends: every change is
// written into it, and what somebody types there is drawn.

const MIN_CORNERS = 3;
const STEP_M = 0.1; // of an arrow key; ten times as much with Shift
const HANDLE_PX = 12; // radius: a finger hits 24 px
const MIDDLE_PX = 7;
const MARGIN = 1.5; // how much of its surroundings is seen around a place
const EMPTY_M = 60; // side of the map where nothing is drawn yet
const ZOOM = 1.3;
const DECIMALS = 8; // of a degree: about a millimetre
const svgElement = (name, attributes = {}) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

class OutlineEditor {
  constructor(root) {
    this.root = root;
    this.field = root.querySelector("textarea");
    this.map = root.querySelector("[data-map]");
    this.area = root.querySelector("[data-area]");
    this.undoButton = root.querySelector("[data-undo]");
    this.plane = JSON.parse(root.dataset.plane);
    this.around = JSON.parse(root.dataset.around).map(({ label, ring }) => ({ label, ring: ring.map((point) => this.toMetres(point)) }));
    this.past = [];
    this.holes = [];
    this.ring = [];
    root.classList.add("is-running"); // before the map is measured
    this.read();
    this.fit();
    this.listen();
    this.draw();
    new ResizeObserver(() => this.draw()).observe(this.map);
  }

  toMetres([lon, lat]) {
    return [(lon - this.plane.lon) * this.plane.m_per_lon, (lat - this.plane.lat) * this.plane.m_per_lat];
  }

  toDegrees([x, y]) {
    return [this.plane.lon + x / this.plane.m_per_lon, this.plane.lat + y / this.plane.m_per_lat].map((degrees) => Number(degrees.toFixed(DECIMALS)));
  }

  /** Takes over what the field holds; false if that is no polygon. An empty field is an outline without corners. */
  read() {
    try {
      const text = this.field.value.trim();
      const polygon = text && text !== "null" ? JSON.parse(text) : { type: "Polygon", coordinates: [] };
      if (polygon.type !== "Polygon") return false;
      const [outer = [], ...holes] = polygon.coordinates;
      const corners = outer.map((point) => this.toMetres(point));
      if (corners.flat().some((number) => !Number.isFinite(number))) return false;
      this.ring = corners.slice(0, Math.max(0, corners.length - 1)); // the last repeats the first
      this.holes = holes.map((hole) => hole.slice(0, -1).map((point) => this.toMetres(point)));
      return true;
    } catch {
      return false;
    }
  }

  write() {
    const closed = (ring) => [...ring, ...ring.slice(0, 1)].map((point) => this.toDegrees(point));
    const coordinates = [this.ring, ...this.holes].map(closed);
    this.field.value = this.ring.length ? JSON.stringify({ type: "Polygon", coordinates }) : "";
  }

  fit() {
    const shown = this.ring.length ? [this.ring] : this.around.map(({ ring }) => ring);
    const xs = shown.flat().map(([x]) => x);
    const ys = shown.flat().map(([, y]) => y);
    const spans = xs.length ? [Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys)] : [0, 0];
    this.centre = xs.length ? [(Math.max(...xs) + Math.min(...xs)) / 2, (Math.max(...ys) + Math.min(...ys)) / 2] : [0, 0];
    const box = this.map.getBoundingClientRect();
    const wide = Math.max(spans[0], 1) / Math.max(box.width, 1);
    const high = Math.max(spans[1], 1) / Math.max(box.height, 1);
    this.mPerPx = xs.length ? MARGIN * Math.max(wide, high) : EMPTY_M / Math.max(box.width, 1);
  }

  toPx([x, y]) {
    const box = this.map.getBoundingClientRect();
    return [box.width / 2 + (x - this.centre[0]) / this.mPerPx, box.height / 2 - (y - this.centre[1]) / this.mPerPx];
  }

  pointAt({ clientX, clientY }) {
    const box = this.map.getBoundingClientRect();
    return [
      this.centre[0] + (clientX - box.left - box.width / 2) * this.mPerPx,
      this.centre[1] - (clientY - box.top - box.height / 2) * this.mPerPx,
    ];
  }

  get outline() {
    return { ring: this.ring, holes: this.holes };
  }

  /** Keeps what stands for undo, then changes it. */
  change(ring, holes = this.holes) {
    this.past.push(this.outline);
    this.show({ ring, holes });
  }

  undo() {
    if (this.past.length) this.show(this.past.pop());
  }

  show(outline) {
    Object.assign(this, outline);
    this.write();
    this.draw();
  }

  listen() {
    this.map.addEventListener("pointerdown", (event) => this.press(event));
    this.map.addEventListener("keydown", (event) => this.pressKey(event));
    this.map.addEventListener("wheel", (event) => { if (event.ctrlKey || document.activeElement && this.map.contains(document.activeElement)) { event.preventDefault(); this.zoom(event.deltaY > 0 ? ZOOM : 1 / ZOOM); } }, { passive: false });
    this.field.addEventListener("input", () => {
      const before = this.outline;
      if (this.read()) { this.past.push(before); this.fit(); this.draw(); }
    });
    this.undoButton.addEventListener("click", () => this.undo());
    this.root.querySelector("[data-fit]").addEventListener("click", () => { this.fit(); this.draw(); });
    this.root.querySelector("[data-closer]").addEventListener("click", () => this.zoom(1 / ZOOM));
    this.root.querySelector("[data-farther]").addEventListener("click", () => this.zoom(ZOOM));
    this.root.querySelector("[data-empty]").addEventListener("click", () => this.change([], []));
  }

  zoom(factor) {
    this.mPerPx *= factor;
    this.draw();
  }

  press(event) {
    if (event.button !== 0) return;
    const corner = event.target.closest("[data-corner]");
    const middle = event.target.closest("[data-middle]");
    if (middle) {
      const at = Number(middle.dataset.middle) + 1;
      this.change(this.ring.toSpliced(at, 0, this.pointAt(event)));
      this.drag(event, (point) => { this.ring = this.ring.with(at, point); });
    } else if (corner) {
      const at = Number(corner.dataset.corner);
      const before = this.outline;
      this.drag(event, (point) => { this.ring = this.ring.with(at, point); }, () => { if (this.ring !== before.ring) this.past.push(before); });
      this.focus(at);
    } else {
      const [start, centre] = [[event.clientX, event.clientY], this.centre];
      let moved = false;
      this.drag(event, (_point, now) => {
        const [dx, dy] = [now.clientX - start[0], now.clientY - start[1]];
        moved ||= Math.hypot(dx, dy) > 4;
        if (moved) this.centre = [centre[0] - dx * this.mPerPx, centre[1] + dy * this.mPerPx];
      }, () => { if (!moved && this.ring.length < MIN_CORNERS) this.change([...this.ring, this.pointAt(event)]); });
    }
  }

  /** Follows the pointer until it is let go. */
  drag(event, move, end = () => {}) {
    event.preventDefault();
    this.map.setPointerCapture(event.pointerId);
    const follow = (now) => { move(this.pointAt(now), now); this.write(); this.draw(); };
    const stop = () => {
      this.map.removeEventListener("pointermove", follow);
      end();
      this.draw();
    };
    this.map.addEventListener("pointermove", follow);
    this.map.addEventListener("lostpointercapture", stop, { once: true });
  }

  pressKey(event) {
    if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.undo(); return; }
    const corner = event.target.closest("[data-corner]");
    if (!corner) return;
    const at = Number(corner.dataset.corner);
    const [x, y] = this.ring[at];
    const step = event.shiftKey ? 10 * STEP_M : STEP_M;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (event.key in moves) {
      this.change(this.ring.with(at, [x + moves[event.key][0], y + moves[event.key][1]]));
      this.focus(at);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      if (this.ring.length <= MIN_CORNERS) return;
      this.change(this.ring.toSpliced(at, 1));
      this.focus(Math.min(at, this.ring.length - 1));
    } else if (event.key === "Enter" || event.key === "+") {
      const next = this.ring[(at + 1) % this.ring.length];
      this.change(this.ring.toSpliced(at + 1, 0, [(x + next[0]) / 2, (y + next[1]) / 2]));
      this.focus(at + 1);
    } else {
      return;
    }
    event.preventDefault();
  }

  focus(at) {
    this.map.querySelector(`[data-corner="${at}"]`)?.focus();
  }

  get squareMetres() {
    const areaOf = (ring) => Math.abs(ring.reduce((sum, [x, y], index) => {
      const [nextX, nextY] = ring[(index + 1) % ring.length];
      return sum + x * nextY - nextX * y;
    }, 0)) / 2;
    return this.holes.reduce((sum, hole) => sum - areaOf(hole), areaOf(this.ring));
  }

  draw() {
    const focused = document.activeElement?.dataset?.corner;
    const points = this.ring.map((point) => this.toPx(point));
    const path = (corners) => corners.map((corner) => corner.map((number) => number.toFixed(1)).join(",")).join(" ");
    const shapes = this.around.map(({ label, ring }) => {
      const shape = svgElement("polygon", { points: path(ring.map((point) => this.toPx(point))), class: "outline-around" });
      const title = svgElement("title");
      title.textContent = label;
      shape.append(title);
      return shape;
    });
    for (const hole of this.holes) shapes.push(svgElement("polygon", { points: path(hole.map((point) => this.toPx(point))), class: "outline-around" }));
    if (points.length) shapes.push(svgElement(points.length < MIN_CORNERS ? "polyline" : "polygon", { points: path(points), class: "outline-own" }));
    if (points.length > 1) {
      for (const [index, [x, y]] of points.entries()) {
        const [nextX, nextY] = points[(index + 1) % points.length];
        shapes.push(svgElement("circle", { cx: (x + nextX) / 2, cy: (y + nextY) / 2, r: MIDDLE_PX, class: "outline-middle", "data-middle": index, "aria-hidden": "true" }));
      }
    }
    for (const [index, [x, y]] of points.entries()) {
      const label = this.root.dataset.textCorner.replace("{n}", index + 1).replace("{of}", points.length);
      shapes.push(svgElement("circle", { cx: x, cy: y, r: HANDLE_PX, class: "outline-corner", "data-corner": index, tabindex: 0, role: "button", "aria-label": label }));
    }
    this.map.replaceChildren(...shapes);
    if (focused !== undefined) this.focus(focused);
    const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
    this.area.textContent = points.length < MIN_CORNERS ? this.root.dataset.textBegin : `${number.format(this.squareMetres)} m²`;
    this.undoButton.disabled = this.past.length === 0;
  }
}

for (const root of document.querySelectorAll("[data-outline-editor]")) new OutlineEditor(root);
