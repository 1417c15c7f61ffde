// A progress bar over a notebook while Python loads, and what makes the next visit quick.
//
// The learner can read in the meantime: the stored outputs are there. The bar counts the files of
// the runtime (runtime.json), and goes when the kernel is idle.
const SITE = new URL("./", document.currentScript.src);
const AT_ONCE = 6; // requests, as many as a browser has to one host
const MB = 1e6;

function bar() {
  const element = document.createElement("div");
  element.id = "course-loading";
  element.innerHTML = `<label for="course-loading-bar"></label>
    <progress id="course-loading-bar" max="1"></progress>`;
  element.querySelector("label").setAttribute("role", "status");
  document.body.append(element);
  return (text, share) => {
    element.querySelector("label").textContent = text;
    const progress = element.querySelector("progress");
    if (share === undefined) progress.removeAttribute("value");
    else progress.value = share;
    if (text === "") element.remove();
  };
}

async function until(holds, milliseconds = 200) {
  while (!holds()) await new Promise((done) => setTimeout(done, milliseconds));
}

function kernel() {
  const session = window.jupyterapp?.shell.currentWidget?.sessionContext?.session;
  return session?.kernel?.status;
}

async function load(files, show) {
  const all = files.reduce((sum, [, size]) => sum + size, 0);
  let here = 0;
  const waiting = [...files];
  const one = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const address = new URL(next[0], SITE);
      if (!await caches.match(address)) await (await fetch(address)).arrayBuffer();
      here += next[1];
      const text = `Python loads: ${(here / MB).toFixed(0)} of ${(all / MB).toFixed(0)} MB.`;
      show(`${text} You can read already.`, here / all);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

async function main() {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  let show = bar();
  show("JupyterLite starts.");
  await workers.ready;
  await until(() => window.jupyterapp?.shell.currentWidget);
  if (!window.jupyterapp.shell.currentWidget.sessionContext) { // a page without Python
    show("");
    await until(kernel);
    show = bar();
  }
  const { files } = await (await fetch(new URL("runtime.json", SITE))).json();
  await load(files, show);
  show("Python starts.");
  await until(() => kernel() === "idle");
  show("");
  const names = performance.getEntriesByType("resource").map((entry) => entry.name);
  (await workers.ready).active.postMessage({ keep: [location.href, ...names] });
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", main);
else main();
