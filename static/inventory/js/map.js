// Moves and zooms a map by its viewBox: by dragging, two fingers, the wheel with Ctrl, keys and buttons. What a person
// points at is told below it. Without this script the map shows everything, and its links work.

const STEP = 1.5; // of a button or key
const MAX_ZOOM = 40;
const MOVED_PX = 5; // a shorter way is a click
const PAN_SHARE = 0.2; // of the view, by an arrow key

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class PlaceMap {
  constructor(section) {
    this.section = section;
    this.frame = section.querySelector("[data-map-frame]");
    this.svg = this.frame.querySelector("svg");
    this.told = section.querySelector("[data-map-told]");
    const { x, y, width, height } = this.svg.viewBox.baseVal;
    this.whole = { x, y, width, height };
    this.view = { ...this.whole };
    this.pointers = new Map();
    this.way = 0;
    this.#wire();
  }

  #wire() {
    const { section, frame, svg } = this;
    frame.tabIndex = 0;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", frame.dataset.label);
    section.querySelector("[data-map-buttons]").hidden = false;
    for (const button of section.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => this.#press(button.dataset.zoom));
    }
    frame.addEventListener("click", (event) => {
      if (this.way > MOVED_PX) event.preventDefault(); // the end of a drag is no click on a place
    });
    frame.addEventListener("keydown", (event) => this.#key(event));
    svg.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    svg.addEventListener("dragstart", (event) => event.preventDefault()); // of a link
    svg.addEventListener("pointerdown", (event) => this.#down(event));
    svg.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
      svg.addEventListener(end, (event) => this.pointers.delete(event.pointerId));
    }
    svg.addEventListener("pointerover", (event) => {
      const title = event.target.closest("a")?.querySelector("title");
      if (title) this.told.textContent = title.textContent;
    });
    this.#show();
  }

  #press(kind) {
    if (kind === "all") this.view = { ...this.whole };
    else this.#zoom(kind === "in" ? STEP : 1 / STEP);
    this.#show();
  }

  #key(event) {
    if (event.target !== this.frame || event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow) this.#pan(arrow[0] * PAN_SHARE * this.view.width, arrow[1] * PAN_SHARE * this.view.height);
    else if (event.key === "+" || event.key === "=") this.#zoom(STEP);
    else if (event.key === "-") this.#zoom(1 / STEP);
    else if (event.key === "0") this.view = { ...this.whole };
    else return;
    event.preventDefault();
    this.#show();
  }

  #wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return; // else the page would not scroll past the map
    event.preventDefault();
    this.#zoom(Math.exp(-event.deltaY / 300), this.#at(event));
    this.#show();
  }

  #down(event) {
    if (this.pointers.size === 0) this.way = 0;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }

  #move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before || (event.pointerType === "mouse" && event.buttons === 0)) return;
    const now = { x: event.clientX, y: event.clientY };
    this.way += Math.hypot(now.x - before.x, now.y - before.y);
    const others = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    this.pointers.set(event.pointerId, now);
    if (others.length === 1) {
      const [other] = others;
      const distance = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
      const middle = { clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 };
      this.#zoom(distance(now) / distance(before), this.#at(middle));
    } else if (others.length === 0 && this.way > MOVED_PX) {
      const scale = this.#metresAPixel();
      this.#pan((before.x - now.x) * scale, (before.y - now.y) * scale);
    }
    this.#show();
  }

  #metresAPixel() {
    return 1 / this.svg.getScreenCTM().a;
  }

  // A position of the window on the map, in metres.
  #at({ clientX, clientY }) {
    return new DOMPoint(clientX, clientY).matrixTransform(this.svg.getScreenCTM().inverse());
  }

  #zoom(factor, at = { x: this.view.x + this.view.width / 2, y: this.view.y + this.view.height / 2 }) {
    const { view, whole } = this;
    const width = Math.min(whole.width, Math.max(whole.width / MAX_ZOOM, view.width / factor));
    const scale = width / view.width;
    view.x = at.x - (at.x - view.x) * scale;
    view.y = at.y - (at.y - view.y) * scale;
    view.width = width;
    view.height *= scale;
    this.#pan(0, 0);
  }

  #pan(right, down) {
    const { view, whole } = this;
    const within = (value, size, room) => Math.min(Math.max(value, 0), room - size);
    view.x = within(view.x + right, view.width, whole.width);
    view.y = within(view.y + down, view.height, whole.height);
  }

  #show() {
    const { x, y, width, height } = this.view;
    this.svg.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
    const isWhole = width >= this.whole.width;
    this.svg.classList.toggle("is-zoomed", !isWhole); // a finger then moves the map, else the page
    for (const button of this.section.querySelectorAll("[data-zoom=out], [data-zoom=all]")) button.disabled = isWhole;
  }
}

for (const section of document.querySelectorAll("[data-map]")) new PlaceMap(section);
