"""Deletions of whole collections over HTTP, and what they leave of what the objects own."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from tests.apiserver.test_requests import ask
from tests.conftest import job, pod, workload

PODS = "/api/v1/namespaces/default/pods"
JOBS = "/apis/batch/v1/namespaces/default/jobs"
WARNING = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background "
    "to remove them or set propagationPolicy=Orphan to suppress this warning"
)
LONG = [{"name": "main", "image": "busybox:1.36", "command": ["sleep", "500"]}]


@pytest.fixture
def cluster() -> Cluster:
    cluster = Cluster(nodes=2)
    for number in range(3):
        document = pod(f"web-{number}")
        document["metadata"]["labels"] = {"odd": str(number % 2)}
        cluster.apply(document)
    cluster.run(seconds=10)
    return cluster


def names(cluster: Cluster) -> list[str]:
    return [each.name for each in cluster.api.list("Pod", "default")]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({}, []),
        ({"labelSelector": ["odd=1"]}, ["web-0", "web-2"]),
        ({"fieldSelector": ["metadata.name=web-0"]}, ["web-1", "web-2"]),
        ({"limit": ["2"]}, ["web-2"]),
    ],
)
def test_a_collection_is_deleted_as_far_as_it_is_chosen_and_shown(cluster, query, left):
    answer = ask(cluster, "DELETE", PODS, {"gracePeriodSeconds": 0}, query=query)
    assert (answer.status, answer.document["kind"]) == (200, "PodList")
    shown = [each["metadata"]["name"] for each in answer.document["items"]]
    assert shown == [f"web-{n}" for n in range(3) if f"web-{n}" not in left]
    assert names(cluster) == left


def test_a_dry_run_deletes_nothing_of_a_collection(cluster):
    answer = ask(cluster, "DELETE", PODS, query={"dryRun": ["All"]})
    assert len(answer.document["items"]) == 3
    assert names(cluster) == ["web-0", "web-1", "web-2"]


@pytest.mark.parametrize(
    ("options", "stay", "warned"),
    [
        ({}, True, True),
        ({"propagationPolicy": "Orphan"}, True, False),
        ({"orphanDependents": False}, False, False),
        ({"propagationPolicy": "Background"}, False, False),
    ],
)
@pytest.mark.parametrize("path", [JOBS, f"{JOBS}/work"])
def test_a_job_leaves_its_pods_where_a_request_does_not_say_otherwise(path, options, stay, warned):
    cluster = Cluster(nodes=1)
    cluster.apply(job(containers=LONG))
    cluster.run(seconds=10)
    answer = ask(cluster, "DELETE", path, {"gracePeriodSeconds": 1} | options)
    assert answer.warnings == ([WARNING] if warned else [])
    cluster.run(seconds=60)
    assert [p.metadata.owner_references for p in cluster.api.list("Pod")] == [None] * stay


def test_a_deployment_takes_its_pods_along():
    cluster = Cluster(nodes=1)
    cluster.apply(workload(replicas=1))
    cluster.run(seconds=10)
    answer = ask(cluster, "DELETE", "/apis/apps/v1/namespaces/default/deployments/web")
    assert answer.warnings == []
    cluster.run(seconds=60)
    assert cluster.api.list("Pod") == []
