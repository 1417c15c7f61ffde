"""A real JupyterLab on a copy of the course, a real Chromium in front of it, and its kernels."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_client import BlockingKernelClient

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
KEPT = ROOT / "build" / "browser"  # screenshots, for whoever looks at a run of CI
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
IDLE = ".jp-NotebookPanel-toolbar [data-status=idle]"
# All cells in the page at once, no questions, no saving by itself.
SETTINGS: dict[str, dict[str, Any]] = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "docmanager-extension/plugin": {"autosave": False},
}


def chromium() -> str:
    """The browser's path; empty where there is none."""
    return shutil.which("chromium") or ""


def missing() -> str:
    """Why no page can be driven here; empty when one can."""
    for module in ("playwright", "axe_playwright_python"):
        if importlib.util.find_spec(module) is None:
            return f"{module} is not installed (`make test-browser` installs it)"
    return "" if chromium() else "no Chromium (Debian: chromium)"


class Lab:
    """JupyterLab on a free port, in a folder of its own."""

    def __init__(self, folder: Path, dark: bool = False) -> None:
        self.folder = folder
        for part in ("notebooks", "data", "images"):
            shutil.copytree(ROOT / part, folder / part, dirs_exist_ok=True)
        settings = SETTINGS | (
            {"apputils-extension/themes": {"theme": "JupyterLab Dark"}} if dark else {}
        )
        for name, value in settings.items():
            path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(value))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Lab:
        own = {
            "JUPYTERLAB_SETTINGS_DIR": str(self.folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.folder / "workspaces"),
            "JUPYTER_RUNTIME_DIR": str(self.folder / "runtime"),
            "COURSE_PROGRESS": str(self.folder / "progress.json"),
        }
        command = [
            sys.executable,
            "-m",
            "jupyterlab",
            "--no-browser",
            "--allow-root",
            f"--port={self.port}",
            "--IdentityProvider.token=",
            "--ServerApp.disable_check_xsrf=True",
            f"--ServerApp.root_dir={self.folder}",
        ]
        self.log = (self.folder / "lab.log").open("w")
        self.process = subprocess.Popen(
            command, cwd=self.folder, env=os.environ | own, stdout=self.log, stderr=self.log
        )
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{self.url}/api", timeout=2).close()
                return self
            except OSError:
                time.sleep(0.5)
        raise AssertionError((self.folder / "lab.log").read_text())

    def __exit__(self, *problem: object) -> None:
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def address(self, name: str) -> str:
        """Where a chapter is opened."""
        return f"{self.url}/lab/tree/notebooks/{name}.ipynb?reset"

    def kernel(self, chapter: Chapter) -> Kernel:
        """The kernel of an open chapter."""
        with urllib.request.urlopen(f"{self.url}/api/sessions") as answer:
            sessions = json.load(answer)
        [id] = [each["kernel"]["id"] for each in sessions if chapter.name in each["path"]]
        return Kernel(self.folder / "runtime" / f"kernel-{id}.json")

    def stop_kernels(self, chapter: str = "") -> None:
        """End what was started for a chapter, or for all."""
        with urllib.request.urlopen(f"{self.url}/api/sessions") as answer:
            for each in json.load(answer):
                if chapter not in each["path"]:
                    continue
                url = f"{self.url}/api/sessions/{each['id']}"
                request = urllib.request.Request(url, method="DELETE")
                urllib.request.urlopen(request).close()


class Kernel:
    """A kernel, asked beside the page."""

    def __init__(self, connection_file: Path) -> None:
        self.client = BlockingKernelClient(connection_file=str(connection_file))
        self.client.load_connection_file()
        self.client.start_channels()

    def ask(self, expression: str) -> Any:
        """The value of an expression that is plain data."""
        code = f"import json as _json; _asked = _json.dumps({expression})"
        reply = self.client.execute(code, silent=True, user_expressions={"found": "_asked"})
        while True:
            answer = self.client.get_shell_msg(timeout=60)
            if answer["parent_header"].get("msg_id") == reply:
                break
        content = answer["content"]
        assert content["status"] == "ok", content
        text = content["user_expressions"]["found"]["data"]["text/plain"]
        return json.loads(eval(text))

    def widget(self, name: str, expression: str) -> Any:
        """An expression of `w`, the newest widget of a class."""
        find = (
            "(lambda w: {})([w for w in __import__('ipywidgets').widgets.widget._instances.values()"
            " if type(w).__name__ == '{}'][-1])"
        )
        return self.ask(find.format(expression, name))


class Chapter:
    """A notebook in the browser."""

    def __init__(self, page: Any, lab: Lab, name: str) -> None:
        self.page, self.lab, self.name = page, lab, name
        lab.stop_kernels(name)
        page.goto(lab.address(name))
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=120_000)
        page.wait_for_selector(IDLE, timeout=60_000)
        page.wait_for_timeout(1500)  # the extensions for widgets come last

    @property
    def kernel(self) -> Kernel:
        """Its kernel."""
        return self.lab.kernel(self)

    def run_all(self) -> None:
        """Clear what is stored, run all cells, and wait until the last one is done."""
        self._menu("Edit", "Clear Outputs of All Cells")
        self._wait_for_prompts("all.every((text) => !/[0-9]/.test(text))", 30)
        self._menu("Run", "Run All Cells")
        self._wait_for_prompts("all.every((text, at) => text.includes(`[${at + 1}]`))", 180)
        self.page.wait_for_selector(IDLE, timeout=60_000)
        self.page.wait_for_timeout(500)

    def _menu(self, menu: str, item: str) -> None:
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        self.page.get_by_role("menuitem", name=item, exact=True).click()

    def _wait_for_prompts(self, hold: str, seconds: int) -> None:
        prompts = ".jp-Notebook .jp-CodeCell .jp-InputArea-prompt"
        self.page.wait_for_function(
            f"""() => {{
              const all = [...document.querySelectorAll("{prompts}")].map((e) => e.innerText);
              return document.querySelector("[data-mime-type*='jupyter.error']") || {hold};
            }}""",
            timeout=1000 * seconds,
        )

    def errors(self) -> list[str]:
        """Outputs that are errors, or complaints of the page about a widget."""
        found = self.page.query_selector_all(
            "[data-mime-type*='jupyter.error'], [data-mime-type*='jupyter.stderr'], "
            ".jupyter-widgets-error"
        )
        return [each.inner_text()[:300] for each in found]

    def screens(self) -> Iterator[int]:
        """Scroll from top to bottom; the number of each screen."""
        scrolled = "document.querySelector('.jp-WindowedPanel-outer')"
        height = self.page.evaluate(f"{scrolled}.scrollHeight")
        for number, top in enumerate(range(0, int(height), 850), 1):
            self.page.evaluate(f"{scrolled}.scrollTop = {top}")
            self.page.wait_for_timeout(150)
            yield number

    def keep(self, name: str) -> None:
        """Screenshots from top to bottom: `name-01.png`, ..."""
        KEPT.mkdir(parents=True, exist_ok=True)
        for number in self.screens():
            self.page.screenshot(path=KEPT / f"{name}-{number:02d}.png")

    def focused(self) -> str:
        """What has the keyboard."""
        return str(
            self.page.evaluate(
                "(e => e.getAttribute('aria-label') || e.title || e.innerText || e.className)"
                "(document.activeElement)"
            )
        )

    def tab_to(self, text: str, most: int = 60) -> None:
        """Press Tab until something with this text has the keyboard."""
        seen = []
        for _ in range(most):
            if re.search(text, self.focused()):
                return
            self.page.keyboard.press("Tab")
            seen.append(self.focused())
        raise AssertionError(f"Tab did not lead to {text!r}, but to {seen}")
