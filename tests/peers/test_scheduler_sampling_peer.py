"""`percentageOfNodesToScore` against kube-scheduler's own search for nodes."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.scheduler.sampling import NodeSampling, nodes_to_find
from course_lib.scheduler.status import Filtered
from tests.bench.scheduling import Nodes, pod_document, view
from tests.peers import golang, schedulerbench_peer
from tests.required import requires

pytestmark = requires(golang.missing())
ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
PODS = 12


@pytest.fixture(scope="session", autouse=True)
def peer():
    schedulerbench_peer.build()


def node_documents(size: int) -> list[dict]:
    """Nodes in zones of unequal size, and some in none."""
    zones = ["a", "b", "a", "c", "a", "", "b"]
    found = []
    for number in range(size):
        zone = zones[number % 7] if number < size - 9 else "d"
        labels = {ZONE: zone, REGION: "north" if number % 2 else "south"} if zone else {}
        given = {"cpu": "32", "memory": "128Gi", "pods": "110"}
        meta = {"name": f"n{number}", "labels": labels}
        found.append({"metadata": meta, "status": {"allocatable": given}})
    return found


@pytest.mark.parametrize("percentage", [0, 1, 30, 100])
@pytest.mark.parametrize("size", [20, 99, 100, 101, 250, 1000])
def test_the_search_finds_as_many_nodes_and_goes_on_where_the_last_one_ended(size, percentage):
    documents = node_documents(size)
    pods = [pod_document(f"p{i}", 1 + i, {}) for i in range(PODS)]
    said = schedulerbench_peer.run(
        documents, [], {"sample": pods}, percentage=percentage, one_by_one=True
    )["sample"]
    assert said["feasible"] == said["evaluated"] == [nodes_to_find(percentage, size)] * PODS
    nodes, sampling = Nodes([view("Node", document) for document in documents]), NodeSampling()
    for host in said["hosts"]:
        found = sampling.sample(Filtered(np.ones(size, dtype=bool), []), nodes, percentage)
        assert found[nodes.rows[host]], host
