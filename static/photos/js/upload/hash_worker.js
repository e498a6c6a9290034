// The SHA-256 of files, off the page's own thread, one after the other: a photo is read as a whole.

const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

let last = Promise.resolve();

async function hash(id, file) {
  try {
    self.postMessage({ id, sha256: hex(await crypto.subtle.digest("SHA-256", await file.arrayBuffer())) });
  } catch {
    self.postMessage({ id, sha256: "" }); // it goes on without one: the server computes its own
  }
}

self.addEventListener("message", ({ data }) => {
  last = last.then(() => hash(data.id, data.file));
});
