"""`python start.py` on a copy of the course: in a path with spaces, with nothing on the PATH.

A new environment is made, for which packages are downloaded. Not collected with the unit tests:
`make test-start` names it.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from start import interpreter
from tests.conftest import ROOT

# What is made here, and not downloaded.
MADE = (".git", ".venv", "build", "*_cache", ".hypothesis", "__pycache__", ".ipynb_checkpoints")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a learner downloads."""
    root = tmp_path_factory.mktemp("home") / "my courses" / "Introduction to Kubernetes (1)"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*MADE))
    return root


OUTSIDE = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}


def command(course: Path, *arguments: str) -> dict:
    """What `subprocess` needs to run start.py from another folder, without a PATH."""
    environment = OUTSIDE | {"PATH": "", "COURSE_PROGRESS": str(course.parent / "progress.json")}
    words = [sys.executable, str(course / "start.py"), *arguments]
    return {"args": words, "cwd": course.parent, "env": environment, "text": True}


def start(course: Path, *arguments: str) -> str:
    """What start.py prints; it must succeed."""
    done = subprocess.run(**command(course, *arguments), capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_environment_is_made_once(course: Path):
    assert "Installing the course into" in start(course, "venv")
    began = time.monotonic()
    assert start(course, "venv") == ""
    assert time.monotonic() - began < 5
    assert place_of_the_package(course) == course / "course_lib" / "__init__.py"


def place_of_the_package(course: Path) -> Path:
    """Where the environment finds it, from another folder."""
    asked = [interpreter(course / ".venv"), "-c", "import course_lib; print(course_lib.__file__)"]
    settings = {"cwd": course.parent, "env": OUTSIDE, "text": True, "check": True}
    said = subprocess.run(asked, capture_output=True, **settings)
    return Path(said.stdout.strip())


def test_binders_steps_install_the_same(course: Path):
    """As repo2docker runs them, with this environment in the place of its own."""
    python = interpreter(course / ".venv")
    settings = {"cwd": course, "env": OUTSIDE, "text": True, "check": True, "capture_output": True}
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    done = subprocess.run([*pip, "install", "-r", ".binder/requirements.txt"], **settings)
    assert "Successfully installed" not in done.stdout  # all was there: the lock's versions
    subprocess.run([*pip, "uninstall", "--yes", "course-lib"], **settings)
    settings["env"] = OUTSIDE | {"NB_PYTHON_PREFIX": str(course / ".venv")}
    subprocess.run(["./.binder/postBuild"], **settings)
    assert place_of_the_package(course) == course / "course_lib" / "__init__.py"


def answer(url: str, **body: object) -> dict:
    """What the server says."""
    data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(urllib.request.Request(url, data), timeout=30) as said:
        return json.load(said)


@pytest.fixture
def lab(course: Path) -> Iterator[str]:
    """JupyterLab, as `python start.py` starts it; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    browser = course.parent / "browser.py"
    browser.write_text(
        "import pathlib, sys, urllib.request\n"
        "pathlib.Path('opened').write_bytes(urllib.request.urlopen(sys.argv[1]).read())\n"
    )
    command_line = " ".join(map(shlex.quote, [sys.executable, str(browser)]))
    options = [f"--ServerApp.browser={command_line} %s", f"--port={port}", "--allow-root"]
    options += ["--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"]
    settings = command(course, "lab", *options)
    with (course.parent / "lab.log").open("w") as log:
        process = subprocess.Popen(**settings, stdout=log, stderr=log)
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        process.wait(30)
    with pytest.raises(OSError):
        answer(f"http://127.0.0.1:{port}/api")  # it ended with start.py


def wait_for(seen: Callable[[], object]) -> None:
    """Wait until a call raises no `OSError`, for a minute at most."""
    for _ in range(120):
        try:
            seen()
            return
        except OSError:
            time.sleep(0.5)
    seen()


def test_the_lab_opens_the_first_notebook_starts_kernels_and_ends_with_start_py(
    course: Path, lab: str
):
    wait_for(lambda: answer(f"{lab}/api"))
    notebook = answer(f"{lab}/api/contents/notebooks/00-start-here.ipynb?content=0")
    assert notebook["type"] == "notebook"
    kernel = answer(f"{lab}/api/kernels", name="python3", path="notebooks")
    assert answer(f"{lab}/api/kernels/{kernel['id']}")["execution_state"] != "dead"
    wait_for((course / "opened").stat)
    assert "/lab/tree/notebooks/00-start-here.ipynb" in (course / "opened").read_text()


def test_the_style_is_checked_and_a_chapter_gives_its_outputs(course: Path):
    assert "All checks passed" in start(course, "lint")
    others = sorted((course / "notebooks").glob("*.ipynb"))[1:]
    for path in others:
        path.unlink()  # one chapter is enough here: `make test` runs all of them
    assert "passed" in start(course, "notebooks-check")
