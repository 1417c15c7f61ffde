"""Five placement engines side by side, each in the words of its own documentation (chapter 04)."""

from __future__ import annotations

import random
from collections.abc import Sequence

from course_lib.orchestrators.ecs import ECS
from course_lib.orchestrators.kubernetes import Kubernetes
from course_lib.orchestrators.marathon import Marathon
from course_lib.orchestrators.model import Engine, Machine, Placed, Workload, table
from course_lib.orchestrators.nomad import Nomad
from course_lib.orchestrators.swarm import Swarm


def engines() -> list[Engine]:
    """All five, with their defaults."""
    return [Swarm(), Kubernetes(), Marathon(), ECS(), Nomad()]


def compare(
    workloads: Sequence[Workload], machines: Sequence[Machine], seed: int = 0
) -> dict[str, list[Placed]]:
    """What each engine does with the same `workloads` and `machines`, by name; `seed` breaks ties.

    >>> found = compare([Workload("web", 3, 500, 256)], [Machine("m1", 1000, 1024)])
    >>> [sum(bool(p.machine) for p in placed) for placed in found.values()]
    [2, 2, 2, 2, 2]
    """
    return {
        engine.name: engine.place(workloads, machines, random.Random(f"{seed}/{engine.name}"))
        for engine in engines()
    }


__all__ = [
    "ECS",
    "Engine",
    "Kubernetes",
    "Machine",
    "Marathon",
    "Nomad",
    "Placed",
    "Swarm",
    "Workload",
    "compare",
    "engines",
    "table",
]
