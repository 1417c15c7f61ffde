// Keeps the site in the browser, for the second visit and for visits without a network.
//
// Each release of the site has a name of its own (VERSION) and a cache of its own. What was fetched
// once is answered from it. A new release begins at once. The old cache stays while a page with Python
// is open: such a page may still ask for files that only its own release has.
// JupyterLite's worker comes second: it answers what the kernel asks of the files in the page.
// Source: W3C, Service Workers, "Caches"; JupyterLite's documentation, "Service Worker".
(() => { // JupyterLite's worker has names of its own
  const VERSION = "{{version}}";
  const FAMILY = "introduction-to-kubernetes-";
  const CACHE = FAMILY + VERSION;
  const HERE = new URL("./", self.location);
  const VIRTUAL = ["api/drive", "api/stdin", "api/service-worker", "service-worker.js"];
  const APPLICATIONS = {{applications}};
  const WITH_PYTHON = ["embed", ...APPLICATIONS.map((each) => `${each}/`)];
  const HTML = { "Content-Type": "text/html" };
  const NO_NETWORK = `<!doctype html><html lang="en"><meta charset="utf-8">
    <meta name="viewport" content="width=device-width"><title>No network</title>
    <link rel="stylesheet" href="${HERE}start.css"><main><h1>This page needs a network</h1>
    <p>The host does not answer, and this browser has not kept the page yet.
    <a href="${HERE}index.html">The start page</a> is kept, and so are the chapters.</p></main>`;
  const underWay = new Map(); // by address: who asks a second time waits for the first answer

  function keyOf(address) {
    const url = new URL(address);
    const page = url.pathname.endsWith("/") ? "index.html" : "";
    return url.origin + url.pathname + page; // a query opens a notebook, or names a version
  }

  function isOurs(request) {
    const url = new URL(request.url);
    const here = url.origin === HERE.origin && url.pathname.startsWith(HERE.pathname);
    const path = url.pathname.slice(HERE.pathname.length);
    return request.method === "GET" && here && !VIRTUAL.some((each) => path.startsWith(each));
  }

  // The host's answer, which is no redirect but for a folder without its slash. Some hosts redirect
  // "index.html" to its folder, or leave out ".html"; no page may be answered with what came of it.
  async function fetched(key) {
    // The host is asked whether what the browser has is still new: files of two releases do not fit.
    const response = await fetch(key, { cache: "no-cache" });
    if (!response.redirected) return response;
    const isFolder = response.url.endsWith("/") && !key.endsWith("/index.html");
    return isFolder ? Response.redirect(response.url) : new Response(response.body, response);
  }

  async function store(key, response) {
    const cache = await caches.open(CACHE);
    await cache.put(key, response);
  }

  async function begun(key) {
    const response = await fetched(key);
    const older = response.status === 404 && await caches.match(key);
    const stored = response.ok ? store(key, response.clone()) : Promise.resolve();
    stored.catch(() => {}).finally(() => underWay.delete(key)); // without room it is not kept
    return older || response;
  }

  async function answer(address) {
    const key = keyOf(address);
    const cache = await caches.open(CACHE);
    const kept = await cache.match(key);
    if (kept) return kept;
    if (!underWay.has(key)) {
      const first = begun(key);
      first.catch(() => underWay.delete(key));
      underWay.set(key, first);
    }
    return (await underWay.get(key)).clone();
  }

  function hasPython(url) {
    return WITH_PYTHON.some((each) => url.startsWith(HERE.href + each));
  }

  async function isInUse() {
    const open = await self.clients.matchAll({ includeUncontrolled: true });
    return open.some(({ url }) => hasPython(url));
  }

  // Where a link in a chapter leads. JupyterLite names its applications without a slash, and a host's
  // redirect would lose the query. A text is a page of the book: no application here shows it.
  function targetOf(address) {
    const url = new URL(address);
    const name = APPLICATIONS.find((each) => url.pathname === HERE.pathname + each);
    const text = /^notebooks\/([\w-]+)\.md$/.exec(url.searchParams.get("path"));
    if (name === "tree" && text) return `${HERE}book/${text[1]}.html`;
    return name && `${HERE}${name}/index.html${url.search}`;
  }

  async function page(address) {
    const target = targetOf(address);
    if (target) return Response.redirect(target);
    if (!hasPython(address)) await removeOldCaches();
    const absent = { status: 503, headers: HTML };
    return answer(address).catch(() => new Response(NO_NETWORK, absent));
  }

  async function removeOldCaches() {
    const { installing, waiting } = self.registration; // a newer release fills its cache
    if (installing || waiting || await isInUse()) return;
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith(FAMILY) && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
  }

  self.addEventListener("install", (event) => {
    const kept = {{pages}}.map(async (name) => {
      const key = keyOf(new URL(name, HERE));
      const response = await fetched(key);
      if (!response.ok) throw new Error(`${key}: ${response.status}`);
      await store(key, response);
    });
    // The first release is there without one of its files, too; a later one has all, or does not begin.
    event.waitUntil(self.registration.active ? Promise.all(kept) : Promise.allSettled(kept));
  });

  self.addEventListener("activate", (event) => {
    event.waitUntil(removeOldCaches().then(() => self.clients.claim()));
  });

  self.addEventListener("fetch", (event) => {
    if (!isOurs(event.request)) return;
    event.stopImmediatePropagation();
    const { mode, url } = event.request;
    event.respondWith(mode === "navigate" ? page(url) : answer(url));
  });

  self.addEventListener("message", (event) => {
    if (!event.data?.keep) return;
    // The addresses of what a page fetched before this worker was there.
    const mine = event.data.keep.filter((url) => isOurs(new Request(url)));
    event.waitUntil(Promise.allSettled(mine.map(answer)));
  });
})();

importScripts("./jupyterlite-service-worker.js");
