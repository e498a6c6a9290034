// Where on the screen the picture lies: screen = picture × scale + (x, y). Sizes in CSS pixels.

import { clamp } from "./geometry.js";

const CLOSEST = 16; // CSS px for one px of the picture

export class Viewport {
  // `margin`: the share of the window that may be empty beside the picture; `least`: the smallest scale, in times of the
  // one at which the whole picture fits.
  constructor(widthPx, heightPx, { margin = 0.5, least = 0.8 } = {}) {
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    this.margin = margin;
    this.least = least;
    this.width = this.height = 1;
    this.scale = 1;
    this.x = this.y = 0;
  }

  resize(width, height) {
    const middle = this.toPicture(this.width / 2, this.height / 2);
    const wasFitted = this.width <= 1 || this.isFitted;
    this.width = width;
    this.height = height;
    if (wasFitted) this.fit();
    else this.centre(middle.x, middle.y);
  }

  get fitScale() {
    return Math.min(this.width / this.widthPx, this.height / this.heightPx);
  }

  get isFitted() {
    return Math.abs(this.scale / this.fitScale - 1) < 1e-3;
  }

  fit() {
    this.scale = this.fitScale;
    this.x = (this.width - this.widthPx * this.scale) / 2;
    this.y = (this.height - this.heightPx * this.scale) / 2;
  }

  centre(x, y, scale = this.scale) {
    this.scale = this.#bounded(scale);
    this.x = this.width / 2 - x * this.scale;
    this.y = this.height / 2 - y * this.scale;
    this.#keepInSight();
  }

  panBy(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.#keepInSight();
  }

  // Zoom so that the point of the screen (x, y) stays where it is.
  zoomAt(x, y, factor) {
    const before = this.toPicture(x, y);
    this.scale = this.#bounded(this.scale * factor);
    this.x = x - before.x * this.scale;
    this.y = y - before.y * this.scale;
    this.#keepInSight();
  }

  toPicture(x, y) {
    return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale };
  }

  #bounded(scale) {
    return clamp(scale, this.fitScale * this.least, Math.max(CLOSEST, this.fitScale * 4));
  }

  #keepInSight() {
    this.x = this.#inSight(this.x, this.widthPx * this.scale, this.width);
    this.y = this.#inSight(this.y, this.heightPx * this.scale, this.height);
  }

  #inSight(at, side, window) {
    const [least, most] = [window * (1 - this.margin) - side, window * this.margin];
    return least > most ? (window - side) / 2 : clamp(at, least, most);
  }
}
