"""kubectl, built from its Go module, and a way to call it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from course_lib.cluster.served import Served
from tests.peers import golang

ROOT = Path(__file__).parents[2]
KUBECTL = golang.BUILT / "kubectl"


def build() -> None:
    """Build it; the first time this fetches its modules."""
    golang.build(KUBECTL.name, "./kubectl", versions=True)


class Kubectl:
    """kubectl with its own empty home, on one served cluster."""

    def __init__(self, served: Served, home: Path) -> None:
        self.config, self.home = served.kubeconfig(home / "kubeconfig"), home

    def __call__(self, *words: str, given: str = "", fails: bool = False) -> str:
        """Its output; of a command that is to fail, what it said."""
        done = subprocess.run(
            [str(KUBECTL), *words],
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=ROOT,
            env=os.environ | {"HOME": str(self.home), "KUBECONFIG": self.config},
        )
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done.stderr if fails else done.stdout

    def table(self, *words: str) -> list[list[str]]:
        """The rows below the heading, cell by cell."""
        return [line.split() for line in self(*words).splitlines()[1:]]
