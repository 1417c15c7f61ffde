"""How many Pods a second the scheduler places, and kube-scheduler: `make bench` prints the table.

Every node is filtered and scored for every Pod, with ten Pods on each node before the first. What
is timed is the decision and its book-keeping (`place_all`); Pods are decoded before, as the real
scheduler's queue holds them decoded. Medians of several runs, on one core.

kube-scheduler is its own code (`tests/peers/schedulerbench`), on the same nodes and the same Pods,
fewer of them where it is slow: the whole scheduling cycle with the default profile, bindings left
out. It has all cores first, and one core then.
"""

from __future__ import annotations

import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from course_lib.objects.decode import decode
from course_lib.objects.kinds import kind_named
from course_lib.scheduler.batch import place_all
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.profiles import default_framework
from tests.bench.others import openb, skippy_rate
from tests.peers import golang, schedulerbench_peer

RUNS = 3
Document = dict[str, Any]
ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
WANTED = {  # on 5,000 nodes
    "plain, few templates": 100_000,
    "plain, every Pod different": 8_000,
    "zone spread": 4_000,
    "anti-affinity": 2_000,
    "affinity": 2_000,
}
THEIR_PODS = 200  # of each workload that kube-scheduler places


def view(kind: str, document: dict):
    known = kind_named(kind)
    return decode({"apiVersion": known.api_version, "kind": kind} | document, known)


def node_documents(size: int) -> list[Document]:
    """Nodes of 32 cores and 128 GiB in three zones."""
    given = {"cpu": "32", "memory": "128Gi", "pods": "110"}
    return [
        {
            "metadata": {"name": f"n{i}", "labels": {HOST: f"n{i}", ZONE: f"zone-{i % 3}"}},
            "status": {"allocatable": given},
        }
        for i in range(size)
    ]


def documents_there(size: int) -> list[Document]:
    """Ten Pods for each node."""
    lots = random.Random(size)
    return [
        pod_document(f"there-{i}", lots.randint(50, 500), {"app": "old"}, nodeName=f"n{i % size}")
        for i in range(10 * size)
    ]


def cluster(size: int) -> Nodes:
    """The snapshot of all these nodes and Pods."""
    nodes = Nodes([view("Node", document) for document in node_documents(size)])
    for document in documents_there(size):
        info = PodInfo.of(view("Pod", document))
        nodes.add(info, info.pod.spec.node_name)
    return nodes


def pod_document(name: str, milli: int, labels: dict[str, str], **spec: object) -> Document:
    requests = {"cpu": f"{milli}m", "memory": f"{milli}Mi"}
    container = {"name": "main", "image": "course/app:1", "resources": {"requests": requests}}
    meta = {"name": name, "namespace": "default", "labels": labels, "uid": name}
    return {"metadata": meta, "spec": {"containers": [container], **spec}}


def plain(count: int) -> list[Document]:
    return [
        pod_document(f"p{i}", 100 + 50 * (i * 4 // count), {"app": "new"}) for i in range(count)
    ]


def different(count: int) -> list[Document]:
    return [pod_document(f"p{i}", 100 + i % 997, {"app": f"new-{i}"}) for i in range(count)]


def selector(label: str) -> dict:
    return {"labelSelector": {"matchLabels": {"app": label}}}


def spread(count: int) -> list[Document]:
    one = {"maxSkew": 5, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule"}
    wish = {"topologySpreadConstraints": [one | selector("new")]}
    return [pod_document(f"p{i}", 100, {"app": "new"}, **wish) for i in range(count)]


def affinity(count: int, side: str, key: str) -> list[Document]:
    required = {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": key}]}
    required["requiredDuringSchedulingIgnoredDuringExecution"][0] |= selector("new")
    wish = {"affinity": {side: required}}
    return [pod_document(f"p{i}", 100, {"app": "new"}, **wish) for i in range(count)]


WORKLOADS: dict[str, tuple[Callable[[int], list[Document]], int]] = {
    "plain, few templates": (plain, 40_000),
    "plain, every Pod different": (different, 2_000),
    "zone spread": (spread, 1_000),
    "anti-affinity": (lambda n: affinity(n, "podAntiAffinity", HOST), 700),
    "affinity": (lambda n: affinity(n, "podAffinity", ZONE), 700),
}


def rate(workload: str, size: int) -> float:
    """Pods a second: the median of several runs, each on a fresh cluster."""
    make, count = WORKLOADS[workload]
    rates = []
    for run in range(RUNS):
        nodes = cluster(size)
        pods = [PodInfo.of(view("Pod", document)) for document in make(count)]
        started = time.perf_counter()
        rows = place_all(default_framework(), pods, nodes, random.Random(run))
        rates.append(count / (time.perf_counter() - started))
        assert min(rows) >= 0, "every Pod must find a node"
    return statistics.median(rates)


def machine() -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as info:
            model = next(line.split(":")[1].strip() for line in info if "model name" in line)
    except (OSError, StopIteration):
        pass
    return f"{model}, {os.cpu_count()} cores, Python {sys.version.split()[0]}, commit {commit}"


def upstream(size: int, cores: int) -> dict[str, float]:
    """kube-scheduler's Pods a second by workload."""
    cases = {name: make(THEIR_PODS) for name, (make, _) in WORKLOADS.items()}
    there = documents_there(size)
    answers = schedulerbench_peer.run(node_documents(size), there, cases, cores=cores)
    return {name: said["pods"] / said["seconds"] for name, said in answers.items()}


def beside_upstream(size: int) -> list[dict[str, float]]:
    """The same with all cores, and with one; nothing where it cannot be built, with the reason."""
    if why := golang.missing():
        print(f"kube-scheduler itself is not measured: {why}")
        return []
    schedulerbench_peer.build()
    release = golang.version("k8s.io/kubernetes")
    print(f"kube-scheduler {release}, {schedulerbench_peer.go_version()}, {THEIR_PODS} Pods a row")
    return [upstream(size, cores) for cores in (os.cpu_count() or 1, 1)]


def main() -> None:
    print(machine())
    theirs = beside_upstream(5000)
    print(f"{'workload':<30}{'nodes':>7}{'Pods/s':>12}{'wanted':>10}{'theirs':>10}{'one core':>10}")
    for name, wanted in WANTED.items():
        for size in (1000, 5000):
            found = rate(name, size)
            asked = f"{wanted:>10,}" if size == 5000 else ""
            asked += "".join(f"{each[name]:>10,.0f}" for each in theirs if size == 5000)
            print(f"{name:<30}{size:>7,}{found:>12,.0f}{asked}", flush=True)
            if name == "plain, every Pod different":
                beside_skippy(size, found)
    openb()


def beside_skippy(size: int, ours: float) -> None:
    """The same workload for skippy-core, and the ratio."""
    try:
        theirs = skippy_rate(size, 60)
    except ImportError:
        print("  skippy-core is not installed")
        return
    print(f"{'  skippy-core, same Pods':<30}{size:>7,}{theirs:>12,.0f}   {ours / theirs:,.0f}:1")


if __name__ == "__main__":
    main()
