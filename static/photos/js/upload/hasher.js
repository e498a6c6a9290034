// Asks the worker for the SHA-256 of files. Without https a browser computes none: then it is "", and nothing waits.

export class Hasher {
  constructor(url) {
    this.waiting = new Map();
    this.worker = null;
    if (!globalThis.crypto?.subtle || !globalThis.Worker) return;
    this.worker = new Worker(url, { type: "module" });
    this.worker.addEventListener("message", ({ data }) => this.#answer(data.id, data.sha256));
    this.worker.addEventListener("error", () => this.#giveUp());
  }

  get works() {
    return this.worker !== null;
  }

  sha256Of(id, file) {
    if (!this.worker) return Promise.resolve("");
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.worker.postMessage({ id, file });
    });
  }

  #answer(id, sha256) {
    this.waiting.get(id)?.(sha256);
    this.waiting.delete(id);
  }

  #giveUp() {
    this.worker = null;
    for (const id of [...this.waiting.keys()]) this.#answer(id, "");
  }
}
