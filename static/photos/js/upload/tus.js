// @ts-check
// Sending one file in chunks, after tus 1.0. docs/architecture.md tells why by a module of our own.

import { cookie } from "../../../demeter/js/cookies.js";

const VERSION = "1.0.0";
const CHUNK_TYPE = "application/offset+octet-stream";
const SILENCE_MS = 60000; // without a byte sent or answered

let pageUser = "";

// Whom the page belongs to, "" for nobody: the server takes nothing of it under the session of another.
export function actFor(user) {
  pageUser = user;
}

// An answer that is none, or (status 0) no answer at all.
export class Failed extends Error {
  constructor(status, answer, retryAfterS) {
    super(answer?.error ?? String(status));
    this.status = status;
    this.code = answer?.code ?? "";
    this.detail = answer?.detail ?? {};
    this.retryAfterMs = 1000 * (Number(retryAfterS) || 0);
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * XMLHttpRequest, for fetch does not say how much of a body is sent. Rejects with AbortError where the signal says so.
 * @param {string} method
 * @param {string} url
 * @param {{headers?: Record<string, string>, body?: XMLHttpRequestBodyInit | null, signal?: AbortSignal,
 *   onProgress?: (bytes: number) => void}} [options]
 * @returns {Promise<XMLHttpRequest>}
 */
function ask(method, url, { headers = {}, body = null, signal, onProgress = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let watch = 0;
    const hear = () => {
      clearTimeout(watch);
      watch = setTimeout(() => request.abort(), SILENCE_MS);
    };
    const cut = () => request.abort();
    request.open(method, url);
    const all = { Accept: "application/json", "Tus-Resumable": VERSION, "X-CSRFToken": cookie("csrftoken"), "X-Page-User": pageUser, ...headers };
    for (const [name, value] of Object.entries(all)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => {
      hear();
      onProgress(event.loaded);
    });
    request.addEventListener("readystatechange", hear);
    request.addEventListener("loadend", () => {
      clearTimeout(watch);
      signal?.removeEventListener("abort", cut);
      if (signal?.aborted) return reject(signal.reason);
      const { status } = request;
      if (status >= 200 && status < 300) return resolve(request);
      return reject(new Failed(status, parsed(request.responseText), status && request.getResponseHeader("Retry-After")));
    });
    signal?.addEventListener("abort", cut);
    hear();
    if (signal?.aborted) return reject(signal.reason);
    return request.send(body);
  });
}

const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

const offsetOf = (request) => Number(request.getResponseHeader("Upload-Offset"));

// Begin a file: {url, offset}. The offset is its size where the server has the photo already. The server's link is
// whole; of it the path is kept, for a page speaks to its own origin, whatever a proxy tells the server of that.
export async function create(endpoint, file, fields, signal) {
  const metadata = Object.entries(fields)
    .filter(([, value]) => value)
    .map(([key, value]) => `${key} ${base64(String(value))}`);
  const headers = { "Upload-Length": String(file.size), "Upload-Metadata": metadata.join(",") };
  const request = await ask("POST", endpoint, { headers, signal });
  const { pathname } = new URL(request.getResponseHeader("Location") ?? "", request.responseURL);
  return { url: pathname, offset: offsetOf(request) };
}

// How far a file has come.
export async function head(url, signal) {
  return offsetOf(await ask("HEAD", url, { signal }));
}

// Send bytes from an offset; returns where to go on.
export async function append(url, bytes, offset, { signal, onProgress }) {
  const headers = { "Content-Type": CHUNK_TYPE, "Upload-Offset": String(offset) };
  return offsetOf(await ask("PATCH", url, { headers, body: bytes, signal, onProgress }));
}

/**
 * What the server knows of the file, with its job once it is whole.
 * @returns {Promise<ApiShapes["ResumableUpload"]>}
 */
export async function state(url, signal) {
  return parsed((await ask("GET", url, { signal })).responseText);
}

// Give the file up.
export async function terminate(url) {
  await ask("DELETE", url);
}

// Which of these SHA-256 are photos that need not be sent.
export async function known(endpoint, sha256s) {
  const body = JSON.stringify({ sha256s });
  const request = await ask("POST", endpoint, { headers: { "Content-Type": "application/json" }, body });
  /** @type {ApiShapes["KnownPhotos"]} */
  const answer = parsed(request.responseText);
  return new Set(answer.known.map((photo) => photo.sha256));
}
