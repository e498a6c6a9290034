// @ts-check
// Reads the QR label of a place. With the camera where the page may use it, which needs https: by the browser's own
// detector, as on Android, else by the server, to which small grey frames go (an iPhone's browser has no detector). Over
// plain http by a picture that the phone's camera app takes.

import { cookie } from "../../../demeter/js/cookies.js";

const EVERY_MS = 200;
const ASK_EVERY_MS = 700;
const FRAME_PX = 1024; // longest side: a label that fills a tenth of it has modules of 3 px or more
const STILL_PX = 1600;
const QUALITY = 0.8;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const canUseCamera = () => window.isSecureContext && Boolean(navigator.mediaDevices?.getUserMedia);

/**
 * A small grey copy as a JPEG: colours tell nothing of a label.
 * @param {CanvasImageSource} source
 * @param {{width: number, height: number, longestPx: number}} size
 * @returns {Promise<Blob | null>}
 */
function greyJpeg(source, { width, height, longestPx }) {
  const share = Math.min(1, longestPx / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * share));
  canvas.height = Math.max(1, Math.round(height * share));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  const { data } = pixels;
  for (let at = 0; at < data.length; at += 4) data[at] = data[at + 2] = data[at + 1];
  context.putImageData(pixels, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}

/** Of a picture that this browser cannot decode, the file itself. */
async function smallCopy(file) {
  try {
    const picture = await createImageBitmap(file);
    return (await greyJpeg(picture, { width: picture.width, height: picture.height, longestPx: STILL_PX })) ?? file;
  } catch {
    return file;
  }
}

/**
 * Which places the labels in a picture name; null where the server cannot say it now, with how long to wait.
 * @param {string} url
 * @param {Blob} picture
 * @returns {Promise<{answer: ApiShapes["Label"] | null, status: number, waitMs: number}>}
 */
async function askServer(url, picture) {
  const body = new FormData();
  body.append("file", picture, "label.jpg");
  const headers = { Accept: "application/json", "X-CSRFToken": cookie("csrftoken") };
  const response = await fetch(url, { method: "POST", credentials: "same-origin", headers, body });
  if (response.status === 401 || response.status === 403) throw new Error("signed_out");
  const waitMs = 1000 * Number(response.headers.get("Retry-After") ?? 0);
  return { answer: response.ok ? await response.json() : null, status: response.status, waitMs };
}

export class LabelReader {
  /**
   * @param {HTMLElement} box the field of the place, with the dialog of the camera and the picker of a picture
   * @param {() => void} onPicture called when a picture was taken, and is read
   */
  constructor(box, onPicture) {
    this.url = /** @type {string} */ (box.dataset.label);
    this.dialog = /** @type {HTMLDialogElement} */ (box.querySelector("dialog"));
    this.video = /** @type {HTMLVideoElement} */ (this.dialog.querySelector("video"));
    this.told = /** @type {HTMLElement} */ (this.dialog.querySelector("[data-scan-told]"));
    this.picker = /** @type {HTMLInputElement} */ (box.querySelector("[data-label-picture]"));
    this.textAway = this.told.dataset.away ?? "";
    this.onPicture = onPicture;
    this.isRefused = false; // no camera, or it was not allowed
    this.dialog.querySelector("[data-cancel]")?.addEventListener("click", () => this.dialog.close());
  }

  /**
   * What the browser read, or what the server says of it; null if a person gives up. Rejects with a message that is the
   * code of a text.
   * @returns {Promise<{text: string} | ApiShapes["Label"] | null>}
   */
  read() {
    return canUseCamera() && !this.isRefused ? this.#readWithCamera() : this.#readPicture();
  }

  async #readWithCamera() {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }).catch(() => null);
    if (!stream) {
      this.isRefused = true;
      throw new Error("no_camera");
    }
    try {
      this.video.srcObject = stream;
      this.told.textContent = "";
      this.dialog.showModal();
      await this.video.play();
      return await ("BarcodeDetector" in window ? this.#detect() : this.#askWithFrames());
    } finally {
      for (const track of stream.getTracks()) track.stop();
      this.video.srcObject = null;
      this.dialog.close();
    }
  }

  async #detect() {
    // @ts-ignore - not every browser has it, so the types of TypeScript do not
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    while (this.dialog.open) {
      const [code] = await detector.detect(this.video).catch(() => []); // a frame that is not there yet
      if (code?.rawValue) return { text: code.rawValue };
      await pause(EVERY_MS);
    }
    return null;
  }

  async #askWithFrames() {
    while (this.dialog.open) {
      const { videoWidth: width, videoHeight: height } = this.video;
      const frame = width ? await greyJpeg(this.video, { width, height, longestPx: FRAME_PX }) : null;
      const asked = frame && await askServer(this.url, frame).catch((error) => {
        if (error.message === "signed_out") throw error;
        return { answer: null, status: 0, waitMs: 0 }; // the signal comes back, or a person gives up
      });
      if (asked?.answer?.code_count) return asked.answer;
      this.told.textContent = asked && !asked.answer ? this.textAway : "";
      await pause(Math.max(ASK_EVERY_MS, asked?.waitMs ?? 0));
    }
    return null;
  }

  /** @returns {Promise<ApiShapes["Label"] | null>} */
  async #readPicture() {
    const file = await this.#pick();
    if (!file) return null;
    this.onPicture();
    const { answer, status } = await askServer(this.url, await smallCopy(file));
    if (answer) return answer;
    if (status === 400 || status === 413) return { code_count: 0, locations: [] };
    throw new Error("away");
  }

  /** @returns {Promise<File | undefined>} */
  #pick() {
    this.giveUp?.(); // older browsers do not tell that a person chose nothing
    this.picker.value = "";
    return new Promise((resolve) => {
      this.giveUp = () => resolve(undefined);
      this.picker.onchange = () => resolve(this.picker.files?.[0]);
      this.picker.oncancel = this.giveUp;
      this.picker.click();
    });
  }
}
