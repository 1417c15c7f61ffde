"""A visitor of the site: a browser with its storage, and the kernel inside a page."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

from docs.site.__main__ import SITE
from tests.browser.lab import CHAPTERS, FLAGS, Chapter, Kernel, chromium, missing
from tests.site.host import Host

KEPT = SITE.with_name("site-test")  # screenshots and figures, for whoever looks at a run of CI
SESSION = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session"
IDLE = f"{SESSION}?.kernel?.status === 'idle'"
MODEL = "JSON.stringify(window.jupyterapp.shell.currentWidget.content.model.toJSON())"
DRIVEN = ("00", "04", "05", "07", "09", "10")  # the chapters with widgets
ASK = """async (code) => {
  const session = window.jupyterapp.shell.currentWidget.sessionContext.session;
  const future = session.kernel.requestExecute({code, store_history: false});
  const texts = [];
  future.onIOPub = ({content}) => texts.push(content.text ?? content.evalue ?? "");
  const reply = await future.done;
  return [reply.content.status, texts.join("")];
}"""


def lacking() -> str:
    """Why the site cannot be tested here; empty when it can."""
    if not (SITE / "index.html").exists():
        return "the site is not built (`make site` builds it; it needs Node.js)"
    return missing()


class PageKernel(Kernel):
    """The kernel in a page."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def run(self, code: str) -> str:
        """What code prints."""
        status, text = self.page.evaluate(ASK, code)
        assert status == "ok", text
        return str(text)

    def ask(self, expression: str) -> Any:
        """The value of an expression that is plain data."""
        return json.loads(self.run(f"import json as _json; print(_json.dumps({expression}))"))


class Visitor:
    """One person's browser: what it keeps stays until `close`."""

    def __init__(self, driver: Any, host: Host, folder: Path) -> None:
        self.host = host
        self.context = driver.chromium.launch_persistent_context(
            folder, executable_path=chromium(), args=[*FLAGS, f"--proxy-server={host.name}"]
        )

    def new_page(self, viewport: dict[str, int] | None = None) -> Any:
        """A page of a size in pixels."""
        page = self.context.new_page()
        if viewport:
            page.set_viewport_size(viewport)
        return page

    def close(self) -> None:
        """End the browser."""
        self.context.close()


class Site:
    """The site where the tests of JupyterLab expect a server."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def address(self, name: str) -> str:
        """Where a chapter is opened, as it was published."""
        return f"{self.host.url}notebooks/index.html?path=notebooks/{name}.ipynb"

    def kernel(self, chapter: Chapter) -> PageKernel:
        """The kernel of an open chapter."""
        return PageKernel(chapter.page)

    def stop_kernels(self, chapter: str = "") -> None:
        """A kernel ends with its page."""


class Chapters:
    """The chapters of the site, each opened and run once for all tests that ask for it."""

    def __init__(self, browser: Visitor, site: Site) -> None:
        self.browser, self.site = browser, site
        self._open: dict[str, Chapter] = {}

    def __call__(self, number: str) -> Any:
        """A chapter that has run to its end; `after` is then the notebook, as JSON."""
        if number not in self._open:
            [name] = [each for each in CHAPTERS if each.startswith(number)]
            page = self.browser.new_page(viewport={"width": 1250, "height": 1000})
            started = time.perf_counter()
            said: list[str] = []
            page.on("console", lambda line: said.append(line.text) if line.type == "error" else 0)
            try:
                made: Any = Chapter(page, self.site, name)  # type: ignore[arg-type]
            except Exception as problem:
                keep(page, f"{name}-stuck")
                raise AssertionError(f"{name} does not open: {said}") from problem
            opened = time.perf_counter()
            made.run_all()
            ran = time.perf_counter() - opened
            report(
                f"{name}: Python is ready after {opened - started:.0f} s; it runs in {ran:.0f} s"
            )
            assert made.errors() == []
            made.after = page.evaluate(MODEL)
            self._open[number] = made
        return self._open[number]

    def close_unless_driven(self, number: str) -> None:
        """Close a chapter that no test of widgets will use."""
        if number not in DRIVEN:
            self._open.pop(number).page.close()


def keep(page: Any, name: str, **options: Any) -> None:
    """A screenshot."""
    KEPT.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=KEPT / f"{name}.png", **options)


def report(line: str) -> None:
    """Keep a figure of this run."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "figures.txt").open("a") as file:
        file.write(line + "\n")


def forget() -> None:
    """Remove what an earlier run kept."""
    shutil.rmtree(KEPT, ignore_errors=True)
