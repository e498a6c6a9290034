// Photos that are not at the server yet, with all that is known of them, in IndexedDB: they survive a closed tab. Where
// the browser keeps nothing (a private window, a full disk), they live as long as the page, which then says so.

export const USER = "uploads-user"; // who was signed in last on this device: the page that opens offline does not know

const NAME = "demeter-uploads";
const PHOTOS = "photos";

const done = (request) =>
  new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });

function open() {
  const request = indexedDB.open(NAME, 1);
  request.addEventListener("upgradeneeded", () => request.result.createObjectStore(PHOTOS, { keyPath: "id" }));
  return done(request);
}

export class Store {
  constructor() {
    this.keeps = true;
    this.database = null;
  }

  async #photos(mode) {
    this.database ??= open();
    return (await this.database).transaction(PHOTOS, mode).objectStore(PHOTOS);
  }

  // Rows of this user: {id, user, file, name, sha256, batch, fields, url, paused, error}.
  async load(user) {
    try {
      const rows = await done((await this.#photos("readonly")).getAll());
      return rows.filter((row) => row.user === user);
    } catch {
      this.keeps = false;
      return [];
    }
  }

  // The copy of a photo, where there is one.
  async copyOf(id) {
    try {
      return (await done((await this.#photos("readonly")).get(id)))?.file;
    } catch {
      return undefined;
    }
  }

  async save(row) {
    if (!this.keeps) return;
    try {
      await done((await this.#photos("readwrite")).put(row));
    } catch {
      this.keeps = false;
    }
  }

  async remove(id) {
    if (!this.keeps) return;
    try {
      await done((await this.#photos("readwrite")).delete(id));
    } catch {
      this.keeps = false;
    }
  }
}
