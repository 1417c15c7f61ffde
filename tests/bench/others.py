"""Beside the course's scheduler: skippy-core, and the whole openb trace under each policy.

skippy-core (PyPI `edgerun-skippy-core`, which `make bench` installs) re-implements some of
kube-scheduler's predicates and priorities, a node at a time. It gets one of each.
"""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

from course_lib.experiments import POLICIES, read_trace, run

RUNS = 3
ROOT = Path(__file__).parent.parent.parent
OPENB = Path(os.environ.get("OPENB_DIR", ROOT.parent / "shared/data/openb"))


def skippy_rate(size: int, count: int) -> float:
    """Pods a second that skippy-core places on so many nodes, every node looked at."""
    from skippy.core.clustercontext import ClusterContext
    from skippy.core.model import (
        Capacity,
        Container,
        ImageState,
        Node,
        Pod,
        PodSpec,
        ResourceRequirements,
    )
    from skippy.core.predicates import PodFitsResourcesPred
    from skippy.core.priorities import BalancedResourcePriority
    from skippy.core.scheduler import Scheduler

    class Context(ClusterContext):
        def __init__(self) -> None:
            super().__init__()
            full = [Capacity(32000, 128 * 2**30) for _ in range(2 * size)]
            self.nodes = [Node(f"n{i}", full[2 * i], full[2 * i + 1]) for i in range(size)]

        def get_init_image_states(self):
            return {"course/app:1": ImageState({"amd64": 50_000_000})}

        def get_bandwidth_graph(self):
            return {}

        def list_nodes(self):
            return self.nodes

        def get_next_storage_node(self, node):
            return node.name

    def pod(number: int) -> Pod:
        asked = ResourceRequirements({"cpu": 100 + number % 997, "memory": (100 + number) * 2**20})
        return Pod(f"p{number}", "default", PodSpec([Container("course/app:1", asked)]))

    rates = []
    for _ in range(RUNS):
        scheduler = Scheduler(Context(), 100, [PodFitsResourcesPred()],
                              [(1.0, BalancedResourcePriority())])  # fmt: skip
        pods = [pod(number) for number in range(count)]
        started = time.perf_counter()
        for one in pods:
            scheduler.schedule(one)
        rates.append(count / (time.perf_counter() - started))
    return statistics.median(rates)


def openb() -> None:
    """Place the whole trace under each policy, and print how long it took."""
    if not (OPENB / "pods.csv").exists():
        print(f"the openb trace is not in {OPENB}: name its folder by OPENB_DIR")
        return
    scenario = read_trace(OPENB)
    print(f"\n{'openb: policy':<16}{'placed':>8}{'pending':>9}{'GPU used':>10}{'seconds':>9}")
    for policy in POLICIES:
        found = run(policy, scenario).measures
        placed, pending = found["placed"], found["pending"]
        used, seconds = found["gpu_mean"], found["seconds"]
        print(f"{policy:<16}{placed:>8}{pending:>9}{used:>10.1%}{seconds:>9.2f}", flush=True)
