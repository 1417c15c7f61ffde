"""The course with nothing but Python: `python start.py` opens it, `python start.py test` checks it.

Only the standard library is used, and no shell: the commands are the same on Linux, macOS and
Windows, from any folder. The Makefile calls them.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

ROOT = Path(os.path.abspath(__file__)).parent  # not resolved: a drive of Windows keeps its letter
VENV = ROOT / ".venv"
# Newer than these two files: what they name is installed. It has the folder for which it was.
STAMP = VENV / ".installed"
NAMES = (ROOT / "requirements.lock", ROOT / "pyproject.toml")
OLDEST, NEWEST = (3, 11), (3, 14)
NOT_INSTALLED = """
The course is not installed. The lines above say why. It needs a network, and 700 MB in its own
folder. Call the same command again when that is so: it begins from the start."""
# In a path, setuptools takes $name and {name} for variables, and venv refuses what parts the PATH.
UNUSABLE = re.compile(r"\$[A-Za-z_]|[{}]|" + re.escape(os.pathsep))
FIRST = "notebooks/00-start-here.ipynb"
# Where links to the repository are, and to its page.
LINKING = ("*", "docs/**/*", "notebooks/*", ".github/**/*")
LINKING_CODE = "course_lib/cluster/scenes.py"
TEXTS = (".cff", ".html", ".ipynb", ".js", ".md", ".toml", ".yml")


def interpreter(venv: Path, windows: bool = os.name == "nt") -> Path:
    """The Python of a virtual environment."""
    return venv / ("Scripts/python.exe" if windows else "bin/python")


def refusal(version: tuple[int, int], windows: bool = os.name == "nt") -> str:
    """Why this version of Python cannot install the course; empty when it can."""
    if OLDEST <= version <= NEWEST:
        return ""
    names = "{}.{} to {}.{}".format(*OLDEST, *NEWEST)
    other = "py -3.12" if windows else "python3.12"
    return (
        f"The course needs Python {names}; this is {version[0]}.{version[1]}.\n"
        f"Use another one that you have, for example: {other} start.py"
        + ("" if windows else "\n(with make: make PYTHON=python3.12 lab)")
    )


def misplaced(folder: Path) -> str:
    """Why the course cannot be installed in this folder; empty when it can."""
    found = UNUSABLE.search(str(folder))
    if not found:
        return ""
    return (
        f"The course cannot be installed in a folder with {found[0][0]!r} in its path:\n{folder}\n"
        "Rename that folder, or move the course. Then call the same command again."
    )


def run(*arguments: str, **environment: str) -> None:
    """Run a module of the environment's Python at the top of the course.

    Ends this program with the module's exit code when it fails.
    """
    command = [str(interpreter(VENV)), "-m", *arguments]
    everywhere = {"PYTHONUTF8": "1"}  # files are UTF-8, on Windows too
    settings = {**os.environ, **everywhere, **environment}
    process = subprocess.Popen(command, cwd=ROOT, env=settings)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    code = None
    while code is None:
        with suppress(KeyboardInterrupt):  # the module has it, too; JupyterLab asks if it is meant
            code = process.wait()
    if code:
        sys.exit(code)


def installed() -> bool:
    """Whether the environment has what the lock and pyproject.toml name.

    It has not when the folder was moved, or when the Python of which it was made is gone. An
    environment that is a link belongs to another copy of the course, and is left as it is.
    """
    if VENV.is_symlink():
        return True
    if not (STAMP.exists() and interpreter(VENV).exists()):
        return False
    here = STAMP.read_text(encoding="utf-8") in ("", str(ROOT))  # empty: before it was written
    return here and all(name.stat().st_mtime <= STAMP.stat().st_mtime for name in NAMES)


def install() -> None:
    """Make the environment: every package as the lock pins it by hash, the course in place."""
    if installed():
        return
    why = refusal(sys.version_info[:2]) or misplaced(ROOT)
    if why:
        sys.exit(why)
    print(f"Installing the course into {VENV} (a minute or two, once) ...", flush=True)
    # Not the Python of the environment itself, which is about to be replaced.
    base = getattr(sys, "_base_executable", sys.executable)
    pip = ("pip", "install", "--quiet", "--disable-pip-version-check")
    try:
        code = subprocess.run([base, "-m", "venv", "--clear", str(VENV)]).returncode
        if code:
            sys.exit(code)
        run(*pip, "--require-hashes", "-r", str(NAMES[0]))
        # Not by its path: pip would read [name] at the end as an extra.
        run(*pip, "--no-deps", "--no-build-isolation", "--no-index", "-e", ".")
    except SystemExit:
        print(NOT_INSTALLED, file=sys.stderr)
        raise
    STAMP.write_text(str(ROOT), encoding="utf-8")


def lab(*options: str) -> None:
    """Open JupyterLab on the first notebook; options go to JupyterLab."""
    run("jupyterlab", f"--ServerApp.root_dir={ROOT}", FIRST, *options)


def lint() -> None:
    """Check the style of the code."""
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")


def types() -> None:
    """Check the types of the package."""
    run("mypy")


def unit() -> None:
    """Run the unit tests, but for the few that take long (`make test-long`)."""
    apart = [f"--ignore=tests/{folder}" for folder in ("peers", "browser", "site")]
    run("pytest", "-q", "-n", "auto", "-m", "not long", *apart)
    run("pytest", "-q", "tests/oracles/test_scheduler_oracles.py", "-k", "how_many")


def notebooks_check() -> None:
    """Run every notebook: each cell's output must equal the one that is stored."""
    unsolved = str(ROOT / "notebooks" / "none.json")
    strict = ("-n", "auto", "--dist", "loadfile", "--nbval", "notebooks")
    run("pytest", "-q", *strict, COURSE_PROGRESS=unsolved)
    run("pytest", "-q", "-n", "auto", "tests/notebooks_again.py")
    for weight in sorted((ROOT / "build" / "memory").glob("*.txt")):
        print(weight.read_text(encoding="utf-8"), end="")


def test() -> None:
    """Check everything: style, types, unit tests, notebooks."""
    for step in (lint, types, unit, notebooks_check):
        step()


def address_in(text: str) -> tuple[str, str]:
    """Owner and name of the repository at an address; empty where it is none of GitHub."""
    found = re.fullmatch(r"(?:https://)?github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?", text)
    return (found[1], found[2]) if found else ("", "")


def kept_address(project: str) -> tuple[str, str]:
    """The address in the text of pyproject.toml: the one place where it is kept."""
    found = re.search(r'^Repository = "(.*)"$', project, re.M)
    return address_in(found[1] if found else "")


def links(repository: tuple[str, str]) -> tuple[str, str]:
    """The repository as an address names it, and its site on GitHub Pages.

    The site of a repository with the name OWNER.github.io stands at the top of that host.
    Source: GitHub Docs, "Types of GitHub Pages sites".
    """
    owner, name = repository
    host = f"{owner}.github.io"
    return f"{owner}/{name}", host if name.lower() == host.lower() else f"{host}/{name}"


def moved(text: str, old: tuple[str, str], new: tuple[str, str]) -> str:
    """A text with the links to one repository, and to its GitHub Pages, as links to another."""
    (repository, site), targets = links(old), links(new)
    after = {repository: targets[0], site: targets[1]}
    link = rf"(?<![\w.-])(?:{'|'.join(map(re.escape, after))})(?![\w-])"
    return re.sub(link, lambda found: after[found[0]], text)


def linking(root: Path) -> list[Path]:
    """The files that may link to the repository; pyproject.toml, which keeps the address, last."""
    found = {path for pattern in LINKING for path in root.glob(pattern) if path.suffix in TEXTS}
    found |= set(root.glob(LINKING_CODE))
    return sorted(found, key=lambda path: (path.name == NAMES[1].name, path))


def address(new: str = "", *others: str) -> None:
    """Write github.com/OWNER/REPO, the address of your copy, into all links."""
    wanted, old = address_in(new), kept_address(NAMES[1].read_text(encoding="utf-8"))
    if others or not all(wanted):
        sys.exit(f"expected github.com/OWNER/REPO, found {new!r}; today it is {'/'.join(old)}")
    complete = installed()
    for path in linking(ROOT):
        text = path.read_bytes().decode("utf-8")
        after = moved(text, old, wanted)
        if after != text:
            path.write_bytes(after.encode("utf-8"))
            print(path.relative_to(ROOT).as_posix())
    if complete and STAMP.exists():
        STAMP.touch()  # nothing that is installed has changed


def usage() -> str:
    """What this program can do, one line a command."""
    lines = [
        f"  {name:16} {(command.__doc__ or '').splitlines()[0]}"
        for name, command in COMMANDS.items()
    ]
    return "\n".join(["usage: python start.py [command]", *lines, "Without a command: lab"])


COMMANDS = {
    "lab": lab,
    "test": test,
    "venv": install,
    "lint": lint,
    "types": types,
    "unit": unit,
    "notebooks-check": notebooks_check,
    "address": address,
}
ALONE = ("venv", "address")  # commands that need no environment
WITH_OPTIONS = ("lab", "address")


def main(arguments: list[str]) -> None:
    """Run one command; most make sure first that the environment is there."""
    name, *options = arguments or ["lab"]
    if name in ("help", "-h", "--help"):
        print(usage())
        return
    if name not in COMMANDS or (options and name not in WITH_OPTIONS):
        sys.exit(f"no such command: {' '.join(arguments)}\n{usage()}")
    if name not in ALONE:
        install()
    COMMANDS[name](*options)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
