// Opens the upload page without a connection. It answers for that page and its files alone, and keeps no page of a person:
// what is shown offline is a page without a name, the same for everybody.
//
// The version is made of the contents of all files, so a change of any of them is a new cache; old ones are deleted.

const CACHE = "demeter-upload-{{ version }}";
const PAGE = "{{ page }}";
const SHELLS = {{ shells|safe }};
const ASSETS = new Set({{ assets|safe }});
const LANGUAGE = "/uploads/offline/language"; // under this name the cache keeps which language was read last
const PATIENCE_MS = 4000;

async function install() {
  const cache = await caches.open(CACHE);
  const fresh = (url) => new Request(url, { cache: "reload", credentials: "omit" });
  await cache.addAll([...Object.values(SHELLS), ...ASSETS].map(fresh));
  await self.skipWaiting();
}

async function activate() {
  for (const name of await caches.keys()) {
    if (name.startsWith("demeter-upload-") && name !== CACHE) await caches.delete(name);
  }
  await self.clients.claim();
}

async function noteLanguage(response) {
  const language = response.headers.get("Content-Language");
  if (!response.ok || !(language in SHELLS)) return;
  const cache = await caches.open(CACHE);
  await cache.put(LANGUAGE, new Response(language));
}

async function shell() {
  const cache = await caches.open(CACHE);
  const language = await (await cache.match(LANGUAGE))?.text();
  return cache.match(SHELLS[language] ?? Object.values(SHELLS)[0], { ignoreVary: true });
}

// Where there is a connection that brings nothing, the kept page is shown too: within a greenhouse that is what a weak
// signal is. Where none is kept, or a place is named that the kept page does not know, whatever comes is waited for.
async function page(event) {
  const answer = fetch(event.request);
  const namesPlace = new URL(event.request.url).search !== "";
  const late = new Promise((resolve) => { if (!namesPlace) setTimeout(resolve, PATIENCE_MS); });
  const response = await Promise.race([answer.catch(() => undefined), late]);
  if (!response) return (await shell()) ?? answer;
  event.waitUntil(noteLanguage(response));
  return response;
}

async function asset(request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(request.url, { ignoreVary: true })) ?? fetch(request);
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (url.pathname === PAGE) event.respondWith(page(event));
  } else if (ASSETS.has(url.pathname)) event.respondWith(asset(request));
});
