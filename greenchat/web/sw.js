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

// What the server pushes is one message, as IRC has it: https://github.com/ircv3/ircv3-specifications/pull/471
self.addEventListener("push", (event) => {
  const line = event.data?.text() ?? "";
  const found = /^(?:@\S+ )?:([^ !]+)\S* (?:PRIVMSG|NOTICE) [~&@%+]*(\S+) :?(.*)$/s.exec(line);
  if (found) event.waitUntil(tell(...found.slice(1)));
});

async function tell(nick, target, said) {
  const pages = await self.clients.matchAll({ type: "window" });
  if (pages.some((page) => page.focused)) return; // it is read there
  const isChannel = target.startsWith("#");
  const text = said.replace(/^\x01ACTION |\x03(?:\d{1,2}(?:,\d{1,2})?)?|[\0-\x1f]/g, "").slice(0, 160);
  await registration.showNotification(isChannel ? `${nick} in ${target}` : nick, {
    body: text,
    tag: isChannel ? target : nick,
    icon: `${registration.scope}icons/icon.svg`,
    data: isChannel ? target : "",
  });
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data));
});

async function show(channel) {
  const [page] = await self.clients.matchAll({ type: "window" });
  if (page) return page.focus();
  return self.clients.openWindow(registration.scope + encodeURI(channel));
}

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
