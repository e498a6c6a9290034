// Mouse, pen and fingers on the canvas. One finger that drags moves the picture, two zoom it, a tap does what the tool
// says; a drag that begins on a selected box moves or resizes it, and one with the lasso draws around boxes.

import { clamp, isInside } from "./geometry.js";
import { CORNERS } from "./painter.js";

const TAP_PX = 8; // CSS px that a finger may slip
const REACH_PX = { mouse: 4, pen: 8, touch: 16 }; // around a small box or a handle
const LEAST_SIDE_PX = 2; // of a box, in px of the picture

export class Gestures {
  constructor(canvas, viewport, painter, findings, actions) {
    Object.assign(this, { canvas, viewport, painter, findings, actions });
    this.pointers = new Map();
    this.drag = null;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#cancel(event));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  #at(event) {
    const frame = this.canvas.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  }

  #reach(event) {
    return (REACH_PX[event.pointerType] ?? REACH_PX.mouse) / this.viewport.scale;
  }

  #down(event) {
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    const at = this.#at(event);
    this.pointers.set(event.pointerId, at);
    if (this.pointers.size === 1) this.drag = this.#beginDrag(event, at);
    else this.#abandonDrag(); // a second finger: pinch
    this.actions.pointing();
  }

  #beginDrag(event, at) {
    const start = this.viewport.toPicture(at.x, at.y);
    const drag = { kind: "pan", from: at, start, moved: false, shift: event.shiftKey };
    if (event.button === 1 || event.button === 2) return { ...drag, isPanOnly: true };
    const handle = this.#handleAt(start, this.#reach(event));
    if (handle) return { ...drag, ...handle, kind: "resize" };
    const box = this.findings.boxAt(start.x, start.y, this.#reach(event));
    if (box && this.painter.selection.has(box) && this.actions.tool !== "delete") {
      const boxes = [...this.painter.selection];
      return { ...drag, kind: "move", boxes, origin: boxes.map(({ x, y }) => ({ x, y })) };
    }
    if (this.actions.tool === "lasso") return { ...drag, kind: "lasso" };
    return drag;
  }

  #handleAt(point, reach) {
    const [box] = this.painter.selection.size === 1 ? this.painter.selection : [];
    if (!box) return null;
    const corner = CORNERS.find(
      ([dx, dy]) =>
        Math.abs(box.x + (dx * box.w) / 2 - point.x) <= reach && Math.abs(box.y + (dy * box.h) / 2 - point.y) <= reach,
    );
    // A box smaller than a finger is moved, not resized, when its middle is touched.
    const isMiddle = Math.abs(point.x - box.x) < box.w / 4 && Math.abs(point.y - box.y) < box.h / 4;
    return corner && !isMiddle ? { box, corner, origin: { x: box.x, y: box.y, w: box.w, h: box.h } } : null;
  }

  #move(event) {
    if (!this.pointers.has(event.pointerId)) return;
    const at = this.#at(event);
    const before = this.pointers.get(event.pointerId);
    this.pointers.set(event.pointerId, at);
    if (this.pointers.size === 2) this.#pinch(event.pointerId, before, at);
    else if (this.drag && this.pointers.size === 1) this.#dragTo(before, at);
    this.painter.request();
  }

  #dragTo(before, at) {
    const { drag } = this;
    drag.moved ||= Math.hypot(at.x - drag.from.x, at.y - drag.from.y) > TAP_PX;
    if (!drag.moved) return;
    const point = this.viewport.toPicture(at.x, at.y);
    const dx = point.x - drag.start.x;
    const dy = point.y - drag.start.y;
    if (drag.kind === "pan") this.viewport.panBy(at.x - before.x, at.y - before.y);
    else if (drag.kind === "lasso") this.painter.lasso.push(point);
    else if (drag.kind === "move") drag.shift_by = this.#preview(drag.boxes, drag.origin, dx, dy);
    else drag.sides = this.#previewSides(drag, point);
  }

  // While they are dragged, boxes show where they would be; the edit is made when the finger leaves.
  #preview(boxes, origin, dx, dy) {
    boxes.forEach((box, index) => {
      box.x = clamp(origin[index].x + dx, 0, this.findings.widthPx);
      box.y = clamp(origin[index].y + dy, 0, this.findings.heightPx);
    });
    this.painter.touch(boxes);
    return { dx, dy };
  }

  #previewSides({ box, corner, origin }, point) {
    const fixedX = origin.x - (corner[0] * origin.w) / 2;
    const fixedY = origin.y - (corner[1] * origin.h) / 2;
    const w = Math.min(Math.max((point.x - fixedX) * corner[0], LEAST_SIDE_PX), this.findings.widthPx);
    const h = Math.min(Math.max((point.y - fixedY) * corner[1], LEAST_SIDE_PX), this.findings.heightPx);
    const sides = {
      w,
      h,
      x: clamp(fixedX + (corner[0] * w) / 2, 0, this.findings.widthPx),
      y: clamp(fixedY + (corner[1] * h) / 2, 0, this.findings.heightPx),
    };
    Object.assign(box, sides);
    this.painter.touch([box]);
    return sides;
  }

  #pinch(id, before, at) {
    const [other] = [...this.pointers].filter(([key]) => key !== id).map(([, point]) => point);
    const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    const is = Math.hypot(at.x - other.x, at.y - other.y);
    this.viewport.panBy((at.x - before.x) / 2, (at.y - before.y) / 2);
    if (was > 0) this.viewport.zoomAt(middle.x, middle.y, is / was);
    this.actions.looked();
  }

  #up(event) {
    const { drag } = this;
    this.pointers.delete(event.pointerId);
    this.drag = null;
    if (!drag) return;
    const point = this.viewport.toPicture(this.#at(event).x, this.#at(event).y);
    if (!drag.moved) {
      if (!drag.isPanOnly) this.actions.tap(point, this.#reach(event), drag.shift || event.shiftKey);
    } else if (drag.kind === "move") this.#finishMove(drag);
    else if (drag.kind === "resize") this.#finishResize(drag);
    else if (drag.kind === "lasso") this.#finishLasso(drag.shift);
    else this.actions.looked();
    this.painter.request();
  }

  #finishMove({ boxes, origin, shift_by: by }) {
    boxes.forEach((box, index) => Object.assign(box, origin[index]));
    if (!by) return;
    this.findings.edit(boxes, (box) => ({
      x: clamp(box.x + by.dx, 0, this.findings.widthPx),
      y: clamp(box.y + by.dy, 0, this.findings.heightPx),
    }));
  }

  #finishResize({ box, origin, sides }) {
    Object.assign(box, origin);
    if (sides) this.findings.edit([box], () => sides);
  }

  #finishLasso(isAdding) {
    const ring = this.painter.lasso.map(({ x, y }) => [x, y]);
    this.painter.lasso = [];
    const inside = [...this.findings.boxes.values()].filter((box) => !box.deleted && isInside(box.x, box.y, [ring]));
    this.actions.select(inside, isAdding);
  }

  #cancel(event) {
    this.pointers.delete(event.pointerId);
    this.#abandonDrag();
  }

  #abandonDrag() {
    const { drag } = this;
    this.drag = null;
    this.painter.lasso = [];
    if (drag?.kind === "move") drag.boxes.forEach((box, index) => Object.assign(box, drag.origin[index]));
    if (drag?.kind === "resize") Object.assign(drag.box, drag.origin);
    this.painter.touch(drag?.boxes ?? (drag?.box ? [drag.box] : []));
    this.painter.request();
  }

  #wheel(event) {
    event.preventDefault();
    const at = this.#at(event);
    const pixels = event.deltaMode === 1 ? 16 : 1; // some mice tell lines
    this.viewport.zoomAt(at.x, at.y, Math.exp(-event.deltaY * pixels * (event.ctrlKey ? 0.01 : 0.0015)));
    this.actions.looked();
    this.painter.request();
  }
}
