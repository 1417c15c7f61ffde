"""How many requests a second of CPU time a cluster of simulated etcd members does."""

from __future__ import annotations

import statistics
import time

from course_lib.engine import Simulation
from course_lib.etcd import EtcdCluster, Put
from tests.bench.scheduling import machine

RUNS, REQUESTS, AT_ONCE = 5, 200_000, 500  # so many in each simulated millisecond


def rate(members: int) -> float:
    """Puts of a thousand keys, at the leader, until all are committed and applied."""
    cluster = EtcdCluster(Simulation(), members)
    sim, leader = cluster.sim, cluster.elect()
    answered = [0]

    def done(_: object) -> None:
        answered[0] += 1

    def ask() -> None:
        for number in range(AT_ONCE):
            leader.propose(Put(f"key-{number}", "value"), done)

    for turn in range(REQUESTS // AT_ONCE):
        sim.at(sim.now + turn / 1000, ask)
    began = time.process_time()
    sim.run_until(lambda: answered[0] >= REQUESTS, timeout=100)
    return REQUESTS / (time.process_time() - began)


def main() -> None:
    print(machine())
    for members in (1, 3, 5):
        rates = [rate(members) for _ in range(RUNS)]
        low, high = min(rates), max(rates)
        print(
            f"Raft with {members} members: {statistics.median(rates):,.0f} requests a second "
            f"({low:,.0f} to {high:,.0f}; wanted 100,000 with 3)"
        )


if __name__ == "__main__":
    main()
