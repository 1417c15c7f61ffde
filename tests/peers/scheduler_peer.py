"""The real kube-scheduler plugins as a peer: built from the Go modules of Kubernetes, and asked.

`python -m tests.peers.scheduler_peer` draws cases anew, asks the peer, and stores a selection with
its answers in tests/oracles/cases/scheduler.
"""

from __future__ import annotations

import json
import random
import subprocess

from course_lib.objects.release import MINOR
from tests.oracles.harness import OWN, Case
from tests.peers import golang
from tests.peers.scheduler_cases import POINTS, draw

BINARY = golang.BUILT / "scheduler-peer"
STORED = 6  # cases of each plugin and extension point


def build() -> None:
    """Build the peer; needs Go, and the Go module proxy the first time."""
    golang.build(BINARY.name, "./scheduler")


def drawn(plugin: str, point: str, count: int, seed: str) -> list[Case]:
    """Cases of one plugin and extension point."""
    lots = random.Random(f"{seed}/{plugin}/{point}")
    return [draw(lots, plugin, point, n) | {"release": MINOR} for n in range(count)]


def ask(cases: list[Case]) -> list[Case]:
    """What the real plugins say, in the form of `expect`."""
    return [
        {"scores": a.get("scores", {})}
        if "codes" not in a
        else {
            "feasible": a["feasible"] or [],
            "codes": a["codes"],
            "reasons": a.get("reasons", {}),
        }
        for a in run(cases)
    ]


def ask_whole(cases: list[Case]) -> list[Case]:
    """What the whole default profile decides: `scores`, or a `message`."""
    return [{"scores": a.get("scores", {}), "message": a.get("message", "")} for a in run(cases)]


def run(cases: list[Case]) -> list[Case]:
    """What the peer answers, as it answers."""
    asked = subprocess.run(
        [BINARY], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    answers: list[Case] = json.loads(asked.stdout)
    return answers


def telling(expect: Case) -> bool:
    """Whether an answer tells nodes apart."""
    return len(set((expect["scores"] if "scores" in expect else expect["codes"]).values())) > 1


def store() -> None:
    """Write the selection; the same on every machine."""
    folder = OWN / "scheduler"
    folder.mkdir(parents=True, exist_ok=True)
    for plugin, point in POINTS:
        cases = drawn(plugin, point, 120, "stored")
        release = golang.version("k8s.io/kubernetes")
        source = f"k8s.io/kubernetes {release}: the plugin itself, by tests/peers/scheduler"
        chosen = [
            case | {"source": source, "expect": expect}
            for case, expect in zip(cases, ask(cases), strict=True)
            if telling(expect)
        ][:STORED]
        lines = ",\n".join(json.dumps(case, sort_keys=True) for case in chosen)
        (folder / f"{plugin}-{point}.json").write_text(f"[\n{lines}\n]\n")
        print(f"{plugin} {point}: {len(chosen)} cases")


if __name__ == "__main__":
    build()
    store()
