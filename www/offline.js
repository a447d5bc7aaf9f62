// Keeps the whole page, so that it opens without a network. `cargo xtask build` makes `dist/sw.js` of this file:
// it puts the list of the page's files and a digest of their contents, FILES and VERSION, in front of it.

/* global FILES, VERSION */

const PREFIX = 'sdann-';
const CACHE = PREFIX + VERSION;

// All files of a build or none. What is open goes on; the next page that is loaded is of this build.
self.addEventListener('install', (event) => {
  self.skipWaiting();
  const fresh = (file) => new Request(file, { cache: 'reload' });
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES.map(fresh))));
});

// The build before stays one turn longer, for windows that were opened with it: its programs have other names.
self.addEventListener('activate', (event) => {
  const tidy = async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
    await Promise.all(names.slice(0, -1).map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(self.registration.scope)) return;
  event.respondWith(answer(request));
});

async function answer(request) {
  const kept = await caches.open(CACHE);
  // Settings stand behind the question mark; the document is the same.
  const found = (cache) => cache.match(request, { ignoreSearch: true });
  return (await found(kept)) ?? (await found(caches)) ?? fetch(request);
}
