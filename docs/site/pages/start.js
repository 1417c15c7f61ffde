// The start page: the progress that JupyterLite keeps in this browser, and the service worker.
//
// JupyterLite keeps files with localForage in IndexedDB: a record for each path. The names below
// are those of `lab.py`.
const STORE = "{{store}}";
const FILE = "{{progress}}";
const CHAPTERS = {{exercises}}; // the names of the exercises, by the number of their chapter
const RENAMED = {{renamed}}; // the names of earlier editions
const LARGEST = 1e6; // bytes of a progress file; one of all exercises has a hundredth of it
const NOT_OURS = "It is not a progress file of the course. Choose one that this page or the course "
  + "at home has saved: introduction-to-kubernetes.json.";
const NOT_KEPT = "This browser keeps no data for this page, and the chapters need that. Use a window that "
  + "is not private, or change the setting that forbids it.";
const told = document.getElementById("told");

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function opened(make) {
  const known = await indexedDB.databases();
  const found = known.find((each) => each.name === STORE);
  if (!found && !make) return undefined;
  const database = await done(indexedDB.open(STORE));
  if (database.objectStoreNames.contains("files")) return database;
  const version = database.version + 1;
  database.close();
  if (!make) return undefined;
  const request = indexedDB.open(STORE, version);
  request.onupgradeneeded = () => request.result.createObjectStore("files");
  return done(request);
}

async function read() {
  const database = await opened(false);
  if (!database) return { exercises: {} };
  const record = await done(database.transaction("files").objectStore("files").get(FILE));
  database.close();
  if (!record) return { exercises: {} };
  let { content } = record;
  if (record.format === "base64") {
    const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
    content = new TextDecoder().decode(bytes);
  }
  try {
    return { exercises: checked(typeof content === "string" ? JSON.parse(content) : content) };
  } catch { // as Python does with a damaged file
    return { exercises: {} };
  }
}

async function write(progress) {
  const content = JSON.stringify(progress, null, 2);
  const now = new Date().toISOString();
  const record = { name: FILE, path: FILE, created: now, last_modified: now, format: "text",
    mimetype: "application/json", type: "file", writable: true, content, size: content.length };
  const database = await opened(true);
  await done(database.transaction("files", "readwrite").objectStore("files").put(record, FILE));
  database.close();
}

function checked(progress) {
  const exercises = progress?.exercises;
  if (typeof exercises !== "object" || exercises === null || Array.isArray(exercises)) {
    throw new TypeError("no exercises");
  }
  for (const [name, each] of Object.entries(exercises)) {
    const counted = Number.isSafeInteger(each?.tries) && each.tries >= 0; // Python reads no others
    if (!counted || typeof each.solved !== "boolean") throw new TypeError(name);
  }
  return exercises;
}

function merged(one, other) {
  const both = { ...one };
  for (const [name, { tries, solved }] of Object.entries(other)) {
    const kept = Object.hasOwn(both, name) ? both[name] : { tries: 0, solved: false };
    both[name] = { tries: Math.max(tries, kept.tries), solved: solved || kept.solved };
  }
  return both;
}

function nameToday(name) {
  return Object.hasOwn(RENAMED, name) ? nameToday(RENAMED[name]) : name;
}

async function show(before = "") {
  const { exercises } = await read();
  const right = Object.keys(exercises).filter((name) => exercises[name].solved).map(nameToday);
  const solved = (names) => names.filter((name) => right.includes(name)).length;
  for (const [number, names] of Object.entries(CHAPTERS)) {
    const place = document.querySelector(`[data-chapter="${number}"] .solved`);
    place.textContent = solved(names) ? `${solved(names)} of ${names.length} exercises solved` : "";
  }
  const all = Object.values(CHAPTERS).flat();
  told.textContent = `${before}You have solved ${solved(all)} of ${all.length} exercises.`;
  document.getElementById("export").disabled = Object.keys(exercises).length === 0;
}

document.getElementById("export").addEventListener("click", async () => {
  const text = JSON.stringify(await read(), null, 2);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = "introduction-to-kubernetes.json"; // its name at home
  link.click();
  URL.revokeObjectURL(link.href);
});

document.getElementById("import").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  let added;
  try {
    if (file.size > LARGEST) throw new RangeError(file.size);
    added = checked(JSON.parse(await file.text()));
  } catch {
    told.textContent = `${file.name} is not loaded. ${NOT_OURS}`;
    return;
  }
  try {
    const { exercises } = await read();
    await write({ exercises: merged(exercises, added) });
    await show("The file is loaded. ");
  } catch {
    told.textContent = NOT_KEPT;
  }
});

navigator.serviceWorker?.register("service-worker.js?enableCache=false").catch(() => {});
window.addEventListener("pageshow", () => show().catch(() => { told.textContent = NOT_KEPT; }));
