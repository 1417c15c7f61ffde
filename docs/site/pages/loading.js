// A progress bar over a notebook while Python loads, and what makes the next visit quick.
//
// The learner can read in the meantime: the stored outputs are there. The bar counts the files of
// the runtime (runtime.json), and goes when the kernel is idle. When something fails or does not
// come, the bar says so, and what to do.
const SITE = new URL("./", document.currentScript.src);
const AT_ONCE = 6; // requests, as many as a browser has to one host
const MB = 1e6;
const PATIENCE = 60_000; // ms, until the bar says that something does not come
const ID = "course-loading";

function made() {
  const element = document.createElement("div");
  element.id = ID;
  element.innerHTML = `<label for="${ID}-bar" role="status"></label>
    <span hidden><a href="">Reload the page</a> or <a href="${SITE}book/index.html">read the book</a>,
    which needs no Python.</span>
    <progress id="${ID}-bar" max="1"></progress>`;
  document.body.append(element);
  return element;
}

// `share` is how far it is, of 1; the bar goes when the text is empty.
function show(text, { share, stuck = false } = {}) {
  const element = document.getElementById(ID) ?? made();
  const label = element.querySelector("label");
  if (label.textContent !== text) label.textContent = text; // a screen reader says it once
  element.querySelector("span").hidden = !stuck;
  const progress = element.querySelector("progress");
  progress.hidden = stuck;
  if (share === undefined) progress.removeAttribute("value");
  else progress.value = share;
  if (text === "") element.remove();
}

async function until(holds, late) {
  const latest = setTimeout(() => show(late, { stuck: true }), PATIENCE);
  while (!holds()) await new Promise((done) => setTimeout(done, 200));
  clearTimeout(latest);
}

function kernel() {
  const session = window.jupyterapp?.shell.currentWidget?.sessionContext?.session;
  return session?.kernel?.status;
}

async function got(name) {
  const response = await fetch(new URL(name, SITE));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response;
}

async function read(response, count) { // the length of each part, as it comes
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) count(part.value.length);
}

async function load(files) {
  const all = files.reduce((sum, [, size]) => sum + size, 0);
  let here = 0;
  const count = (size) => {
    here += size;
    const text = `Python loads: ${(here / MB).toFixed(0)} of ${(all / MB).toFixed(0)} MB.`;
    show(`${text} You can read already.`, { share: here / all });
  };
  const waiting = [...files];
  const one = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [name, size, unpacked] = next;
      if (await caches.match(new URL(name, SITE))) count(size);
      else await read(await got(name), (bytes) => count(bytes * size / unpacked));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

async function main() {
  show("JupyterLite starts.");
  const workers = navigator.serviceWorker;
  const keeps = workers && await caches.keys().then(() => true, () => false);
  if (!keeps) {
    show("Cells cannot run here: this browser keeps no data for this page. Open it in a window that "
      + "is not private, at an address that begins with https.", { stuck: true });
    return;
  }
  let active = false;
  workers.ready.then(() => { active = true; });
  const current = () => window.jupyterapp?.shell.currentWidget;
  await until(() => active && current(), "JupyterLite has not started yet.");
  if (!current().sessionContext) { // a page without Python
    show("");
    while (!kernel()) await new Promise((done) => setTimeout(done, 200));
  }
  try {
    const { files } = await (await got("runtime.json")).json();
    await load(files);
  } catch {
    show("Python is not here: the host did not send all of it. Is there a network?", { stuck: true });
    return;
  }
  show("Python starts.");
  await until(() => kernel() === "idle", "Python has not started yet.");
  show("");
  const names = performance.getEntriesByType("resource").map((entry) => entry.name);
  (await workers.ready).active.postMessage({ keep: [location.href, ...names] });
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", main);
else main();
