"""The package as others install it: wheel and source distribution, far from this repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from course_lib.errors import CourseError
from tests.conftest import ROOT

SOURCES = ("pyproject.toml", "MANIFEST.in", "README.md", "LICENSE")
BUILD = """
from setuptools import build_meta
build_meta.build_sdist("dist")
build_meta.build_wheel("dist")
"""


def run(*command: object, cwd: Path) -> str:
    """The output of a command that sees no part of the repository."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    own = kept | {"COURSE_PROGRESS": str(cwd / "progress.json")}
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=own, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one wheel and one source distribution."""
    source = tmp_path_factory.mktemp("source")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "course_lib", source / "course_lib", ignore=ignored)
    for name in SOURCES:
        shutil.copy(ROOT / name, source)
    run(sys.executable, "-c", BUILD, cwd=source)
    return source / "dist"


def files_of_the_package() -> set[str]:
    """All files below `course_lib` that an import or the package itself may open."""
    found = (path for path in (ROOT / "course_lib").rglob("*") if path.is_file())
    return {
        path.relative_to(ROOT).as_posix() for path in found if path.parent.name != "__pycache__"
    }


def test_the_wheel_and_the_source_distribution_have_every_file_of_the_package(built: Path):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        packed = {name for name in wheel.namelist() if name.startswith("course_lib/")}
    with tarfile.open(next(built.glob("*.tar.gz"))) as source:
        names = (member.name.partition("/")[2] for member in source if member.isfile())
        sent = {name for name in names if name.startswith("course_lib/")}
    assert packed == sent == files_of_the_package()
    assert {"course_lib/py.typed", "course_lib/cluster/data/web.yaml"} <= packed


@pytest.mark.long
@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_an_installed_package_solves_the_exercises_in_any_folder(
    kind: str, built: Path, tmp_path: Path
):
    environment = tmp_path / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=tmp_path)
    python = environment / "bin" / "python"
    packages = next((environment / "lib").glob("python3*/site-packages"))
    # The course's dependencies come from here; an editable course does not, since only the lines
    # of a .pth file are read, and not the .pth files in the folders that it names.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    quiet = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation")
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", *quiet, next(built.glob(kind)), cwd=tmp_path)
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(ROOT / "tests" / "elsewhere.py", folder)
    assert run(python, "elsewhere.py", cwd=folder).startswith(str(packages))


class Blocked:
    """A finder of modules under which one package cannot be imported."""

    def __init__(self, name: str) -> None:
        self.name = name

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] == self.name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


NEED_EXTRAS = (
    "course_lib.plots",
    "course_lib.widgets",
    "course_lib.cluster.served",
    "course_lib.cluster.handlers",
    "course_lib.cri.grpc_client",
    "course_lib.cri.grpc_server",
    "course_lib.cri.stream_server",
)


@pytest.mark.parametrize(
    ("missing", "module", "extra"),
    [
        ("tornado", "course_lib.cluster.served", "serve"),
        ("tornado", "course_lib.cri.stream_server", "serve"),
        ("grpc", "course_lib.cri.grpc_server", "cri"),
        ("grpc", "course_lib.cri.grpc_client", "cri"),
        ("matplotlib", "course_lib.plots", "notebook"),
        ("anywidget", "course_lib.widgets", "notebook"),
        ("ipywidgets", "course_lib.widgets.services", "notebook"),
    ],
)
def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    missing: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch
):
    for name in list(sys.modules):
        if name.partition(".")[0] == missing or name.startswith(NEED_EXTRAS):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Blocked(missing), *sys.meta_path])
    with pytest.raises(CourseError, match=rf"pip install 'course-lib\[{extra}\]'") as said:
        __import__(module)
    assert missing in said.value.what


def test_the_core_needs_no_extra(tmp_path: Path):
    blocked = "tornado grpc matplotlib ipywidgets anywidget IPython"
    script = f"""
import sys
from importlib.abc import MetaPathFinder
class Blocked(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked.split()}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Blocked())
from course_lib.course import Trouble, exercise
import course_lib.cli, course_lib.experiments, course_lib.orchestrators
print(exercise("10-quorum").check(2).ok, Trouble(fault="scaled-to-zero").failing()[0].name)
"""
    environment = os.environ | {"COURSE_PROGRESS": str(tmp_path / "progress.json")}
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, cwd=ROOT
    )
    assert said.stdout == "True api is ready\n", said.stderr
