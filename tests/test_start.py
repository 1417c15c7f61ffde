"""`python start.py`: its parts. `tests/start_for_real.py` runs it on a copy of the course."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

import start
from tests.conftest import ROOT


class Done:
    """A process that has ended."""

    def __init__(self, returncode: int) -> None:
        self.returncode = returncode

    def wait(self) -> int:
        return self.returncode


@pytest.fixture
def course(monkeypatch, tmp_path):
    """An empty course in a folder with spaces, and the commands that `start` would run there."""
    root = tmp_path / "a folder with spaces"
    root.mkdir()
    names = (root / "requirements.lock", root / "pyproject.toml")
    for name in names:
        name.write_text("")
    for name, value in {"ROOT": root, "VENV": root / ".venv", "NAMES": names}.items():
        monkeypatch.setattr(start, name, value)
    monkeypatch.setattr(start, "STAMP", root / ".venv" / ".installed")
    ran: list[list[str]] = []

    def runs(command: list[str], **_: object) -> Done:
        ran.append(command)
        python = start.interpreter(root / ".venv")
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()
        return Done(0)

    monkeypatch.setattr(start.subprocess, "run", runs)
    monkeypatch.setattr(start.subprocess, "Popen", runs)
    monkeypatch.setattr(start.signal, "signal", lambda *_: None)
    return root, ran


def test_the_python_of_an_environment_stands_where_each_system_puts_it():
    assert start.interpreter(Path("x"), windows=True) == Path("x/Scripts/python.exe")
    assert start.interpreter(Path("x"), windows=False) == Path("x/bin/python")


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 14)])
def test_a_python_that_the_course_knows_is_taken(version):
    assert start.refusal(version) == ""


@pytest.mark.parametrize("version", [(3, 10), (3, 15), (2, 7)])
def test_another_python_is_refused_with_what_to_do(version):
    said = start.refusal(version, windows=False)
    assert "needs Python 3.11 to 3.14; this is {}.{}".format(*version) in said
    assert "python3.12 start.py" in said and "make PYTHON=python3.12 lab" in said
    assert "py -3.12 start.py" in start.refusal(version, windows=True)
    assert "make" not in start.refusal(version, windows=True)


def test_the_versions_are_those_of_pyproject():
    text = (ROOT / "pyproject.toml").read_text()
    assert 'requires-python = ">={}.{}"'.format(*start.OLDEST) in text


def test_an_old_python_can_read_the_file_and_say_that_it_is_too_old():
    compile((ROOT / "start.py").read_text(), "start.py", "exec", flags=0, dont_inherit=True)
    import ast

    ast.parse((ROOT / "start.py").read_text(), feature_version=(3, 7))


def test_the_environment_is_made_once_and_again_when_the_lock_is_newer(course):
    root, ran = course
    start.main(["venv"])
    python = str(start.interpreter(root / ".venv"))
    made, locked, placed = ran
    assert made[1:] == ["-m", "venv", "--clear", str(root / ".venv")]
    assert locked[:3] == [python, "-m", "pip"] and "--require-hashes" in locked
    assert placed[-2:] == ["-e", "."] and "--no-deps" in placed and "--no-index" in placed
    start.main(["venv"])
    assert len(ran) == 3
    later = start.STAMP.stat().st_mtime + 5
    os.utime(root / "requirements.lock", (later, later))
    start.main(["venv"])
    assert len(ran) == 6


def test_the_environment_is_made_again_where_the_course_was_moved_or_its_python_is_gone(
    course, monkeypatch
):
    root, ran = course
    start.main(["venv"])
    start.interpreter(root / ".venv").unlink()
    start.main(["venv"])
    assert len(ran) == 6
    moved = root.rename(root.with_name("another folder"))
    monkeypatch.setattr(start, "ROOT", moved)
    for name in ("VENV", "STAMP"):
        monkeypatch.setattr(start, name, moved / getattr(start, name).relative_to(root))
    monkeypatch.setattr(start, "NAMES", [moved / name.name for name in start.NAMES])
    start.main(["venv"])
    assert len(ran) == 9


def test_an_environment_that_is_a_link_is_left_alone(course, tmp_path):
    root, ran = course
    (tmp_path / "other").mkdir()
    (root / ".venv").symlink_to(tmp_path / "other")
    start.main(["venv"])
    assert ran == []


def test_a_python_that_cannot_install_says_so_before_anything_is_made(course, monkeypatch):
    root, ran = course
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    with pytest.raises(SystemExit, match=r"this is 3\.9"):
        start.main([])
    assert ran == [] and not (root / ".venv").exists()


@pytest.mark.parametrize("name", ["a$b", "$_", "a${b}", "a{b", "a}", f"a{os.pathsep}b"])
def test_a_folder_in_which_nothing_installs_is_refused_before_anything_is_made(
    name, course, monkeypatch
):
    root, ran = course
    monkeypatch.setattr(start, "ROOT", root / name / "course")
    with pytest.raises(SystemExit) as ended:
        start.main([])
    assert str(root / name) in str(ended.value) and "Rename that folder" in str(ended.value)
    assert ran == []


@pytest.mark.parametrize("name", ["a$", "a$1", "a[b]", "a%b", "a#b", 'a\'b "c"', "é"])
def test_a_folder_with_another_sign_in_its_path_is_taken(name):
    assert start.misplaced(Path(name)) == ""


def test_a_step_that_fails_ends_the_program_with_its_code(course, monkeypatch, capsys):
    monkeypatch.setattr(start.subprocess, "run", lambda *_, **__: Done(7))
    monkeypatch.setattr(start.subprocess, "Popen", lambda *_, **__: Done(7))
    monkeypatch.setattr(start, "installed", lambda: arguments == ["lint"])
    for arguments in (["venv"], ["lint"]):
        with pytest.raises(SystemExit) as ended:
            start.main(arguments)
        assert ended.value.code == 7
        assert ("The course is not installed" in capsys.readouterr().err) == (arguments == ["venv"])


def test_an_interrupt_is_left_to_the_program_that_runs(course, monkeypatch):
    """As JupyterLab, which asks first: `start.py` goes on waiting for it."""

    class Asking(Done):
        interrupts = 2

        def wait(self) -> int:
            if self.interrupts:
                self.interrupts -= 1
                raise KeyboardInterrupt
            return 3

    monkeypatch.setattr(start.subprocess, "Popen", lambda *_, **__: Asking(3))
    with pytest.raises(SystemExit) as ended:
        start.run("jupyterlab")
    assert ended.value.code == 3


def test_the_first_notebook_opens_and_options_go_to_jupyterlab(course):
    root, ran = course
    start.main([])
    start.main(["lab", "--no-browser"])
    assert (ROOT / start.FIRST).exists()
    assert ran[-2][1:] == ["-m", "jupyterlab", f"--ServerApp.root_dir={root}", start.FIRST]
    assert ran[-1] == [*ran[-2], "--no-browser"]


def test_test_is_all_the_steps_in_order(course):
    _, ran = course
    start.main(["test"])
    modules = [command[2] for command in ran[3:]]
    assert modules == ["ruff", "ruff", "mypy", "pytest", "pytest", "pytest", "pytest"]


@pytest.mark.parametrize("arguments", [["tset"], ["lint", "--fix"]])
def test_an_unknown_command_is_answered_with_the_known_ones(course, arguments):
    with pytest.raises(SystemExit, match=rf"no such command: {' '.join(arguments)}\nusage") as said:
        start.main(arguments)
    assert all(f"  {name} " in str(said.value) for name in start.COMMANDS)


def test_make_calls_it_for_every_command_but_the_address():
    makefile = (ROOT / "Makefile").read_text()
    [targets] = re.findall(r"^(.*):\n\t@\$\(PYTHON\) start\.py \$@$", makefile, re.M)
    assert set(targets.split()) == set(start.COMMANDS) - {"address"}


PROJECT = '[project.urls]\nRepository = "https://github.com/OWNER/REPO"\n'


@pytest.fixture
def linked(course):
    root, _ = course
    (root / "pyproject.toml").write_text(PROJECT)
    (root / "docs").mkdir()
    (root / "README.md").write_bytes(
        b"[Binder](https://mybinder.org/v2/gh/OWNER/REPO/HEAD)\r\nhttps://OWNER.github.io/REPO/\r\n"
    )
    (root / "docs" / "a.md").write_text("NOOWNER/REPO, OWNER/REPOS, github.com/OWNER/REPO.git é")
    return root


def test_an_address_is_written_into_all_links_and_into_nothing_else(linked, capsys):
    start.main(["address", "https://github.com/Ann-B/k8s.course.git"])
    text = (linked / "README.md").read_bytes()
    assert b"gh/Ann-B/k8s.course/HEAD)\r\nhttps://Ann-B.github.io/k8s.course/\r\n" in text
    written = (linked / "docs" / "a.md").read_text()
    assert written == "NOOWNER/REPO, OWNER/REPOS, github.com/Ann-B/k8s.course.git é"
    assert start.kept_address((linked / "pyproject.toml").read_text()) == ("Ann-B", "k8s.course")
    assert capsys.readouterr().out.split() == ["README.md", "docs/a.md", "pyproject.toml"]


def test_an_address_can_be_written_again_and_replaced(linked, capsys):
    before = {path: path.read_bytes() for path in linked.rglob("*.*") if path.is_file()}
    start.main(["address", "github.com/ann/course"])
    capsys.readouterr()
    start.main(["address", "github.com/ann/course/"])
    assert capsys.readouterr().out == ""
    start.main(["address", "github.com/OWNER/REPO"])
    assert {path: path.read_bytes() for path in before} == before


def test_the_site_of_a_repository_with_the_name_of_its_host_has_no_folder(linked):
    before = (linked / "README.md").read_bytes()
    start.main(["address", "github.com/Ann/ann.github.io"])
    text = (linked / "README.md").read_bytes()
    assert b"v2/gh/Ann/ann.github.io/HEAD)\r\nhttps://Ann.github.io/\r\n" in text
    start.main(["address", "github.com/Ann/course"])
    text = (linked / "README.md").read_bytes()
    assert b"v2/gh/Ann/course/HEAD)\r\nhttps://Ann.github.io/course/\r\n" in text
    start.main(["address", "github.com/bob/ann.github.io"])  # of another owner
    assert b"https://bob.github.io/ann.github.io/" in (linked / "README.md").read_bytes()
    start.main(["address", "github.com/OWNER/REPO"])
    assert (linked / "README.md").read_bytes() == before


@pytest.mark.parametrize("wrong", ["", "ann/course", "gitlab.com/a/b", "github.com/a", "a b/c"])
def test_what_is_no_address_is_refused(linked, wrong):
    with pytest.raises(
        SystemExit, match=r"expected github\.com/OWNER/REPO.*today it is OWNER/REPO"
    ):
        start.main(["address", wrong])
    assert (linked / "pyproject.toml").read_text() == PROJECT


def test_all_texts_that_link_to_the_repository_are_known_to_it():
    today = start.links(start.kept_address((ROOT / "pyproject.toml").read_text()))
    links = re.compile(rf"\b(?:{'|'.join(map(re.escape, today))})\b".encode())
    apart = {".git", ".venv", "build", "tests", "start.py"}
    apart |= {".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
    parts = [path for path in ROOT.iterdir() if path.name not in apart]
    files = {each for part in parts for each in (part, *part.rglob("*")) if each.is_file()}
    found = {path for path in files if links.search(path.read_bytes())}
    assert ROOT / "README.md" in found
    assert found <= set(start.linking(ROOT))
