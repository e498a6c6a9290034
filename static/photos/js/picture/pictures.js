// A picture in its sizes: what is small is shown first, the full one once it is looked at more closely than that.

export class Pictures {
  // element: as large as the picture in px, with two <img>. addresses: {thumbnail, picture, full}, each may be missing.
  // changed: told the state, "small", "loading", "full", "failed" (the full one) or "none".
  constructor(element, viewport, addresses, changed = () => {}) {
    [this.below, this.above] = element.querySelectorAll("img");
    this.viewport = viewport;
    this.addresses = addresses;
    this.changed = changed;
    this.shownScale = 0; // px of the best picture shown for one px of the photo
    this.isFullAsked = false;
    element.style.width = `${viewport.widthPx}px`;
    element.style.height = `${viewport.heightPx}px`;
  }

  start() {
    const { thumbnail, picture, full } = this.addresses;
    if (thumbnail) this.below.src = thumbnail;
    const sized = picture ?? full;
    this.isFullAsked = !full || sized === full;
    if (sized) this.#show(sized, this.isFullAsked && Boolean(full));
    else this.changed(thumbnail ? "small" : "none");
  }

  // Call it after the view has changed.
  looked() {
    const { full } = this.addresses;
    const { viewport } = this;
    const isClose = viewport.scale * (window.devicePixelRatio || 1) > this.shownScale && !viewport.isFitted;
    if (!full || this.isFullAsked || !isClose) return;
    this.isFullAsked = true;
    this.changed("loading");
    this.#show(full, true);
  }

  async #show(address, isFull) {
    const next = new Image();
    next.decoding = "async";
    next.src = address;
    try {
      await next.decode();
    } catch {
      if (isFull) this.isFullAsked = false; // once more at the next look
      this.changed(this.above.getAttribute("src") ? "failed" : "none");
      return;
    }
    const scale = next.naturalWidth / this.viewport.widthPx;
    if (scale < this.shownScale) return; // a larger one was faster
    this.shownScale = scale;
    this.above.src = address;
    this.changed(isFull ? "full" : "small");
  }
}
