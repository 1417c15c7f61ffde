// Keeps the site in the browser, for the second visit and for visits without a network.
//
// Each release of the site has a name of its own (VERSION). What was fetched once is answered from
// the cache of this release; when a new release is found, the old cache goes. JupyterLite's worker
// comes second: it answers what the kernel asks of the files in the page.
// Source: W3C, Service Workers, "Caches"; JupyterLite's documentation, "Service Worker".
(() => { // JupyterLite's worker has names of its own
  const VERSION = "{{version}}";
  const FAMILY = "introduction-to-kubernetes-";
  const CACHE = FAMILY + VERSION;
  const HERE = new URL("./", self.location);
  const VIRTUAL = ["api/drive", "api/stdin", "api/service-worker", "service-worker.js"];
  const underWay = new Map(); // by address: who asks a second time waits for the first answer

  function keyOf(address) {
    const url = new URL(address);
    return url.origin + url.pathname; // a query opens a notebook, or names a version: not a file
  }

  function isOurs(request) {
    const url = new URL(request.url);
    const here = url.origin === HERE.origin && url.pathname.startsWith(HERE.pathname);
    const path = url.pathname.slice(HERE.pathname.length);
    return request.method === "GET" && here && !VIRTUAL.some((each) => path.startsWith(each));
  }

  async function fetched(key) {
    // The host is asked whether what the browser has is still new: files of two releases do not fit.
    const response = await fetch(key, { cache: "no-cache" });
    if (response.redirected) { // a folder without its slash
      underWay.delete(key);
      return Response.redirect(response.url);
    }
    if (response.ok) {
      const kept = response.clone();
      const cache = await caches.open(CACHE);
      cache.put(key, kept).finally(() => underWay.delete(key));
    } else {
      underWay.delete(key);
    }
    return response;
  }

  async function answer(address) {
    const key = keyOf(address);
    const cache = await caches.open(CACHE);
    const kept = await cache.match(key);
    if (kept) return kept;
    if (!underWay.has(key)) {
      const first = fetched(key);
      first.catch(() => underWay.delete(key));
      underWay.set(key, first);
    }
    return (await underWay.get(key)).clone();
  }

  async function removeOldCaches() {
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith(FAMILY) && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
  }

  self.addEventListener("install", (event) => {
    const pages = {{pages}};
    const fresh = pages.map((page) => new Request(page, { cache: "no-cache" }));
    const kept = caches.open(CACHE).then((cache) => cache.addAll(fresh));
    event.waitUntil(kept.then(() => self.skipWaiting()));
  });

  self.addEventListener("activate", (event) => {
    event.waitUntil(removeOldCaches().then(() => self.clients.claim()));
  });

  self.addEventListener("fetch", (event) => {
    if (!isOurs(event.request)) return;
    event.stopImmediatePropagation();
    event.respondWith(answer(event.request.url));
  });

  // The addresses of what a page fetched before this worker was there.
  self.addEventListener("message", (event) => {
    if (!event.data?.keep) return;
    const mine = event.data.keep.filter((url) => isOurs(new Request(url)));
    event.waitUntil(Promise.allSettled(mine.map(answer)));
  });
})();

importScripts("./jupyterlite-service-worker.js");
