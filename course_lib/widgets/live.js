// The live cluster: nodes as boxes, Pods as tiles. It draws `scene`, and sends what is done to it.

const ACTIONS = [
  ["cordon", "Cordon/uncordon", "c", "Mark the node unschedulable, or schedulable again"],
  ["drain", "Drain", "d", "Cordon the node and evict its Pods"],
  ["kill", "Kill", "k", "Cut the node's power"],
  ["restore", "Restore", "r", "Give the node its power back"],
  ["delete", "Delete Pod", "x", "Delete the chosen Pod"],
];
const SPEEDS = [1, 10, 60];

function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function button(text, tip, act) {
  const made = make("button", { type: "button", title: tip }, text);
  made.addEventListener("click", act);
  return made;
}

function short(name) {
  return name.length <= 14 ? name : `${name.split("-")[0].slice(0, 8)}…${name.slice(-5)}`;
}

function render({ model, el }) {
  let node = ""; // the chosen node, and the chosen Pod on it
  let pod = "";
  let shownPath = []; // the titles of the open groups, as they are drawn
  const boxes = new Map(); // by name: the element, and what it shows
  const looks = model.get("looks");
  const send = (what, more = {}) => model.send({ do: what, node, pod, ...more });

  const root = make("div", { class: "course-live" });
  // JupyterLab keeps its own shortcuts away from a focused element marked so: letters are ours.
  root.addEventListener("focusin", (event) =>
    event.target.setAttribute("data-lm-suppress-shortcuts", "true"));
  const run = button("Run", "Let simulated time run, or pause it (space)", () => send("toggle"));
  const step = button("Step", "Let five simulated seconds pass (s)", () => send("step"));
  const back = button("Back", "Replay all but the last 30 simulated seconds (b)", () => send("back"));
  const speeds = SPEEDS.map((speed) =>
    button(`${speed}×`, `${speed} simulated seconds in each real one`, () => send("speed", { speed })));
  const clock = make("b");
  const chips = ACTIONS.map(([what, text, key, tip]) => {
    const chip = button(`${text} (${key})`, `${tip}: click, or drag onto it`, () => send(what));
    chip.draggable = true;
    chip.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", what));
    return chip;
  });
  const workloads = make("div", { class: "bar" });
  const path = make("div", { class: "bar" }); // the open groups of nodes, and a way out of them
  const grid = make("div", { class: "grid" });
  const told = make("div", { role: "status", "aria-live": "polite" });
  const recent = make("ol", { class: "recent", "aria-label": "The last events" });
  const legend = make("div", { class: "help", "aria-label": "What the Pods' colours and signs mean" },
    ...Object.entries(looks).map(([look, [background, color, mark]]) =>
      make("span", { class: "pod", style: `background: ${background}; color: ${color}` }, `${mark} ${look}`)));
  const help = make("div", { class: "help" },
    "On a node: arrows move, letters act, n chooses the next Pod; space runs, s steps, b goes back. " +
    "On a group of nodes: o or Enter opens it, u or Escape closes it.");
  root.append(
    make("div", { class: "bar", role: "toolbar", "aria-label": "Time" }, run, step, back, ...speeds, clock),
    make("div", { class: "bar", role: "toolbar", "aria-label": "Actions" }, ...chips),
    workloads, path, grid, legend, told, recent, help);
  el.append(root);

  function choose(name, focus = false) {
    boxes.get(node)?.element.classList.remove("chosen");
    boxes.get(node)?.element.setAttribute("tabindex", "-1");
    if (name !== node) markPod("");
    node = name;
    const element = boxes.get(node)?.element;
    element?.classList.add("chosen");
    element?.setAttribute("tabindex", "0");
    if (focus) element?.focus();
  }

  function markPod(name) {
    grid.querySelector(".pod.chosen")?.classList.remove("chosen");
    pod = name;
    if (name) grid.querySelector(`[data-pod="${name}"]`)?.classList.add("chosen");
  }

  function nextPod() {
    const here = [...(boxes.get(node)?.element.querySelectorAll(".pod") ?? [])];
    if (!here.length) return;
    const at = here.findIndex((each) => each.dataset.pod === pod);
    markPod(here[(at + 1) % here.length].dataset.pod);
    told.textContent = here[(at + 1) % here.length].title;
  }

  function openGroup(name) {
    if (boxes.get(name)?.group) send("open", { node: name });
  }

  function closeGroup() {
    if (model.get("scene").opened?.length) send("close");
  }

  function onKey(event) {
    const names = model.get("scene").nodes.map((each) => each.name);
    const moves = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    const action = ACTIONS.find((each) => each[2] === event.key);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in moves) {
      const to = (names.indexOf(node) + moves[event.key] + names.length) % names.length;
      choose(names[to], true);
    } else if (action) send(action[0]);
    else if (event.key === "o" || event.key === "Enter") openGroup(node);
    else if (event.key === "u" || event.key === "Escape") closeGroup();
    else if (event.key === "n") nextPod();
    else if (event.key === " ") send("toggle");
    else if (event.key === "s") send("step");
    else if (event.key === "b") send("back");
    else return;
    event.preventDefault();
  }

  function tile([name, look, status, ready, restarts]) {
    const tip = `${name}: ${status}, ${ready} ready, ${restarts} restarts`;
    const [background, color, mark] = looks[look];
    const style = `background: ${background}; color: ${color}`;
    return make("span", { class: "pod", style, title: tip, "data-pod": name },
      `${mark} ${short(name)}`);
  }

  function chip([look, count]) {
    const [background, color, mark] = looks[look];
    return make("span", { class: "count", style: `background: ${background}; color: ${color}` },
      `${mark} ${count.toLocaleString("en")} ${look}`);
  }

  function drawPath(opened) {
    if (JSON.stringify(shownPath) === JSON.stringify(opened)) return;
    shownPath = opened;
    path.replaceChildren(...(opened.length
      ? [button("Close group (u)", "Back to the groups around", closeGroup),
        make("span", {}, opened.join(" / "))]
      : []));
  }

  function box(each) {
    const element = make("div", { class: "node", role: "button", tabindex: "-1" });
    element.addEventListener("focus", () => choose(each.name));
    element.addEventListener("keydown", onKey);
    element.addEventListener("click", (event) => {
      choose(each.name, true);
      const tile = event.target.closest(".pod");
      if (tile?.dataset.pod) markPod(tile.dataset.pod);
      openGroup(each.name);
    });
    element.addEventListener("dragover", (event) => event.preventDefault());
    element.addEventListener("drop", (event) => {
      event.preventDefault();
      choose(each.name);
      const tile = event.target.closest(".pod");
      if (tile) markPod(tile.dataset.pod);
      send(event.dataTransfer.getData("text/plain"));
    });
    grid.append(element);
    const known = { element, shown: "", group: Boolean(each.counts) };
    boxes.set(each.name, known);
    return known;
  }

  function drawNode(each) {
    const known = boxes.get(each.name) ?? box(each);
    const shown = JSON.stringify(each);
    if (known.shown === shown) return; // most nodes do not change between two pictures
    known.shown = shown;
    const counts = each.counts ?? [];
    const title = each.counts ? `${each.name} (${each.state})` : `${each.name}: ${each.state}`;
    const count = each.counts
      ? counts.map(([look, many]) => `${many} ${look}`).join(", ") || "no Pods"
      : `${each.pods.length} Pod${each.pods.length === 1 ? "" : "s"}`;
    known.element.classList.toggle("down", each.down);
    known.element.classList.toggle("waiting", Boolean(each.waiting));
    known.element.setAttribute("aria-label", `${title}, ${count}`);
    known.element.replaceChildren(
      make("b", {}, title), ...counts.map(chip), ...each.pods.map(tile));
    if (pod && each.name === node) markPod(pod);
  }

  function arrange(list) {
    list.forEach((each, at) => {
      const { element } = boxes.get(each.name);
      if (grid.children[at] !== element) grid.insertBefore(element, grid.children[at]);
    });
  }

  function drawWorkloads(list) {
    workloads.replaceChildren(...list.flatMap(([name, replicas]) => {
      const scale = (by) => send("scale", { workload: name, replicas: replicas + by });
      const fewer = button("−", `${name}: one replica fewer`, () => scale(-1));
      const more = button("+", `${name}: one replica more`, () => scale(1));
      fewer.dataset.scale = `${name} -`;
      more.dataset.scale = `${name} +`;
      return [make("span", {}, `${name}: ${replicas} wanted`), fewer, more];
    }));
  }

  function draw() {
    const scene = model.get("scene");
    const focused = document.activeElement?.dataset?.scale; // drawn anew, it keeps the focus
    run.textContent = scene.running ? "Pause" : "Run";
    back.disabled = !scene.can_go_back;
    speeds.forEach((each, at) => each.setAttribute("aria-pressed", SPEEDS[at] === scene.speed));
    clock.textContent = `${Math.round(scene.now)} s`;
    drawWorkloads(scene.workloads);
    const opened = scene.opened ?? [];
    const closed = shownPath[opened.length]; // the group that is left, if one is
    const before = document.activeElement;
    const inside = [grid, path].some((each) => each.contains(before));
    drawPath(opened);
    const names = new Set(scene.nodes.map((each) => each.name));
    for (const [name, known] of boxes) if (!names.has(name)) { known.element.remove(); boxes.delete(name); }
    scene.nodes.forEach(drawNode);
    arrange(scene.nodes);
    if (inside && before !== document.activeElement) before.focus(); // it was moved
    if (!boxes.has(node) && scene.nodes.length)
      choose(boxes.has(closed) ? closed : scene.nodes[0].name, inside);
    told.textContent = scene.said;
    recent.replaceChildren(...scene.recent.map((line) => make("li", {}, line)));
    root.setAttribute("aria-label", scene.told);
    root.setAttribute("role", "group");
    if (focused) workloads.querySelector(`[data-scale="${focused}"]`)?.focus();
  }

  model.on("change:scene", draw);
  draw();
  return () => model.off("change:scene", draw);
}

export default { render };
