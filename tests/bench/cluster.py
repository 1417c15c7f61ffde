"""What a whole cluster costs, from YAML to ready Pods: `make bench` prints the table.

    python -m tests.bench.cluster                    the table, at sizes that take a minute or two
    python -m tests.bench.cluster --full             with 5,000 nodes and 150,000 Pods
    python -m tests.bench.cluster ready 500 10000    one measurement: its name, nodes, Pods

Each measurement runs in a process of its own, on one core, after a small cluster that imports
all modules. CPU is `process_time`, memory is what the process holds afterwards and did not hold
before.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import yaml

from course_lib import Cluster
from course_lib.engine import Simulation
from tests.bench.scheduling import machine

RUNS = 3
LONGEST = 3600  # simulated s that any of it may take
ZONES = [f"zone-{number}" for number in range(5)]
SMALL = {"requests": {"cpu": "10m", "memory": "16Mi"}}
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
    cluster.set_image("deployment/web", "nginx:1.28")
    cluster.run(seconds=1)
    return spent.figures(cluster, 1 + wait(cluster, lambda: all_ready(cluster)))


def zone(nodes: int, pods: int) -> Figures:
    """A fifth of the nodes loses its power, until all Pods are ready elsewhere."""
    cluster, spent = prepared(nodes, pods, ZONES)
    for name in list(cluster.kubelets)[:: len(ZONES)]:
        cluster.kill_node(name)
    cluster.run(seconds=60)  # the control plane has noticed
    return spent.figures(cluster, 60 + wait(cluster, lambda: all_ready(cluster)))


MEASUREMENTS: dict[str, Callable[[int, int], Figures]] = {
    each.__name__: each for each in (ready, calls, build, cell, rest, rollout, zone)
}


def measured(name: str, nodes: int, pods: int, runs: int = 1) -> Figures:
    """The medians of several runs, each in a fresh process."""
    command = [sys.executable, "-m", "tests.bench.cluster", name, str(nodes), str(pods)]
    found = []
    for _ in range(runs):
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise SystemExit(f"{' '.join(command[2:])}\n{ended.stderr}")
        found.append(json.loads(ended.stdout))
    return {key: statistics.median(each[key] for each in found) for key in found[0]}


def row(work: str, size: str, figure: str, wanted: str = "") -> None:
    print(f"{work:<58}{size:>16}{figure:>22}{wanted:>12}", flush=True)


def sized(nodes: int, pods: int) -> str:
    return f"{nodes:,}, {pods:,}"


def pods_rows(full: bool) -> None:
    """What a Pod costs, and that it costs the same in larger clusters."""
    small = measured("ready", 50, 1000, RUNS)
    base = small["seconds"] / 1000
    row("CPU for each Pod, YAML to ready", sized(50, 1000), f"{base * 1e3:.2f} ms", "1 ms")
    counted = measured("calls", 20, 100)["calls"] / 100
    row("Python calls for each Pod", sized(20, 100), f"{counted:,.0f}", "8,000")
    for nodes, pods in [(500, 10_000), *([(5000, 150_000)] if full else [])]:
        found = measured("ready", nodes, pods)
        each, size = found["seconds"] / pods, sized(nodes, pods)
        shown = f"{each * 1e3:.2f} ms, {each / base:.2f} times"
        row("CPU for each Pod, YAML to ready", size, shown, "1.2 times")
        row("memory for each Pod", size, f"{found['bytes'] / pods / 1024:.1f} KiB", "12 KiB")
        row("YAML to all ready", size, whole(found), "180 s, 2.5 GiB" if pods > 10_000 else "")


def whole(found: Figures) -> str:
    return f"{found['seconds']:,.1f} s, {found['held'] / 2**30:.2f} GiB"


def work_rows(full: bool) -> None:
    """What else a cluster does."""
    large = (5000, 150_000) if full else (500, 10_000)
    wanted = {"rest": "60 s", "zone": "90 s"} if full else {}
    for name, work, (nodes, pods), runs in (
        ("build", "nodes alone", (large[0], 0), 1),
        ("cell", "a notebook's cell: the cluster too", (50, 1000), RUNS),
        ("rollout", "rolling update of one Deployment", (500, 5000), 1),
        ("rest", "one simulated hour at rest", large, 1),
        ("zone", "a fifth of the nodes dies: all Pods elsewhere", large, 1),
    ):
        found = measured(name, nodes, pods, runs)
        asked = wanted.get(name) or {"rollout": "15 s", "cell": "1.5 s"}.get(name, "")
        row(work, sized(nodes, pods), whole(found), asked)


def main(arguments: list[str]) -> None:
    if arguments and arguments[0] in MEASUREMENTS:
        name, nodes, pods = arguments[0], int(arguments[1]), int(arguments[2])
        Simulation.strict = True
        ready(3, 3)  # all modules are imported, and caches of constants filled
        print(json.dumps(MEASUREMENTS[name](nodes, pods)))
        return
    print(machine())
    row("work", "nodes, Pods", "figure", "wanted")
    pods_rows("--full" in arguments)
    work_rows("--full" in arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
