"""What a controller owns comes back when it is deleted, and is set right when it is edited."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from course_lib.cluster import Cluster
from tests.conftest import job, pod, service, workload

TICK = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": {"name": "tick"},
    "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": job()["spec"]}},
}
LONG = job("long", parallelism=2, completions=2, containers=[
    {"name": "main", "image": "busybox:1.36", "command": ["sleep", "600"]}
])  # fmt: skip
CONTROLLER = {
    "apiVersion": "v1",
    "kind": "ReplicationController",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 2,
        "selector": {"app": "web"},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod()["spec"]},
    },
}
# An owner, the kind of what it owns, and how many there should be.
OWNERS = [
    (workload(replicas=2), "ReplicaSet", 1),
    (workload("ReplicaSet", replicas=2), "Pod", 2),
    (CONTROLLER, "Pod", 2),
    (workload("StatefulSet", replicas=2, serviceName="web"), "Pod", 2),
    (workload("DaemonSet"), "Pod", 2),
    (workload("DaemonSet"), "ControllerRevision", 1),
    (LONG, "Pod", 2),
    (service(), "EndpointSlice", 1),
    (service(), "Endpoints", 1),
    (service(), "ServiceAccount", 1),
    (service(), "ConfigMap", 1),
]


@pytest.mark.parametrize(
    ("owner", "kind", "count"), OWNERS, ids=[f"{o['kind']}-{k}" for o, k, _ in OWNERS]
)
def test_what_is_deleted_comes_back(owner, kind, count):
    cluster = Cluster(nodes=2)
    cluster.apply(owner)
    cluster.run(seconds=20)
    before = cluster.api.list(kind, "default")
    assert len(before) == count
    for found in before:
        cluster.api.delete(kind, found.name, "default", grace_period=0)
    cluster.run(seconds=30)  # a Job waits 20 s after two failures
    after = cluster.api.list(kind, "default")
    assert len(after) == count
    assert not {found.uid for found in after} & {found.uid for found in before}


def pods(cluster: Cluster) -> int:
    return len([p for p in cluster.api.list("Pod", "default") if not p.terminating])


@pytest.mark.parametrize(
    ("owner", "kind", "patch", "right"),
    [
        (workload(replicas=2), "ReplicaSet", {"spec": {"replicas": 5}}, pods),
        (
            workload("ReplicaSet", replicas=2),
            "Pod",
            {"metadata": {"ownerReferences": None}},
            lambda c: sum(p.metadata.controller is not None for p in c.api.list("Pod")),
        ),
        (
            workload("ReplicaSet", replicas=2),
            "Pod",
            {"metadata": {"labels": {"app": "debug"}}},
            lambda c: sum(p.labels["app"] == "web" for p in c.api.list("Pod")),
        ),
        (
            workload(replicas=2),
            "ReplicaSet",
            {"metadata": {"ownerReferences": None}},
            lambda c: 2 * sum(r.metadata.controller is not None for r in c.api.list("ReplicaSet")),
        ),
    ],
    ids=["scaled", "orphaned-pod", "relabelled", "orphaned-replica-set"],
)
def test_what_is_edited_is_set_right(owner, kind, patch, right: Callable[[Cluster], int]):
    cluster = Cluster(nodes=2)
    cluster.apply(owner)
    cluster.run(seconds=20)
    first = cluster.api.list(kind, "default")[0]
    cluster.api.patch(kind, first.name, "default", patch)
    cluster.run(seconds=20)
    assert right(cluster) == 2


def test_a_deleted_job_is_no_longer_active_in_its_cron_job():
    cluster = Cluster(nodes=2)
    cluster.apply(TICK)
    cluster.run(seconds=61)
    (made,) = cluster.api.list("Job")
    assert [j.uid for j in cluster.api.get("CronJob", "tick").status.active] == [made.uid]
    cluster.delete("job", made.name)
    cluster.run(seconds=2)
    assert not cluster.api.get("CronJob", "tick").status.active
    assert "MissingJob" in set(cluster.log(object="CronJob").REASON)


def test_a_claim_whose_volume_is_removed_by_force_is_lost():
    cluster = Cluster(nodes=2)
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    cluster.apply(claim)
    cluster.run(seconds=5)
    (volume,) = cluster.api.list("PersistentVolume")
    cluster.delete("pv", volume.name)
    cluster.api.patch("PersistentVolume", volume.name, "", {"metadata": {"finalizers": None}})
    cluster.run(seconds=5)
    assert list(cluster.get("pvc").STATUS) == ["Lost"]


def test_a_quota_counts_every_kind_again_when_it_changes():
    cluster = Cluster(nodes=1)
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}}
    cluster.apply(quota | {"spec": {"hard": {"count/deployments.apps": "5"}}})
    cluster.apply(workload(replicas=1))
    cluster.run(seconds=5)
    assert str(cluster.api.get("ResourceQuota", "few").status.used["count/deployments.apps"]) == "1"
    cluster.delete("deployment", "web")
    cluster.run(seconds=5)
    assert str(cluster.api.get("ResourceQuota", "few").status.used["count/deployments.apps"]) == "0"
