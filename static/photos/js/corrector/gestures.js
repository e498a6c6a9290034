// What fingers do on the canvas of the corrector: a drag moves the picture, a tap does what the tool says; a drag that
// begins on a selected box moves or resizes it, and one with the lasso draws around boxes.

import { clamp, isInside } from "../picture/geometry.js";
import { CORNERS } from "../picture/painter.js";
import { Pointers } from "../picture/pointers.js";

const REACH_PX = { mouse: 4, pen: 8, touch: 16 }; // around a small box or a handle
const MIN_SIDE_PX = 2; // of a box, in px of the picture

export class Gestures extends Pointers {
  constructor(canvas, viewport, painter, findings, actions) {
    super(canvas, viewport, painter, () => actions.looked());
    Object.assign(this, { findings, actions });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  #reach(event) {
    return (REACH_PX[event.pointerType] ?? REACH_PX.mouse) / this.viewport.scale;
  }

  began(event, at, drag) {
    this.actions.pointing();
    const start = this.viewport.toPicture(at.x, at.y);
    Object.assign(drag, { kind: "pan", start, shift: event.shiftKey }, this.#kindOfDrag(event, start));
  }

  #kindOfDrag(event, start) {
    if (event.button === 1 || event.button === 2) return { isPanOnly: true };
    const handle = this.#handleAt(start, this.#reach(event));
    if (handle) return { ...handle, kind: "resize" };
    const box = this.findings.boxAt(start.x, start.y, this.#reach(event));
    if (box && this.painter.selection.has(box) && this.actions.tool !== "delete") {
      const boxes = [...this.painter.selection];
      return { kind: "move", boxes, origin: boxes.map(({ x, y }) => ({ x, y })) };
    }
    return this.actions.tool === "lasso" ? { kind: "lasso" } : {};
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

  dragged(drag, before, at) {
    const point = this.viewport.toPicture(at.x, at.y);
    if (drag.kind === "pan") super.dragged(drag, before, at);
    else if (drag.kind === "lasso") this.painter.lasso.push(point);
    else if (drag.kind === "move") drag.shift_by = this.#preview(drag, point.x - drag.start.x, point.y - drag.start.y);
    else drag.sides = this.#previewSides(drag, point);
  }

  // While they are dragged, boxes show where they would be; the edit is made when the finger leaves.
  #preview({ boxes, origin }, dx, dy) {
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
    const w = Math.min(Math.max((point.x - fixedX) * corner[0], MIN_SIDE_PX), this.findings.widthPx);
    const h = Math.min(Math.max((point.y - fixedY) * corner[1], MIN_SIDE_PX), this.findings.heightPx);
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

  tapped(drag, event, at) {
    if (drag.isPanOnly) return;
    this.actions.tap(this.viewport.toPicture(at.x, at.y), this.#reach(event), drag.shift || event.shiftKey);
  }

  ended(drag) {
    if (drag.kind === "move") this.#finishMove(drag);
    else if (drag.kind === "resize") this.#finishResize(drag);
    else if (drag.kind === "lasso") this.#finishLasso(drag.shift);
    else this.actions.looked();
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

  abandoned(drag) {
    this.painter.lasso = [];
    if (drag.kind === "move") drag.boxes.forEach((box, index) => Object.assign(box, drag.origin[index]));
    if (drag.kind === "resize") Object.assign(drag.box, drag.origin);
    this.painter.touch(drag.boxes ?? (drag.box ? [drag.box] : []));
  }
}
