"""The measurements of `tests.bench.cluster`, each made in a process of its own.

CPU is `process_time`, memory is what the process holds afterwards and did not hold before.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import time
from collections.abc import Callable

import yaml

from course_lib import Cluster
from course_lib.engine.table import Table
from tests.bench.services import ENDPOINTS, Plane

LONGEST = 14_400  # simulated s of any of it: 1,000 dead nodes are given up in 10,000
ZONES = [f"zone-{number}" for number in range(5)]
SMALL = {"requests": {"cpu": "10m", "memory": "16Mi"}}
TIMES = 5  # that a command is run; the fastest counts
CHANGES = 25  # of endpoints; the median counts
Figures = dict[str, float]


def manifest(pods: int, name: str = "web") -> str:
    """`data/web.yaml` with so many replicas, and small requests."""
    with open("data/web.yaml") as file:
        deployment, service = yaml.safe_load_all(file)
    deployment["metadata"]["name"] = service["metadata"]["name"] = name
    deployment["spec"]["replicas"] = pods
    labels = {"app": name}
    deployment["spec"]["selector"]["matchLabels"] = service["spec"]["selector"] = labels
    template = deployment["spec"]["template"]
    template["metadata"]["labels"] = labels
    template["spec"]["containers"][0]["resources"] = SMALL
    return yaml.safe_dump_all([deployment, service])


def held() -> float:
    """Bytes of memory that this process holds now."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # no Linux: the most that it ever held
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def wait(cluster: Cluster, ready: Callable[[], bool]) -> float:
    """Let time pass, second by second, until it holds; the simulated seconds that it took."""
    began = cluster.now
    while not ready():
        assert cluster.now - began < LONGEST, cluster.get("deployments").to_string()
        cluster.run(seconds=1)
    return cluster.now - began


def all_ready(cluster: Cluster) -> bool:
    """Whether each Deployment has all its Pods, of its newest template, and ready."""
    return all(cluster.ready(f"deployment/{d.name}") for d in cluster.api.list("Deployment"))


class Spent:
    """What is spent from now on: CPU seconds, and bytes."""

    def __init__(self) -> None:
        self.memory, self.began = held(), time.process_time()

    def figures(self, cluster: Cluster, simulated: float) -> Figures:
        """So far."""
        seconds = time.process_time() - self.began
        return {
            "seconds": seconds,
            "bytes": held() - self.memory,
            "held": held(),
            "simulated": simulated,
            "revisions": cluster.api.server.store.revision,
        }


def ready(nodes: int, pods: int) -> Figures:
    """From YAML to ready Pods."""
    cluster = Cluster(nodes=nodes)
    spent = Spent()
    cluster.apply(manifest(pods))
    return spent.figures(cluster, wait(cluster, lambda: all_ready(cluster)))


def calls(nodes: int, pods: int) -> Figures:
    """Calls of Python functions, from YAML to ready Pods."""
    cluster, counted = Cluster(nodes=nodes), 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal counted
        counted += event == "call"

    spent = Spent()
    sys.setprofile(count)
    cluster.apply(manifest(pods))
    simulated = wait(cluster, lambda: all_ready(cluster))
    sys.setprofile(None)
    return spent.figures(cluster, simulated) | {"calls": counted}


def build(nodes: int, pods: int) -> Figures:
    """Nodes alone: made, and registered."""
    spent = Spent()
    return spent.figures(Cluster(nodes=nodes), 0.0)


def cell(nodes: int, pods: int) -> Figures:
    """A cell of a notebook: the cluster is made, too."""
    spent = Spent()
    cluster = Cluster(nodes=nodes)
    cluster.apply(manifest(pods))
    return spent.figures(cluster, wait(cluster, lambda: all_ready(cluster)))


def prepared(nodes: int, pods: int, zones: list[str] | None = None) -> tuple[Cluster, Spent]:
    """A cluster with ready Pods that has come to rest."""
    cluster = Cluster(nodes=nodes, zones=zones or ())
    cluster.apply(manifest(pods))
    wait(cluster, lambda: all_ready(cluster))
    cluster.run(seconds=60)
    return cluster, Spent()


def rest(nodes: int, pods: int) -> Figures:
    """An hour in which nothing happens."""
    cluster, spent = prepared(nodes, pods)
    cluster.run(seconds=3600)
    return spent.figures(cluster, 3600.0)


def rollout(nodes: int, pods: int) -> Figures:
    """A rolling update of one Deployment, with the default limits."""
    cluster, spent = prepared(nodes, pods)
    cluster.kubectl("set image deployment/web *=nginx:1.28")
    cluster.run(seconds=1)
    return spent.figures(cluster, 1 + wait(cluster, lambda: all_ready(cluster)))


def zone(nodes: int, pods: int) -> Figures:
    """A fifth of the nodes loses its power, until all Pods are ready elsewhere."""
    cluster, spent = prepared(nodes, pods, ZONES)
    for name in list(cluster.kubelets)[:: len(ZONES)]:
        cluster.kill_node(name)
    cluster.run(seconds=60)  # the control plane has noticed
    return spent.figures(cluster, 60 + wait(cluster, lambda: all_ready(cluster)))


def services(nodes: int, pods: int) -> Figures:
    """One endpoint of many Services changes, and rules are read: milliseconds of CPU each."""
    began = time.process_time()
    plane = Plane(pods // ENDPOINTS, nodes)
    filled = time.process_time() - began
    changes = [milliseconds(lambda n=n: plane.change(n)) for n in range(CHANGES)]  # type: ignore[misc]
    first = plane.proxies[0]
    rules = milliseconds(lambda: len(first.rules))
    kernel = []
    for number in range(CHANGES):
        plane.change(number)
        kernel.append(milliseconds(lambda: first.host.iptables.tables))
    found = {"change": statistics.median(changes), "kernel": statistics.median(kernel)}
    return found | {"filled": filled, "rules": rules}


def real_time(nodes: int, pods: int) -> Figures:
    """Simulated seconds with the clients' limits of a real cluster: for the Pods, and as many."""
    cluster = Cluster(nodes=nodes, client_limits=True)
    cluster.apply(manifest(pods))
    first = wait(cluster, lambda: all_ready(cluster))
    cluster.kubectl(f"scale deployment/web --replicas={2 * pods}")
    cluster.run(seconds=1)
    return {"first": first, "next": 1 + wait(cluster, lambda: all_ready(cluster))}


def looks(nodes: int, pods: int) -> Figures:
    """What it takes to look at a cluster: milliseconds of CPU each."""
    from course_lib import plots
    from course_lib.widgets import LiveCluster

    cluster, _ = prepared(nodes, pods, ZONES)
    pod, live = cluster.api.list("Pod", "default")[0].name, list[LiveCluster]()
    acts: dict[str, Callable[[], object]] = {
        "get nodes": lambda: shown(cluster.get("nodes")),
        "get pods": lambda: shown(cluster.get("pods")),
        "get events": lambda: shown(cluster.get("events")),
        "describe node": lambda: cluster.describe("node", "node-1"),
        "describe pod": lambda: cluster.describe("pod", pod),
        "describe service": lambda: cluster.describe("service", "web"),
        "log": lambda: shown(cluster.log(reason="Scheduled")),
        "LiveCluster": lambda: live.append(LiveCluster(cluster)),
        "one step of it": lambda: live[0].step(),
        "plots.requested_by_node": lambda: plots.requested_by_node(cluster),
        "plots.pods_over_time": lambda: plots.pods_over_time(cluster),
        "plots.utilisation_over_time": lambda: plots.utilisation_over_time(cluster),
    }
    return {what: milliseconds(act) for what, act in acts.items()}


def commands(nodes: int, pods: int) -> Figures:
    """What commands of kubectl take: milliseconds of CPU each, and of the cheapest one."""
    cluster, _ = prepared(nodes, pods, ZONES)
    looks = ("get pods", "get pods -o wide", "get pods -o yaml")
    lines = {line: line for line in looks} | {"least": "get node node-1 -o name"}
    for line in lines.values():  # all modules are imported, and each Pod is read once
        cluster.kubectl(line)
    return {
        what: min(milliseconds(lambda line=line: cluster.kubectl(line)) for _ in range(TIMES))
        for what, line in lines.items()
    }


def shown(table: Table) -> tuple[str, str]:
    """A table as a notebook shows it."""
    return repr(table), table._repr_html_()  # type: ignore[operator]


def milliseconds(act: Callable[[], object]) -> float:
    """Of CPU time."""
    began = time.process_time()
    act()
    return (time.process_time() - began) * 1000


MEASUREMENTS: dict[str, Callable[[int, int], Figures]] = {
    each.__name__: each
    for each in (
        *(ready, calls, build, cell, rest, rollout, zone),
        *(services, real_time, looks, commands),
    )
}
