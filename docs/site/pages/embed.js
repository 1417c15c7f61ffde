// One cluster at one moment, live, in a page of its own: embed.html?scene=...
//
// cluster.link() writes the address. Python builds the cluster again from what the address says;
// live.js draws it, as in a notebook. This page is what anywidget is in JupyterLab.
import { loadPyodide } from "./runtime/pyodide.mjs";
import live from "./live.js";

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
  if (!scene) throw new Error("The address names no scene: cluster.link() writes one.");
  told.textContent = "Python loads.";
  loading.hidden = false;
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
  told.textContent = "The cluster is built again.";
  await new Promise((drawn) => setTimeout(drawn, 50));
  const listeners = new Set();
  python.globals.set("scene", scene);
  python.globals.set("changed", () => listeners.forEach((draw) => draw()));
  const view = python.runPython(`
import sys
sys.path.append("${SITE_PACKAGES}")
from course_lib.widgets.embedded import Embedded
Embedded(scene, changed)`);
  const model = {
    get: (name) => JSON.parse(view.value(name)),
    on: (event, draw) => listeners.add(draw),
    off: (event, draw) => listeners.delete(draw),
    send: (message) => view.hear(JSON.stringify(message)),
  };
  told.textContent = "";
  loading.hidden = true;
  live.render({ model, el: document.getElementById("cluster") });
}

start().catch((problem) => {
  loading.hidden = true;
  told.className = "problem";
  const lines = problem.message.trim().split("\n");
  const first = lines.findIndex((line) => line.includes("CourseError"));
  told.textContent = lines.slice(Math.max(first, 0)).join("\n").replace(/^.*CourseError: /, "");
});
