"""How fast the live cluster answers: 50 nodes, 1,000 Pods. `python -m tests.bench.widgets`"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

from course_lib import Cluster
from course_lib.widgets import LiveCluster
from tests.bench.scheduling import machine
from tests.conftest import workload


def milliseconds(act: Callable[[], object], times: int = 15) -> float:
    """The median of several calls."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        found.append(1000 * (time.perf_counter() - began))
    return statistics.median(found)


def main() -> None:
    print(machine())
    cluster = Cluster(nodes=50, cpu="16", memory="64Gi")
    cluster.apply(workload(replicas=1000))
    cluster.run(60)
    view = LiveCluster(cluster)
    print(f"scene: {len(json.dumps(view.scene)) / 1000:.0f} kB")
    print(f"cordon: {milliseconds(lambda: view.cordon('node-7')):.0f} ms")
    print(f"step of 5 s: {milliseconds(view.step):.0f} ms")
    victims = iter(list(cluster.get("pods").NAME))
    print(f"delete a Pod: {milliseconds(lambda: view.delete(next(victims))):.0f} ms")


if __name__ == "__main__":
    main()
