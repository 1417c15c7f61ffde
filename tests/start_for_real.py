"""`python start.py` on a copy of the course: in a path with spaces, with nothing on the PATH.

A new environment is made, for which packages are downloaded. Not collected with the unit tests:
`make test-start` names it.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from start import interpreter
from tests.conftest import ROOT

COURSE = (".binder", "course_lib", "data", "images", "notebooks", "tests")
FILES = ("start.py", "pyproject.toml", "requirements.lock", "README.md", "LICENSE", "MANIFEST.in")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a learner downloads."""
    root = tmp_path_factory.mktemp("home") / "my courses" / "Introduction to Kubernetes (1)"
    for folder in COURSE:
        ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, root)
    return root


def command(course: Path, *arguments: str) -> dict:
    """What `subprocess` needs to run start.py from another folder, without a PATH."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    environment = kept | {"PATH": "", "COURSE_PROGRESS": str(course.parent / "progress.json")}
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
    said = subprocess.run(asked, cwd=course.parent, capture_output=True, text=True, check=True)
    return Path(said.stdout.strip())


def test_binders_steps_install_the_same(course: Path):
    """As repo2docker runs them, with this environment in the place of its own."""
    python = interpreter(course / ".venv")
    pip = [python, "-m", "pip", "install", "-r", ".binder/requirements.txt"]
    done = subprocess.run(pip, cwd=course, capture_output=True, text=True, check=True)
    assert "Successfully installed" not in done.stdout  # all was there: the lock's versions
    subprocess.run(
        [python, "-m", "pip", "uninstall", "-q", "-y", "course-lib"], cwd=course, check=True
    )
    prefix = os.environ | {"NB_PYTHON_PREFIX": str(course / ".venv"), "KERNEL_PYTHON_PREFIX": ""}
    subprocess.run(["./.binder/postBuild"], cwd=course, env=prefix, check=True)
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
    options = ("--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token=")
    unchecked = "--ServerApp.disable_check_xsrf=True"
    with (course.parent / "lab.log").open("w") as log:
        settings = command(course, "lab", *options, unchecked)
        process = subprocess.Popen(**settings, stdout=log, stderr=log)
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        process.wait(30)


def test_the_lab_opens_the_first_notebook_and_its_kernel_has_the_course(course: Path, lab: str):
    for _ in range(120):
        try:
            answer(f"{lab}/api")
            break
        except OSError:
            time.sleep(0.5)
    notebook = answer(f"{lab}/api/contents/notebooks/00-start-here.ipynb?content=0")
    assert notebook["type"] == "notebook"
    kernel = answer(f"{lab}/api/kernels", name="python3", path="notebooks")
    assert answer(f"{lab}/api/kernels/{kernel['id']}")["execution_state"] in {"starting", "idle"}
    assert "00-start-here.ipynb" in (course.parent / "lab.log").read_text()


def test_the_style_is_checked_and_a_chapter_gives_its_outputs(course: Path):
    assert "All checks passed" in start(course, "lint")
    others = sorted((course / "notebooks").glob("*.ipynb"))[1:]
    for path in others:
        path.unlink()  # one chapter is enough here: `make test` runs all of them
    assert "passed" in start(course, "notebooks-check")
