// Reads the QR code of a place with the camera, by the browser's own detector: there where a browser has one, as on
// Android. It needs https, and is not offered where something is missing.

const EVERY_MS = 200;

export const canReadCodes = () =>
  window.isSecureContext && "BarcodeDetector" in window && Boolean(navigator.mediaDevices?.getUserMedia);

export class QrReader {
  constructor(dialog) {
    this.dialog = dialog;
    this.video = dialog.querySelector("video");
    dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
  }

  // The text of the first code that the camera sees; "" if a person gives up. Rejects without a camera.
  async read() {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    try {
      this.video.srcObject = stream;
      this.dialog.showModal();
      await this.video.play();
      return await this.#firstCode(new window.BarcodeDetector({ formats: ["qr_code"] }));
    } finally {
      for (const track of stream.getTracks()) track.stop();
      this.video.srcObject = null;
      this.dialog.close();
    }
  }

  async #firstCode(detector) {
    while (this.dialog.open) {
      const [code] = await detector.detect(this.video).catch(() => []); // a frame that is not there yet
      if (code) return code.rawValue;
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
    return "";
  }
}
