"""Workloads and clusters for experiments: drawn from named distributions, or read from traces.

The traces are in the format of the openb GPU cluster trace ("Beware of Fragmentation", USENIX ATC
2023): `nodes.csv` (sn, cpu_milli, memory_mib, gpu, model) and `pods.csv` (name, cpu_milli,
memory_mib, num_gpu, gpu_milli, gpu_spec, and times in seconds). Pods come in order of arrival.
"""

from __future__ import annotations

import csv
import hashlib
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from course_lib.cluster.arguments import count
from course_lib.errors import CourseError
from course_lib.experiments.arguments import made_by, named
from course_lib.objects.decode import decode
from course_lib.objects.kinds import kind_named
from course_lib.objects.kinds.node import ZONE
from course_lib.objects.manifests import Document
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.plugins.gpu_share import COUNT, MILLI
from course_lib.scheduler.pod_info import PodInfo

MODEL = "alibabacloud.com/gpu-card-model"
# Thousandths of a core and MiB of one Pod, drawn; the second argument is how much of the queue
# has come before it, from 0 to 1.
Sizes = Callable[[random.Random, float], tuple[int, int]]

# What each stands for is said beside it.
DISTRIBUTIONS: dict[str, Sizes] = {
    # all alike: the stateless replicas of one Deployment
    "equal": lambda rng, _: (500, 1024),
    # small services of several sizes, more memory than CPU
    "services": lambda rng, _: (rng.choice([100, 250, 500]), rng.choice([256, 512, 1024, 2048])),
    # computing: whole cores, little memory
    "batch": lambda rng, _: (rng.choice([1000, 2000, 4000]), rng.choice([512, 1024])),
    # most are small and a few are large, as in most production traces
    "heavy-tailed": lambda rng, _: (
        min(16000, int(100 * rng.paretovariate(1.1))),
        min(65536, int(256 * rng.paretovariate(1.1))),
    ),
    # small services first, and then some that need nearly a whole node of 8 cores and 16 GiB
    "large last": lambda rng, before: (500, 1024) if before < 0.85 else (7000, 14 * 1024),
    # half want CPU, half want memory: they fit together well, if somebody sees to it
    "complementary": lambda rng, _: (1800, 512) if rng.random() < 0.5 else (200, 3584),
}


class Scenario(msgspec.Struct, frozen=True):
    """Nodes and Pods as documents, with a name; equal content has an equal `digest`."""

    name: str
    nodes: Sequence[Document]
    pods: Sequence[Document]

    @property
    def digest(self) -> str:
        """A hash of the content."""
        text = json.dumps([list(self.nodes), list(self.pods)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def snapshot(self) -> Nodes:
        """The nodes, empty."""
        known = kind_named("Node")
        return Nodes([decode(document, known) for document in self.nodes])  # type: ignore[misc]

    def queue(self) -> list[PodInfo]:
        """The Pods, in order."""
        known = kind_named("Pod")
        return [PodInfo.of(decode(document, known)) for document in self.pods]  # type: ignore[arg-type]


def generate(
    distribution: str, pods: int, nodes: int = 20, cpu: int = 8, memory: int = 16, seed: int = 0
) -> Scenario:
    """Pods drawn from a named distribution, for nodes of so many cores and GiB in three zones.

    `distribution` is a name of `DISTRIBUTIONS`, `pods` and `nodes` are numbers, `cpu` (cores) and
    `memory` (GiB) the size of each node; `seed` draws the Pods. Raises `CourseError` for another
    name, and for numbers below 1.

    >>> scenario = generate("services", pods=5)
    >>> len(scenario.queue()), len(scenario.snapshot())
    (5, 20)
    """
    named(distribution, "distribution", DISTRIBUTIONS, "distribution")
    for name, value in (("pods", pods), ("nodes", nodes), ("cpu", cpu), ("memory", memory)):
        count(value, name, 1)
    rng = random.Random(f"{distribution}/{seed}")
    sizes = [DISTRIBUTIONS[distribution](rng, number / pods) for number in range(pods)]
    machines = [
        _node(f"node-{i}", cpu * 1000, memory * 1024, {ZONE: f"zone-{'abc'[i % 3]}"})
        for i in range(nodes)
    ]
    queue = [_pod(f"pod-{i}", milli, mebi, {}) for i, (milli, mebi) in enumerate(sizes)]
    return Scenario(distribution, machines, queue)


def read_trace(folder: str | Path) -> Scenario:
    """A trace: `nodes.csv` and `pods.csv` of a folder.

    Raises `CourseError` for files that cannot be read, or are no such tables.
    """
    made_by(folder, "folder", (str, Path), "a folder")
    root = Path(folder)
    sizes = ("cpu_milli", "memory_mib")
    nodes = [_trace_node(row) for row in _rows(root / "nodes.csv", "sn", *sizes, "gpu")]
    rows = _rows(root / "pods.csv", "name", *sizes, "num_gpu", "gpu_milli")
    pods = [_trace_pod(row) for row in rows]
    return Scenario(root.name, nodes, pods)


def _rows(path: Path, first: str, *numbers: str) -> list[dict[str, str]]:
    """The rows of a file with a column of names, the `first`, and columns of whole `numbers`."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as problem:
        raise CourseError("cannot read the trace", where=str(path), found=str(problem)) from None
    for column in (first, *numbers):
        if not rows or column not in rows[0]:
            raise CourseError("not a trace", where=str(path), expected=f"a column {column}")
    for line, row in enumerate(rows, start=2):
        for column in numbers:
            if not (row[column] or "").isdecimal():
                where, found = f"{path}, line {line}: {column}", repr(row[column])
                raise CourseError(
                    "not a trace", where=where, expected="a whole number", found=found
                )
    return rows


def _trace_node(row: dict[str, str]) -> Document:
    labels = {MODEL: row["model"]} if row.get("model") else {}
    node = _node(row["sn"], int(row["cpu_milli"]), int(row["memory_mib"]), labels)
    if int(row["gpu"]):
        given = {COUNT: row["gpu"], MILLI: str(1000 * int(row["gpu"]))}
        node["status"]["allocatable"] |= given
    return node


def _trace_pod(row: dict[str, str]) -> Document:
    count, milli = int(row["num_gpu"]), int(row["gpu_milli"])
    notes = {COUNT: str(count), MILLI: str(milli)} if count else {}
    pod = _pod(row["name"], int(row["cpu_milli"]), int(row["memory_mib"]), notes)
    if count:
        requests = pod["spec"]["containers"][0]["resources"]["requests"]
        requests[MILLI] = str(count * milli)
    if row.get("gpu_spec"):
        term = {"key": MODEL, "operator": "In", "values": row["gpu_spec"].split("|")}
        terms = {"nodeSelectorTerms": [{"matchExpressions": [term]}]}
        affinity = {"requiredDuringSchedulingIgnoredDuringExecution": terms}
        pod["spec"]["affinity"] = {"nodeAffinity": affinity}
    return pod


def _node(name: str, milli: int, mebi: int, labels: dict[str, str]) -> Document:
    given = {"cpu": f"{milli}m", "memory": f"{mebi}Mi", "pods": "1000"}
    every = labels | {"kubernetes.io/hostname": name}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": every},
        "status": {"allocatable": given},
    }


def _pod(name: str, milli: int, mebi: int, notes: dict[str, str]) -> Document:
    requests = {"cpu": f"{milli}m", "memory": f"{mebi}Mi"}
    container = {"name": "main", "image": "course/app:1", "resources": {"requests": requests}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "annotations": notes},
        "spec": {"containers": [container]},
    }
