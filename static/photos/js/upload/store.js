// Photos that are not at the server yet, with all that is known of them, in IndexedDB: they survive a closed tab. Where
// the browser keeps nothing (a private window, a full disk), they live as long as the page, which then says so.

export const USER = "uploads-user"; // who was signed in last on this device: the page that opens offline does not know
export const NOBODY = ""; // whose photos are those that were chosen while nobody was known

const NAME = "demeter-uploads";
const PHOTOS = "photos";

function open() {
  const request = indexedDB.open(NAME, 1);
  request.addEventListener("upgradeneeded", () => request.result.createObjectStore(PHOTOS, { keyPath: "id" }));
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}

export class Store {
  constructor() {
    this.keeps = true;
    this.database = null;
  }

  // What a request answers once its transaction is complete: files are written last, and a full disk is told only then.
  async #in(mode, ask) {
    this.database ??= open();
    const transaction = (await this.database).transaction(PHOTOS, mode);
    const request = ask(transaction.objectStore(PHOTOS));
    return new Promise((resolve, reject) => {
      transaction.addEventListener("complete", () => resolve(request.result));
      transaction.addEventListener("abort", () => reject(transaction.error));
    });
  }

  // Rows of these users: {id, user, file, name, sha256, batch, fields, url, paused, error}.
  async load(...users) {
    try {
      const rows = await this.#in("readonly", (photos) => photos.getAll());
      return rows.filter((row) => users.includes(row.user));
    } catch {
      this.keeps = false;
      return [];
    }
  }

  // The copy of a photo, where there is one.
  async copyOf(id) {
    try {
      return (await this.#in("readonly", (photos) => photos.get(id)))?.file;
    } catch {
      return undefined;
    }
  }

  async save(row) {
    if (!this.keeps) return;
    try {
      await this.#in("readwrite", (photos) => photos.put(row));
    } catch {
      this.keeps = false;
    }
  }

  // Also where nothing more is kept: what has arrived makes room on a full disk.
  async remove(id) {
    try {
      await this.#in("readwrite", (photos) => photos.delete(id));
    } catch {
      this.keeps = false;
    }
  }
}
