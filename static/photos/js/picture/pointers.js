// Mouse, pen and fingers on a canvas: one finger drags, two zoom, the wheel zooms. What a drag does, and what a tap,
// say the classes that extend this one.

const TAP_PX = 8; // CSS px that a finger may slip

export class Pointers {
  constructor(canvas, viewport, painter, looked) {
    Object.assign(this, { canvas, viewport, painter, looked });
    this.pointers = new Map();
    this.drag = null;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#cancel(event));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  // ── what others say; a drag has {from, moved} and what its beginning adds ──
  began(_event, _at, _drag) {}

  dragged(_drag, before, at) {
    this.viewport.panBy(at.x - before.x, at.y - before.y);
  }

  ended(_drag, _event, _at) {}

  tapped(_drag, _event, _at) {}

  abandoned(_drag) {}

  // Whether the page may scroll under the wheel instead.
  lets(_event) {
    return false;
  }

  at(event) {
    const frame = this.canvas.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  }

  #down(event) {
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    const at = this.at(event);
    this.pointers.set(event.pointerId, at);
    if (this.pointers.size > 1) return this.#abandon(); // a second finger: pinch
    this.drag = { from: at, moved: false };
    this.began(event, at, this.drag);
    return undefined;
  }

  #move(event) {
    if (!this.pointers.has(event.pointerId)) return;
    const at = this.at(event);
    const before = this.pointers.get(event.pointerId);
    this.pointers.set(event.pointerId, at);
    if (this.pointers.size === 2) this.#pinch(event.pointerId, before, at);
    else if (this.drag && this.pointers.size === 1) {
      this.drag.moved ||= Math.hypot(at.x - this.drag.from.x, at.y - this.drag.from.y) > TAP_PX;
      if (this.drag.moved) this.dragged(this.drag, before, at);
    }
    this.painter.request();
  }

  #pinch(id, before, at) {
    const [other] = [...this.pointers].filter(([key]) => key !== id).map(([, point]) => point);
    const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    const is = Math.hypot(at.x - other.x, at.y - other.y);
    this.viewport.panBy((at.x - before.x) / 2, (at.y - before.y) / 2);
    if (was > 0) this.viewport.zoomAt(middle.x, middle.y, is / was);
    this.looked();
  }

  #up(event) {
    const { drag } = this;
    this.pointers.delete(event.pointerId);
    this.drag = null;
    if (!drag) return;
    if (drag.moved) this.ended(drag, event, this.at(event));
    else this.tapped(drag, event, this.at(event));
    this.painter.request();
  }

  #cancel(event) {
    this.pointers.delete(event.pointerId);
    this.#abandon();
  }

  #abandon() {
    const { drag } = this;
    this.drag = null;
    if (drag) this.abandoned(drag);
    this.painter.request();
  }

  #wheel(event) {
    if (this.lets(event)) return;
    event.preventDefault();
    const at = this.at(event);
    const pixels = event.deltaMode === 1 ? 16 : 1; // some mice tell lines
    this.viewport.zoomAt(at.x, at.y, Math.exp(-event.deltaY * pixels * (event.ctrlKey ? 0.01 : 0.0015)));
    this.looked();
    this.painter.request();
  }
}
