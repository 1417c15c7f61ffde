"""The real packages of CustomResourceDefinitions as a peer: built from Go modules, and asked.

`python -m tests.peers.apiextensions_peer` asks the peer the stored cases again, and stores its
answers in tests/oracles/cases/apiextensions.
"""

from __future__ import annotations

import json
import subprocess

from course_lib.objects.release import MINOR
from tests.oracles.custom_resources import Case
from tests.oracles.harness import OWN
from tests.peers import golang

BINARY = golang.BUILT / "apiextensions-peer"


def build() -> None:
    """Build the peer; needs Go, and the Go module proxy the first time."""
    golang.build(BINARY.name, "./apiextensions")


def ask(cases: list[Case]) -> list[Case]:
    """What the real packages say, in the form of `expect`."""
    asked = subprocess.run(
        [BINARY], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    answers: list[Case] = json.loads(asked.stdout)
    return answers


if __name__ == "__main__":
    build()
    for path in sorted((OWN / "apiextensions").glob("*.json")):
        stored = json.loads(path.read_text())
        for case, expect in zip(stored, ask(stored), strict=True):
            case |= {"release": MINOR, "expect": expect}
        lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in stored)
        path.write_text(f"[\n{lines}\n]\n")
        print(f"{path.name}: {len(stored)} cases")
