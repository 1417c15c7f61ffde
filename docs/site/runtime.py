"""The Python of the site: Pyodide, and a lock file that says which wheel each import needs.

The kernel asks Pyodide for what a cell imports, and Pyodide looks the names up in its lock file.
So no cell installs anything, and no notebook knows that it runs in a browser. Source: Pyodide's
documentation, "Using Pyodide: loading packages"; its lock file is `pyodide-lock.json`.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from email.parser import Parser
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from course_lib import __version__
from docs.site.downloads import pyodide, wheels
from docs.site.pinned import BROWSER, PINS, ROOT

CORE = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"]
# What the kernel of JupyterLite asks for by itself, and the course: loaded while Python starts.
FIRST = ["ipykernel", "comm", "pyodide-kernel", "jedi", "ipython", "micropip", "piplite"]
FIRST += ["course-lib"]
KERNEL_WHEELS = ("ipykernel", "piplite", "pyodide_kernel")
EXTRAS = ("notebook",)  # of the course's package, that run in a browser
FONTS, FONT_FOLDER = "matplotlib/fontlist.json", "matplotlib/mpl-data"
IMPORT = re.compile(r"(from \S+ )?import \w")
TIME = (2020, 1, 1, 0, 0, 0)  # of each file in a wheel: the same bytes for the same content


class MissingPackage(Exception):
    """A wheel needs a package that is neither on the site nor known to be left out."""


def build(folder: Path) -> None:
    """Write the runtime to a folder: Pyodide, all wheels, and the lock file."""
    folder.mkdir(parents=True)
    with tarfile.open(pyodide()) as archive:
        for name in [*CORE, "pyodide-lock.json"]:
            member = archive.extractfile(f"package/{name}")
            assert member is not None
            (folder / name).write_bytes(member.read())
    packages = [course(folder)]
    for wheel in wheels():
        with zipfile.ZipFile(wheel) as archive:
            if wheel.name.startswith("jupyterlite_pyodide_kernel-"):
                packages += kernel(archive, folder)
            else:
                name, version, _, _ = parse_wheel_filename(wheel.name)
                files = {each: archive.read(each) for each in archive.namelist()}
                packages.append(packed(folder, name, str(version), pruned(name, files), wheel.name))
    lock = json.loads((folder / "pyodide-lock.json").read_text())
    lock["packages"] = {each["name"]: each for each in completed(packages)}
    write(lock, folder)
    compile_imported(folder)
    write(lock, folder)
    name_as_scripts(folder)


def write(lock: dict[str, Any], folder: Path) -> None:
    """Write the lock file, with the sums of the wheels as they are now."""
    for each in lock["packages"].values():
        each["sha256"] = hashlib.sha256((folder / each["file_name"]).read_bytes()).hexdigest()
    (folder / "pyodide-lock.json").write_text(json.dumps(lock, sort_keys=True))


def compile_imported(folder: Path) -> None:
    """Add the bytecode of what the kernel and the notebooks import; needs Node.js."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as tour:
        tour.write("\n".join(["import piplite.piplite", "import IPython", *first_imports()]))
        tour.flush()
        script = str(Path(__file__).with_name("compile.mjs"))
        subprocess.run(["node", script, str(folder), tour.name], check=True)


def name_as_scripts(folder: Path) -> None:
    """End the names of Pyodide's modules with `.js`.

    Many hosts, such as nginx with its default types, send `.mjs` as a type that no browser runs.
    """
    for path in folder.glob("*.mjs"):
        text = path.read_text().replace("pyodide.asm.mjs", "pyodide.asm.js")
        path.with_suffix(".js").write_text(text)
        path.unlink()


def first_imports() -> list[str]:
    """The lines of all notebooks that import something."""
    found: dict[str, None] = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for cell in json.loads(path.read_text())["cells"]:
            lines = "".join(cell["source"]).splitlines() if cell["cell_type"] == "code" else []
            found |= dict.fromkeys(line for line in lines if IMPORT.match(line))
    return list(found)


def kernel(archive: zipfile.ZipFile, folder: Path) -> Iterator[dict[str, Any]]:
    """The wheels inside the wheel of the kernel."""
    for path in archive.namelist():
        name = Path(path).name
        if name.endswith(".whl") and name.startswith(KERNEL_WHEELS):
            inner = folder / name
            inner.write_bytes(archive.read(path))
            with zipfile.ZipFile(inner) as wheel:
                files = {each: wheel.read(each) for each in wheel.namelist()}
            package, version, _, _ = parse_wheel_filename(name)
            yield packed(folder, package, str(version), pruned(package, files), name)


def course(folder: Path) -> dict[str, Any]:
    """The course's package, as its folder is."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needs = list(project["dependencies"])
    for extra in EXTRAS:
        needs += project["optional-dependencies"][extra]
    info = f"course_lib-{__version__}.dist-info"
    lines = ["Metadata-Version: 2.1", "Name: course-lib", f"Version: {__version__}"]
    lines += [f"Requires-Dist: {each}" for each in needs]
    files = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in sorted((ROOT / "course_lib").rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    files[f"{info}/METADATA"] = ("\n".join(lines) + "\n").encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/RECORD"] = b""
    name = f"course_lib-{__version__}-py3-none-any.whl"
    return packed(folder, "course-lib", __version__, files, name)


def pruned(name: str, files: dict[str, bytes]) -> dict[str, bytes]:
    """The files of a wheel without what the patterns of `pins.toml` leave out."""
    out = PINS["prune"]["all"] + PINS["prune"].get(name, [])
    keep = PINS["keep"].get(name, [])
    kept = {
        path: b"" if path.endswith(".dist-info/RECORD") else data  # it lists what is left out, too
        for path, data in files.items()
        if _matches(path, keep) or not _matches(path, out)
    }
    if FONTS in kept:
        kept[FONTS] = fonts(kept[FONTS], set(kept))
    return kept


def fonts(listed: bytes, files: set[str]) -> bytes:
    """Matplotlib's list of its fonts, with those that are left out answered by DejaVu Sans.

    Without it matplotlib looks for fonts, and warns about each one. The course's figures keep text
    as text, so a font is only asked how wide a text is.
    """
    told = json.loads(listed)
    told["afmlist"] = []
    for font in told["ttflist"]:
        if f"{FONT_FOLDER}/{font['fname']}" not in files:
            bold = str(font["weight"]) in ("bold", "700")
            font["fname"] = f"fonts/ttf/DejaVuSans{'-Bold' if bold else ''}.ttf"
    return json.dumps(told).encode()


def _matches(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(path, each) for each in patterns)


def packed(
    folder: Path, name: str, version: str, files: dict[str, bytes], file_name: str
) -> dict[str, Any]:
    """Write a wheel, and return its entry in the lock file."""
    if "linux_x86_64" in file_name:  # only its part in Python is left
        assert not any(path.endswith(".so") for path in files), file_name
        file_name = f"{file_name.split('-')[0]}-{version}-py3-none-any.whl"
    path = folder / file_name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for each, data in files.items():
            archive.writestr(zipfile.ZipInfo(each, TIME), data, zipfile.ZIP_DEFLATED)
    [metadata] = [each for each in files if each.endswith(".dist-info/METADATA")]
    return {
        "name": str(name),
        "version": version,
        "file_name": file_name,
        "install_dir": "site",
        "package_type": "package",
        "imports": imports(files),
        "depends": requirements(files[metadata].decode()),
        "unvendored_tests": False,
    }


def imports(files: Iterable[str]) -> list[str]:
    """The names that a wheel makes importable.

    >>> imports(["six.py", "yaml/__init__.py", "numpy/_core/x.so", "six-1.dist-info/METADATA"])
    ['numpy', 'six', 'yaml']
    """
    found = set()
    for path in files:
        top, _, rest = path.partition("/")
        if rest and "." not in top:
            found.add(top)
        elif not rest and top.endswith((".py", ".so")):
            found.add(top.split(".")[0])
    return sorted(found)


def requirements(metadata: str) -> list[str]:
    """What a package needs in a browser, from its metadata.

    >>> requirements("Requires-Dist: six>=1\\nRequires-Dist: pywin; sys_platform == 'win32'\\n")
    ['six']
    """
    needed = map(Requirement, Parser().parsestr(metadata).get_all("Requires-Dist", []))
    return sorted(
        canonicalize_name(each.name)
        for each in needed
        if each.marker is None or each.marker.evaluate(BROWSER)
    )


def completed(packages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries without what is left out; raises `MissingPackage` for what is not known."""
    here = {each["name"] for each in packages}
    left_out = set(PINS["packages"]["left_out"])
    for each in packages:
        if missing := set(each["depends"]) - here - left_out:
            raise MissingPackage(f"{each['name']} needs {', '.join(sorted(missing))}")
        each["depends"] = [name for name in each["depends"] if name in here]
    return packages
