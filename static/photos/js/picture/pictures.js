// A picture in its sizes: what is small is shown first, the full one once it is looked at more closely than that.

const ASK_MS = 1000; // longer with each time: a photo is made anew in seconds, or when a worker is back
const ASK_MAX_MS = 15_000;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Pictures {
  // element: as large as the picture in px, with two <img>. addresses: {thumbnail, picture, full, fullAskedAt}, each may
  // be missing. fullAskedAt: where the full one is asked for, which has it made. changed: told the state, "small",
  // "loading", "full", "failed" (the full one) or "none".
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
    const { thumbnail, picture, full, fullAskedAt } = this.addresses;
    if (thumbnail) this.below.src = thumbnail;
    const sized = picture ?? full;
    this.isFullAsked = full ? sized === full : !fullAskedAt;
    if (sized) this.#show(sized, this.isFullAsked && Boolean(full));
    else this.changed(thumbnail ? "small" : "none");
  }

  // Call it after the view has changed.
  looked() {
    const { viewport } = this;
    const isClose = viewport.scale * (window.devicePixelRatio || 1) > this.shownScale && !viewport.isFitted;
    if (this.isFullAsked || !isClose) return;
    this.isFullAsked = true;
    this.changed("loading");
    if (this.addresses.full) this.#show(this.addresses.full, true);
    else this.#showWhenMade();
  }

  async #showWhenMade() {
    try {
      for (let wait = ASK_MS; ; wait = Math.min(wait * 1.5, ASK_MAX_MS)) {
        const response = await fetch(this.addresses.fullAskedAt, { credentials: "same-origin" });
        if (!response.ok) throw new Error(String(response.status));
        const { url, is_broken: isBroken } = await response.json();
        if (url) return await this.#show(url, true);
        if (isBroken) return this.changed("failed");
        await pause(wait);
      }
    } catch {
      this.isFullAsked = false; // once more at the next look
      return this.changed("failed");
    }
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
