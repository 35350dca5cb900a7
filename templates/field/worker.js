/* Keeps the kiosk's page, style, scripts and recordings, so that it opens with the network gone. Answers go elsewhere. */

const SHELL = "kiosk-shell-{{ version }}";
const HEARD = "kiosk-recordings";
const PAGE = "/kiosk/";
const FILES = [
  PAGE, "/kiosk/style.css", "/kiosk/manifest.webmanifest", "/static/fonts/noto-sans-khmer.woff2",
  ...["screen", "queue", "contact", "store", "crypto", "code", "idle", "form", "doors", "door_screens"].map((name) => `/static/kiosk/${name}.js`),
];

self.addEventListener("install", (event) => {
  const fresh = FILES.map((url) => new Request(url, { cache: "reload" }));
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(fresh)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOld().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.method !== "GET") return;
  if (pathname.startsWith("/recordings/")) event.respondWith(listen(pathname));
  else if (FILES.includes(pathname)) event.respondWith(find(event.request));
});

async function forgetOld() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== SHELL && name !== HEARD).map((name) => caches.delete(name)));
}

async function find(request) {
  const kept = await caches.open(SHELL).then((cache) => cache.match(request, { ignoreSearch: true }));
  return kept || fetch(request);
}

/** A recording never changes under its name. It is fetched whole, whatever part the player asks for. */
async function listen(pathname) {
  const cache = await caches.open(HEARD);
  const kept = await cache.match(pathname);
  if (kept) return kept;
  const answer = await fetch(pathname);
  if (answer.ok) await cache.put(pathname, answer.clone());
  return answer;
}
