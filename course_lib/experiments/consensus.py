"""What each added member of etcd costs: the time of a write, by size, distance and disk."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from course_lib.cluster.arguments import count
from course_lib.engine import Simulation
from course_lib.etcd import EtcdCluster, Put
from course_lib.experiments.arguments import several

if TYPE_CHECKING:
    import pandas as pd

NEAR = (0.0002, 0.0006)  # s one way, in one zone
ZONES_APART = (0.0005, 0.0015)  # between zones of one region
FAR = (0.02, 0.04)  # between regions
DISTANCES = {"one zone": NEAR, "three zones": ZONES_APART, "three regions": FAR}
MOST_MEMBERS, MOST_WRITES = 100, 100_000  # as in `course_lib.cluster.layout`; hours of real time
SYNC = (0.0005, 0.004)  # s of one fsync, drawn each time


def latencies(
    members: int, delay: tuple[float, float], writes: int = 200, seed: int = 0
) -> list[float]:
    """Seconds of each of so many `writes`, one after the other, at the leader of `members`; `seed`
    draws delays between two members, `delay` are the shortest and longest (s).
    """
    cluster = EtcdCluster(Simulation(seed), members)
    cluster.peers.delay = delay
    sim, rng = cluster.sim, cluster.sim.random("disks")
    leader = cluster.elect()
    taken = []
    for number in range(writes):
        for member in cluster.members.values():
            member.disk.seconds = rng.uniform(*SYNC)
        began = sim.now
        cluster.call(leader.propose, Put("key", str(number)))
        taken.append(sim.now - began)
    return taken


def latency_by_size(
    sizes: Sequence[int] = (1, 3, 5, 7), writes: int = 200, seed: int = 0
) -> pd.DataFrame:
    """DISTANCE, MEMBERS (of `sizes`), MEDIAN and P99 of `writes` (ms), drawn with `seed`."""
    import pandas as pd

    members = several(sizes, "sizes", partial(count, least=1, most=MOST_MEMBERS))
    count(writes, "writes", 1, MOST_WRITES)
    count(seed, "seed")
    rows = []
    for name, delay in DISTANCES.items():
        for size in members:
            taken = 1000 * np.array(latencies(size, delay, writes, seed))
            rows.append((name, size, float(np.median(taken)), float(np.quantile(taken, 0.99))))
    return pd.DataFrame(rows, columns=["DISTANCE", "MEMBERS", "MEDIAN", "P99"])
