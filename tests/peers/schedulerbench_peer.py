"""kube-scheduler's own scheduling cycle as a peer, built from the Go modules of Kubernetes."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from tests.peers import golang

BINARY = golang.BUILT / "scheduler-bench"
Document = dict[str, Any]


def _named(pod: Document) -> Document:
    return pod | {"spec": {"schedulerName": "default-scheduler"} | pod["spec"]}


def build() -> None:
    """Build it; needs Go, and the Go module proxy the first time (some minutes then)."""
    golang.build(BINARY.name, "./schedulerbench")


def go_version() -> str:
    """The version of Go, as `go version` tells it."""
    said = subprocess.run(["go", "version"], capture_output=True, text=True, check=True)
    return said.stdout.split()[2]


def run(
    nodes: list[Document],
    there: list[Document],
    workloads: dict[str, list[Document]],
    *,
    percentage: int = 100,
    cores: int = 0,
    one_by_one: bool = False,
) -> dict[str, Document]:
    """Place the Pods of each workload on a fresh cluster: what the cycles took, and looked at.

    `there` are Pods that have a node; `percentage` is `percentageOfNodesToScore`. With `one_by_one`
    nodes are looked at in order, not by several workers, and each Pod is asked about anew.
    """
    asked = {
        "nodes": nodes,
        "existing": there,
        "workloads": {name: [_named(pod) for pod in pods] for name, pods in workloads.items()},
        "percentageOfNodesToScore": percentage,
        "parallelism": 1 if one_by_one else 16,  # upstream's default
        "alike": not one_by_one,
    }
    command = [str(BINARY), "-cores", str(cores or os.cpu_count() or 1)]
    said = subprocess.run(
        command, input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    answers: dict[str, Document] = json.loads(said.stdout)
    return answers
