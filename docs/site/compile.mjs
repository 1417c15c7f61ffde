// Compiles what a learner's first minutes import to bytecode, with the Python that will read it:
// node compile.mjs RUNTIME_FOLDER FILE_WITH_IMPORTS
//
// Bytecode is twice as large as its source, and is there at once. So only what is imported is
// compiled. The course's own package keeps its source, for tracebacks and for whoever reads it.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, tour] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const lock = JSON.parse(readFileSync(`${folder}/pyodide-lock.json`, "utf8"));
const quiet = { checkIntegrity: false, messageCallback: () => {} };
// Without the columns of each instruction, bytecode is a quarter smaller.
const env = { HOME: "/home/pyodide", PYTHONNODEBUGRANGES: "1" };
const python = await loadPyodide({ indexURL: `${folder}/`, env, ...quiet });
await python.loadPackage(Object.keys(lock.packages), quiet);
python.mountNodeFS("/runtime", folder);
python.FS.writeFile("/tour.py", readFileSync(tour));
try {
  await python.runPythonAsync(readFileSync(new URL("compiling.py", import.meta.url), "utf8"));
} catch (problem) {
  console.error(problem.message); // the whole of Pyodide's source is no help
  process.exit(1);
}
