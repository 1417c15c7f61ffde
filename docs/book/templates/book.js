// The book's pages: light or dark, frames that scroll by keyboard, and the search.
const root = document.documentElement;
const KEPT = "book-scheme";
const MOST = 20; // results
const WORD = /[\p{L}\p{N}]+(?:[-_.][\p{L}\p{N}]+)*/gu; // index.py has the same
const NOT_HERE = "The search does not work: search.js does not load. Type again to try once more.";

function kept(value) { // a browser may refuse to keep anything
  try {
    if (value) localStorage.setItem(KEPT, value);
    return localStorage.getItem(KEPT);
  } catch { return null; }
}
if (kept()) root.dataset.scheme = kept();
if (location.protocol === "file:") root.classList.add("from-a-file"); // JupyterLite needs a host

function scheme(button) {
  const dark = () => (root.dataset.scheme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const show = () => { button.textContent = dark() ? "Light" : "Dark"; button.hidden = false; };
  button.addEventListener("click", () => {
    root.dataset.scheme = dark() ? "light" : "dark";
    kept(root.dataset.scheme);
    show();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
}

function scrollable() { // what is wider than the page gets the keyboard, and only that
  for (const each of document.querySelectorAll("main pre, .table, .output")) {
    if (each.scrollWidth > each.clientWidth) each.tabIndex = 0;
    else each.removeAttribute("tabindex");
  }
}

let loading;
function index() { // undefined when it does not load; the next call tries again
  loading ??= new Promise((done) => {
    const script = Object.assign(document.createElement("script"), { src: "search.js" });
    script.onload = () => done(window.bookIndex);
    script.onerror = () => { loading = undefined; done(); };
    document.head.append(script);
  });
  return loading;
}

function folded(text) { // small letters without accents, as in the index
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

// The sections that have all words, the best first. A word is found as it is, as the beginning of
// another one, and without its plural's s.
function found({ sections, words }, query) {
  const all = folded(query).match(WORD) ?? [];
  const scores = all.map((word) => {
    const stem = word.length > 3 ? word.replace(/s$/, "") : word;
    const weights = new Map();
    for (const [name, pairs] of Object.entries(words)) {
      if (!name.startsWith(stem)) continue;
      const near = name === word || name === stem ? 3 : 1;
      for (let at = 0; at < pairs.length; at += 2) {
        weights.set(pairs[at], Math.max(weights.get(pairs[at]) ?? 0, near * pairs[at + 1]));
      }
    }
    return weights;
  });
  const [first, ...rest] = scores;
  return [...(first?.keys() ?? [])]
    .filter((section) => rest.every((weights) => weights.has(section)))
    .map((section) => [scores.reduce((sum, weights) => sum + weights.get(section), 0), section])
    .sort((one, other) => other[0] - one[0] || one[1] - other[1])
    .map(([, section]) => sections[section]);
}

function row([address, chapter, title, excerpt]) {
  const [item, link, name, text] = ["li", "a", "b", "span"].map((tag) => document.createElement(tag));
  link.href = address;
  name.textContent = title || chapter;
  text.textContent = title ? `${chapter}: ${excerpt}` : excerpt;
  link.append(name, text);
  item.append(link);
  return item;
}

function search(form) {
  const [query, box, count, results] = ["query", "found", "count", "results"].map((id) => document.getElementById(id));
  const say = (text, rows = []) => {
    count.textContent = text;
    results.replaceChildren(...rows);
    box.classList.toggle("open", text !== "");
  };
  const close = () => say("");
  const show = async () => {
    const asked = query.value;
    if (asked.trim().length < 2) { close(); return; }
    if (!window.bookIndex) say("The index of the book loads.");
    const loaded = await index();
    if (query.value !== asked) return; // the answer comes too late
    if (!loaded) { say(NOT_HERE); return; }
    const hits = found(loaded, asked);
    const more = hits.length > MOST ? `, the first ${MOST} are here` : "";
    const counted = hits.length === 1 ? "1 section" : `${hits.length || "No"} sections`;
    say(counted + more, hits.slice(0, MOST).map(row));
  };
  query.addEventListener("focus", index, { once: true });
  query.addEventListener("input", show);
  form.addEventListener("submit", (event) => { event.preventDefault(); results.querySelector("a")?.click(); });
  form.addEventListener("keydown", (event) => {
    const links = [query, ...results.querySelectorAll("a")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const at = links.indexOf(document.activeElement) + step;
    if (step && links[at]) { links[at].focus(); event.preventDefault(); }
    if (event.key === "Escape") { query.value = ""; close(); query.focus(); }
  });
  results.addEventListener("click", (event) => { if (event.target.closest("a")) { query.value = ""; close(); } });
  document.addEventListener("click", (event) => { if (!form.contains(event.target)) close(); });
  document.addEventListener("keydown", (event) => {
    const writes = event.target.closest("input, textarea");
    if (event.key === "/" && !writes && !event.ctrlKey && !event.metaKey) { query.focus(); event.preventDefault(); }
  });
  form.hidden = false;
}

document.addEventListener("DOMContentLoaded", () => {
  scheme(document.getElementById("scheme"));
  search(document.getElementById("search"));
  scrollable();
  addEventListener("resize", scrollable);
});
