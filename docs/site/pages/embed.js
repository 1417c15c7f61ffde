// One cluster at one moment, live, in a page of its own: embed.html?scene=...
//
// cluster.link() writes the address. Python builds the cluster again from what the address says;
// live.js draws it, as in a notebook. This page is what anywidget is in JupyterLab.
const PACKAGES = {{packages}};
const SITE_PACKAGES = "/lib/course";
const told = document.getElementById("told");
const loading = document.getElementById("loading");

async function course(lock) {
  // The course alone, without what only notebooks need.
  const { file_name } = lock.packages["course-lib"];
  return (await fetch(`runtime/${file_name}`)).arrayBuffer();
}

async function start() {
  const scene = new URLSearchParams(location.search).get("scene") ?? location.hash.slice(1);
  if (!scene) return fail("The address names no scene: cluster.link() writes one.");
  told.textContent = "Python loads.";
  loading.hidden = false;
  const { loadPyodide } = await import("./runtime/pyodide.js");
  const { default: live } = await import("./live.js");
  const lockFileURL = new URL("runtime/pyodide-lock.json", location.href).href;
  const lock = await (await fetch(lockFileURL)).json();
  let here = 0;
  const step = () => { loading.value = ++here / (PACKAGES.length + 2); };
  const [python, wheel] = await Promise.all([
    loadPyodide({ indexURL: "./runtime/", lockFileURL }), course(lock)]);
  step();
  for (const name of PACKAGES) {
    await python.loadPackage(name, { messageCallback: () => {} });
    step();
  }
  python.unpackArchive(wheel, "wheel", { extractDir: SITE_PACKAGES });
  told.textContent = "Python simulates the cluster up to its moment. That can take a minute.";
  await new Promise((drawn) => setTimeout(drawn, 50));
  const listeners = new Set();
  python.globals.set("scene", scene);
  python.globals.set("changed", () => listeners.forEach((draw) => draw()));
  const view = python.runPython(`
import sys
sys.path.append("${SITE_PACKAGES}")
from course_lib.errors import CourseError
from course_lib.widgets.embedded import Embedded
try:
    view = Embedded(scene, changed)
except CourseError as refusal:
    view = str(refusal)
view`);
  if (typeof view === "string") return fail(view);
  const model = {
    get: (name) => JSON.parse(view.value(name)),
    on: (event, draw) => listeners.add(draw),
    off: (event, draw) => listeners.delete(draw),
    send: (message) => view.hear(JSON.stringify(message)),
  };
  told.textContent = view.warning;
  loading.hidden = true;
  live.render({ model, el: document.getElementById("cluster") });
}

function fail(why) {
  loading.hidden = true;
  told.className = "problem";
  told.textContent = why;
}

start().catch((problem) => {
  const last = problem.message.trim().split("\n").at(-1); // of a traceback, if Python raised it
  fail(`The cluster cannot be shown: ${last}\nLoad the page again, or copy the whole address again.`);
});
