// Keeps the page itself for when the server is away, so that it opens and says so. Nothing that anybody said is kept here.

const CACHE = "greenchat-page";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || !url.href.startsWith(registration.scope)) return;
  const path = url.href.slice(registration.scope.length).replace(/[?#].*$/, "");
  if (!/^$|^(core|view|vendor|icons)\/|\.(js|css|webmanifest|html)$|^config\.json$/.test(path)) return;
  event.respondWith(answer(request));
});

/** The server's answer, which is kept; what was kept where there is none. */
async function answer(request) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request, { ignoreSearch: true, ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}
