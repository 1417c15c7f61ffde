// The book's pages: light or dark, frames that scroll by keyboard, and the search.
const root = document.documentElement;
const KEPT = "book-scheme";
const MOST = 20; // results
const WORD = /[a-z0-9]+(?:[-_.][a-z0-9]+)*/g; // index.py has the same

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
function index() {
  loading ??= new Promise((done, failed) => {
    const script = Object.assign(document.createElement("script"), { src: "search.js", onerror: failed });
    script.onload = () => done(window.bookIndex);
    document.head.append(script);
  });
  return loading;
}

// The sections that have all words, the best first. A word is found as it is, as the beginning of
// another one, and without its plural's s.
function found({ sections, words }, query) {
  const all = query.toLowerCase().match(WORD) ?? [];
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
  const close = () => { box.classList.remove("open"); count.textContent = ""; results.replaceChildren(); };
  const show = async () => {
    const asked = query.value;
    const hits = asked.trim().length > 1 ? found(await index(), asked) : null;
    if (query.value !== asked) return; // the answer comes too late
    if (!hits) { close(); return; }
    const more = hits.length > MOST ? `, the first ${MOST} are here` : "";
    count.textContent = hits.length === 1 ? "1 section" : `${hits.length || "No"} sections${more}`;
    results.replaceChildren(...hits.slice(0, MOST).map(row));
    box.classList.add("open");
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
