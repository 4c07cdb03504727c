// Keeps the page itself for when the server is away, so that it opens and says so. Nothing that anybody said is kept here.

const CACHE = "greenchat-page";

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(fill());
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || !url.href.startsWith(registration.scope)) return;
  const path = url.href.slice(registration.scope.length).replace(/[?#].*$/, "");
  if (!/^$|^join\/|^(core|view|vendor|icons)\/|\.(js|css|webmanifest|html)$|^config\.json$/.test(path)) return;
  event.respondWith(answer(request));
});

/** Keep the page as it is now: its first document names all of its parts. */
async function fill() {
  const cache = await caches.open(CACHE);
  const shell = await fetch(registration.scope, { cache: "no-cache" });
  const text = await shell.clone().text();
  const parts = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path]) => new URL(path, registration.scope).href);
  await cache.put(registration.scope, shell);
  await cache.addAll([...new Set(parts), new URL("config.json", registration.scope).href]);
}

/** The server's answer, which is kept; what was kept where there is none. */
async function answer(request) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const isPage = request.mode === "navigate"; // every address of the page is the same document
    const kept = await cache.match(isPage ? registration.scope : request, { ignoreSearch: true, ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}
