// Caches the page itself, so that it opens and explains when the server is unreachable. No messages are cached.

const OURS = `greenchat-page ${registration.scope} `;
const CACHE = `${OURS}__VERSION__`; // another version of the page has another service worker

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(fill());
});
self.addEventListener("activate", (event) => event.waitUntil(Promise.all([self.clients.claim(), forgetOthers()])));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || !url.href.startsWith(registration.scope)) return;
  const path = url.href.slice(registration.scope.length).replace(/[?#].*$/, "");
  if (!/^$|^join\/|^(v|icons)\/|\.(webmanifest|html)$|^config\.json$/.test(path)) return;
  event.respondWith(answer(request));
});

// A push is one message of IRC: https://github.com/ircv3/ircv3-specifications/pull/471
self.addEventListener("push", (event) => {
  const line = event.data?.text() ?? "";
  const match = /^(?:@\S+ )?:([^ !]+)\S* (?:PRIVMSG|NOTICE) [~&@%+]*(\S+) :?(.*)$/s.exec(line);
  if (match) event.waitUntil(tell(...match.slice(1)));
});

async function tell(nick, target, said) {
  const pages = await self.clients.matchAll({ type: "window" });
  if (pages.some((page) => page.focused)) return; // the page shows it
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

/** Cache the present page: its index document names all modules. */
async function fill() {
  const cache = await caches.open(CACHE);
  const shell = await fetch(registration.scope, { cache: "no-cache" });
  const text = await shell.clone().text();
  const parts = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, path]) => new URL(path, registration.scope).href);
  await cache.put(registration.scope, shell);
  await cache.addAll([...new Set(parts), new URL("config.json", registration.scope).href]);
}

/** Delete the caches of other versions, but not those of other pages of this host. */
async function forgetOthers() {
  const names = await caches.keys();
  const others = names.filter((name) => name.startsWith(OURS) && name !== CACHE);
  await Promise.all(others.map((name) => caches.delete(name)));
}

/** Return the server's answer and cache it; without one, or if it never changes, return the cached answer. */
async function answer(request) {
  const cache = await caches.open(CACHE);
  const key = request.mode === "navigate" ? registration.scope : request; // each page's address: the same document
  const kept = await cache.match(key, { ignoreSearch: true, ignoreVary: true });
  if (kept && neverChanges(kept)) return kept;
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(key, response.clone());
    return response;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

/** Whether the server says so: while it is upgraded, the address of the new version may still give an old file. */
const neverChanges = (response) => response.headers.get("Cache-Control")?.includes("immutable") ?? false;
