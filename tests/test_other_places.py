"""Binder, dev containers, Colab and conda get the same course as `start.py`."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
import types
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import start
from tests.conftest import ROOT

BINDER = ROOT / ".binder"
NAMED = (ROOT / "pyproject.toml").read_text()
PROJECT = tomllib.loads(NAMED)["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
LOCK = (ROOT / "requirements.lock").read_text()
PYTHONS = [f"3.{minor}" for minor in range(start.OLDEST[1], start.NEWEST[1] + 1)]


def pins(python: str) -> dict[str, Version]:
    """What the lock installs on Linux under a version of Python."""
    system = {"python_version": python, "python_full_version": f"{python}.0", "os_name": "posix"}
    here = system | {"sys_platform": "linux", "platform_system": "Linux"}
    found = {}
    lines = re.findall(r"^([\w.-]+)==(\S+)(?: ; (.*?))? \\$", LOCK, re.M)
    for name, version, marker in lines:
        if not marker or Marker(marker).evaluate(here):
            found[name] = Version(version)
    return found


def binder_python() -> str:
    """The version of Python that repo2docker reads in runtime.txt: `python-x.y`, and no more."""
    text = (BINDER / "runtime.txt").read_text().strip()
    found = re.fullmatch(r"python-(\d+\.\d+)", text)
    assert found is not None, text
    return found[1]


def test_every_place_has_a_python_that_the_course_knows():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    conda = next(line for line in CONDA if isinstance(line, str) and line.startswith("python>"))
    image = container["image"].rpartition(":")[2]
    assert binder_python() == image
    for allowed in (PROJECT["requires-python"], conda.removeprefix("python")):
        assert all(SpecifierSet(allowed).contains(f"{python}.5") for python in [*PYTHONS, image])
    assert image in PYTHONS
    assert not SpecifierSet(conda.removeprefix("python")).contains(f"3.{start.NEWEST[1] + 1}.0")


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_satisfies_pyproject_and_conda_with_every_python(python: str):
    pinned = pins(python)
    extras = PROJECT["optional-dependencies"]
    wanted = [*PROJECT["dependencies"], *extras["cri"], *extras["serve"], *extras["notebook"]]
    renamed = {"matplotlib-base": "matplotlib", "python-tzdata": "tzdata"}
    for text in [*wanted, *(line for line in CONDA if isinstance(line, str) and ">=" in line)]:
        asked = Requirement(text)
        name = renamed.get(asked.name, asked.name)
        if name != "python":
            assert asked.specifier.contains(pinned[name]), f"{text}: {pinned[name]}"


def test_binder_installs_what_the_lock_pins_and_the_course_without_dependencies():
    """repo2docker reads .binder alone where there is one, and there other files come first."""
    assert {path.name for path in BINDER.iterdir()} == {
        "runtime.txt",
        "requirements.txt",
        "postBuild",
    }
    assert not (ROOT / "binder").exists()
    lines = (BINDER / "requirements.txt").read_text().splitlines()
    options = [line for line in lines if not line.startswith("#")]
    assert options == ["--require-hashes", "-r ../requirements.lock"]
    script = BINDER / "postBuild"
    assert os.access(script, os.X_OK) and script.read_bytes().startswith(b"#!/usr/bin/env bash\n")
    install = script.read_text().splitlines()[-1]
    assert install.endswith("-m pip install --no-deps --no-build-isolation --no-index -e .")


def test_a_dev_container_is_made_by_start_py():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert container["onCreateCommand"] == "python start.py venv"
    assert container["customizations"]["codespaces"]["openFiles"] == [start.FIRST]
    path = container["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    venv = start.interpreter(Path("${containerWorkspaceFolder}/.venv"), windows=False)
    assert path == venv.as_posix()


@pytest.fixture
def cell() -> str:
    """The cell for Google Colab."""
    text = (ROOT / "docs" / "elsewhere.md").read_text()
    [found] = re.findall(r"```python\n(.*?)```", text, re.S)
    return found


def test_the_cell_for_colab_does_nothing_elsewhere(cell: str, monkeypatch: pytest.MonkeyPatch):
    def refuse(*arguments: object, **_: object) -> None:
        raise AssertionError(arguments)

    monkeypatch.setattr(subprocess, "run", refuse)
    monkeypatch.setattr(os, "chdir", refuse)
    assert len(cell.splitlines()) <= 15
    names: dict[str, object] = {}
    exec(cell, names)
    assert {name for name in names if not name.startswith("__")} == {"os", "subprocess", "sys"}


@pytest.mark.parametrize("fetched", [False, True])
def test_in_colab_it_fetches_and_installs_the_course_once(
    cell: str, fetched: bool, monkeypatch: pytest.MonkeyPatch
):
    done: list[object] = []
    output = types.SimpleNamespace(enable_custom_widget_manager=lambda: done.append("widgets"))
    colab = types.ModuleType("google.colab")
    colab.output = output  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    monkeypatch.setattr(os.path, "exists", lambda path: fetched)
    monkeypatch.setattr(os, "chdir", done.append)
    monkeypatch.setattr(subprocess, "run", lambda command, check: done.append(command))
    exec(cell, {})
    assert done[0] == "widgets" and done[-1] == "/content/course/notebooks"
    if fetched:
        assert len(done) == 2
        return
    clone, install = done[1:-1]
    assert clone[:2] == ["git", "clone"] and clone[-1] == "/content/course"
    assert clone[-2] == "https://github.com/" + "/".join(start.kept_address(NAMED))
    assert install[-4] == "/content/course[cri,serve]"
    # JupyterLab and its like are Colab's own.
    assert set(install[-3:]) == {
        text
        for text in PROJECT["optional-dependencies"]["notebook"]
        if not text.startswith(("jupyterlab", "nbval"))
    }


def test_the_cell_is_plain_python(cell: str):
    assert ast.parse(cell, feature_version=start.OLDEST)
