"""How many traces a second of CPU time, and how long rules for 10,000 Services take to write."""

from __future__ import annotations

import random
import statistics
import time

from course_lib.experiments.networking import made_up_services
from course_lib.network import PLUGINS, PodNetwork
from course_lib.node.proxy.iptables_restore import JUMPS, restore_text
from course_lib.node.proxy.iptables_rules import Settings, port_rules
from course_lib.node.proxy.nftables_rules import nft_text
from tests.bench.scheduling import machine

NODES, TRACES, RUNS, SERVICES = 1000, 2000, 3, 10_000
SETTINGS = Settings("node-1", "172.16.0.2", "", "10.0.0.0/8")


def traced(plugin: str, ruled: bool) -> list[float]:
    """Traces between random Pods of a large cluster, there and back, a second of CPU time."""
    network = PodNetwork(
        plugin, NODES, pods=2, cidr="10.0.0.0/8", node_cidr="172.16.0.0/12", node_mask=24
    )
    if ruled:
        base = restore_text([port_rules(p, SETTINGS) for p in made_up_services(100)], SETTINGS)
        for host in network.hosts.values():
            host.iptables.restore(base)
            host.iptables.restore(JUMPS)
    lots, pods, rates = random.Random(1), list(network.pods), []
    for _ in range(RUNS):
        began = time.process_time()
        for _ in range(TRACES):
            assert network.trace(lots.choice(pods), lots.choice(pods)).ok
        rates.append(TRACES / (time.process_time() - began))
    return rates


def written(make: object) -> list[float]:
    """Seconds of CPU time for one text of all rules."""
    ports, seconds = made_up_services(SERVICES), []
    for _ in range(RUNS):
        began = time.process_time()
        assert len(make(ports)) > SERVICES  # type: ignore[operator]
        seconds.append(time.process_time() - began)
    return seconds


def main() -> None:
    print(machine())
    for plugin in PLUGINS:
        for ruled in (False, True):
            rates = traced(plugin, ruled)
            words = ", with kube-proxy's rules for 100 Services" if ruled else ""
            print(
                f"{plugin}, {NODES} nodes{words}: {statistics.median(rates):,.0f} traces a second "
                f"({min(rates):,.0f} to {max(rates):,.0f}; wanted 2,000)"
            )
    for mode, make in (
        (
            "iptables",
            lambda ports: restore_text([port_rules(p, SETTINGS) for p in ports], SETTINGS),
        ),
        ("nftables", lambda ports: nft_text(ports, SETTINGS)),
    ):
        seconds = written(make)
        print(
            f"rules for {SERVICES} Services, {mode}: {statistics.median(seconds):.2f} s of CPU "
            f"({min(seconds):.2f} to {max(seconds):.2f}; wanted less than 2)"
        )


if __name__ == "__main__":
    main()
