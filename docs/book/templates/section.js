// In JupyterLite: show the section that the address names after its #, as JupyterLab does.
(async () => {
  const section = decodeURIComponent(location.hash.slice(1));
  if (!section) return;
  const named = (name) => `.jp-Notebook [${name}="${CSS.escape(section)}"]`;
  const heading = () => document.querySelector(`${named("data-jupyter-id")}, ${named("id")}`);
  const place = () => heading()?.getBoundingClientRect().top ?? null;
  let before = null;
  for (let tries = 0; tries < 200; tries += 1) {
    await new Promise((done) => setTimeout(done, 300));
    if (place() !== null && place() === before) break; // what is above has its height
    before = place();
  }
  heading()?.scrollIntoView();
})();
