"""The downloads of the site: from PyPI with pip, from npm with npm, each held against its sum."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from docs.site.pinned import PINS, ROOT, locked, pinned

KEPT = ROOT / "build" / "site-downloads"
BROWSER = ["--platform=pyemscripten_2026_0_wasm32"]
LINUX = ["--platform=manylinux_2_17_x86_64", "--platform=manylinux2014_x86_64"]
CARRIED = "open_webui/frontend/pyodide/"


class WrongSum(Exception):
    """A download that is not the file that was pinned."""


def wheels() -> list[Path]:
    """All wheels; downloads what is not there yet."""
    lines = locked((ROOT / "requirements.lock").read_text())
    names = PINS["packages"]
    own = _downloaded("".join(lines[name] for name in names["locked"]) + pinned("kernel"), BROWSER)
    linux = _downloaded("".join(lines[name] for name in names["linux"]), LINUX)
    [carrier] = _downloaded(pinned("carrier"), BROWSER).iterdir()
    carried = KEPT / carrier.stem
    carried.mkdir(exist_ok=True)
    with zipfile.ZipFile(carrier) as archive:
        for name in names["carried"]:
            [path] = [p for p in archive.namelist() if p.startswith(f"{CARRIED}{name}-")]
            (carried / Path(path).name).write_bytes(archive.read(path))
    return sorted([*own.iterdir(), *linux.iterdir(), *carried.iterdir()])


def tools() -> Path:
    """A folder for PYTHONPATH with the build of JupyterLite."""
    folder = KEPT / "tools"
    if not folder.exists():
        source = _downloaded(pinned("tools"))
        _pip("install", "--no-deps", "--no-index", "--target", folder, *source.glob("*.whl"))
    return folder


def pyodide() -> Path:
    """The archive of npm's pyodide."""
    version, digest = PINS["pyodide"]["pyodide"]
    path = KEPT / f"pyodide-{version}.tgz"
    if not path.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", "--silent", f"pyodide@{version}"]
        subprocess.run(command, cwd=KEPT, check=True, stdout=subprocess.DEVNULL)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != digest:
        path.unlink()
        raise WrongSum(f"{path.name}: expected SHA-256 {digest}, found {found}")
    return path


def _downloaded(requirements: str, options: Sequence[str] = ()) -> Path:
    """A folder with the wheels of these requirements, which pip checks by their sums."""
    name = hashlib.sha256(repr((requirements, options)).encode()).hexdigest()[:12]
    folder = KEPT / name
    if not folder.exists():
        file = KEPT / f"{name}.txt"
        KEPT.mkdir(parents=True, exist_ok=True)
        file.write_text(requirements)
        options = [*options]
        if options:
            options += ["--python-version=3.14", "--implementation=cp", "--abi=cp314", "--abi=none"]
            options += ["--ignore-requires-python"]
        options += ["--no-deps", "--require-hashes", "--only-binary=:all:"]
        part = folder.with_suffix(".part")
        _pip("download", *options, "-r", file, "-d", part)
        part.rename(folder)
    return folder


def _pip(command: str, *rest: str | Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", command, "--quiet", "--disable-pip-version-check", *rest],
        check=True,
    )
