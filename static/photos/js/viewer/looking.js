// Fingers and wheel on a picture that is only looked at. As long as the whole of it is shown the page scrolls under
// them; a double tap goes to its full size and back.

import { Pointers } from "../picture/pointers.js";

const DOUBLE_TAP_MS = 350;
const DOUBLE_TAP_PX = 30;

export class Looking extends Pointers {
  constructor(canvas, viewport, painter, looked) {
    super(canvas, viewport, painter, looked);
    this.lastTap = null;
  }

  lets(event) {
    return this.viewport.isFitted && event.deltaY > 0 && !event.ctrlKey;
  }

  ended() {
    this.looked();
  }

  tapped(_drag, event, at) {
    const last = this.lastTap;
    const isDouble = last && event.timeStamp - last.time < DOUBLE_TAP_MS && Math.hypot(at.x - last.x, at.y - last.y) < DOUBLE_TAP_PX;
    this.lastTap = isDouble ? null : { ...at, time: event.timeStamp };
    if (isDouble) this.toggleZoom(at);
  }

  toggleZoom(at) {
    const { viewport } = this;
    const full = 1 / (window.devicePixelRatio || 1);
    if (!viewport.isFitted) viewport.fit();
    else viewport.zoomAt(at.x, at.y, Math.max(full / viewport.scale, 2));
    this.looked();
    this.painter.request();
  }
}
