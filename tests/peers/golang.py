"""Peers that are built from Go modules: one module of ours names them all, with their versions.

All are built in one module so that they share what they have in common: fetched once, compiled
once. `go.mod` follows `course_lib.objects.release`.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from course_lib.objects.release import RELEASE, VERSION

SAID = "k8s.io/component-base/version"  # the package in which a program's version stands
HERE = Path(__file__).parent
MODULES = HERE / "go.mod"
BUILT = HERE.parents[1] / ".venv"


def missing() -> str:
    """Why nothing can be built from Go modules here; empty when it can."""
    return "" if shutil.which("go") else f"Go is not installed ({MODULES.name} names the version)"


def build(name: str, package: str, *, tests: bool = False, versions: bool = False) -> Path:
    """Build a program, or the tests of a package; the first time this fetches its modules.

    With `versions` the program says that it is of the release, as a released one does.
    """
    command = ["go", "test", "-c"] if tests else ["go", "build"]
    if versions:
        major, minor, _ = RELEASE.split(".")
        said = {"gitVersion": VERSION, "gitMajor": major, "gitMinor": minor}
        flags = " ".join(f"-X {SAID}.{key}={text}" for key, text in said.items())
        command += ["-ldflags", flags]
    subprocess.run([*command, "-o", str(BUILT / name), package], cwd=HERE, check=True)
    return BUILT / name


def source(module: str) -> Path:
    """The folder of a module's source, fetched when it is not there."""
    command = ["go", "mod", "download", module]
    subprocess.run(command, cwd=HERE, check=True)
    command = ["go", "list", "-m", "-f", "{{.Dir}}", module]
    found = subprocess.run(command, cwd=HERE, check=True, capture_output=True, text=True)
    return Path(found.stdout.strip())


def version(module: str) -> str:
    """The version that go.mod asks for."""
    for line in MODULES.read_text().splitlines():
        words = line.removeprefix("require").split()
        if words[:1] == [module] and words[1:2] != ["=>"]:
            return words[1]
    raise LookupError(f"{MODULES.name} does not require {module}")
