"""kubectl, built from its Go module, and a way to call it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent / "kubectl"
KUBECTL = ROOT / ".venv" / "kubectl"


def missing() -> str:
    """Why kubectl cannot be built here; empty when it can."""
    return "" if shutil.which("go") else "kubectl needs Go 1.24 or later"


def build() -> None:
    """Build it; the first time this fetches its modules."""
    subprocess.run(["go", "build", "-o", str(KUBECTL), "."], cwd=HERE, check=True)


class Kubectl:
    """kubectl with its own empty home, on one server."""

    def __init__(self, url: str, home: Path) -> None:
        self.url, self.home = url, home

    def __call__(self, *words: str, given: str = "", fails: bool = False) -> str:
        """Its output; of a command that is to fail, what it said."""
        done = subprocess.run(
            [str(KUBECTL), "--server", self.url, *words],
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=ROOT,
            env=os.environ | {"HOME": str(self.home), "KUBECONFIG": ""},
        )
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done.stderr if fails else done.stdout

    def table(self, *words: str) -> list[list[str]]:
        """The rows below the heading, cell by cell."""
        return [line.split() for line in self(*words).splitlines()[1:]]
