"""Claims and volumes: binding, protection, reclaim policies, and growth."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from tests.conftest import container, pod, reasons, status_of


def claim(name: str = "data", size: str = "1Gi", **spec: object) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": size}},
            **spec,
        },
    }


def volume(name: str, size: str, **spec: object) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "manual",
            "hostPath": {"path": "/data"},
            **spec,
        },
    }


def in_use(cluster: Cluster) -> Cluster:
    """A Pod that uses the claim `data`."""
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    mount = {"name": "data", "mountPath": "/data"}
    cluster.apply([CLAIM, pod(volumes=[claim], containers=[container(volumeMounts=[mount])])])
    cluster.run(seconds=30)
    return cluster


CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


def test_a_claim_takes_the_smallest_volume_that_will_do(cluster):
    cluster.apply([volume("large", "10Gi"), volume("small", "1Gi"), volume("fits", "3Gi")])
    cluster.apply(claim(size="2Gi", storageClassName="manual"))
    cluster.run(seconds=10)
    assert list(cluster.get("pvc").VOLUME) == ["fits"]
    phases = dict(zip(cluster.get("pv").NAME, cluster.get("pv").STATUS, strict=True))
    assert phases == {"fits": "Bound", "large": "Available", "small": "Available"}


@pytest.mark.parametrize(
    ("class_name", "reason"),
    [
        ("none", "ProvisioningFailed"),
        ("foreign", "ExternalProvisioning"),
        ("manual", "FailedBinding"),
    ],
)
def test_a_claim_that_cannot_be_met_says_why(cluster, class_name, reason):
    head = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass"}
    cluster.apply(head | {"metadata": {"name": "foreign"}, "provisioner": "example.com/disks"})
    provisioner = "kubernetes.io/no-provisioner"
    cluster.apply(head | {"metadata": {"name": "manual"}, "provisioner": provisioner})
    cluster.apply(claim(storageClassName=class_name))
    cluster.run(seconds=30)
    assert list(cluster.get("pvc").STATUS) == ["Pending"]
    assert reason in reasons(cluster, "PersistentVolumeClaim")


def test_binding_waits_for_the_first_consumer_where_the_class_says_so(cluster):
    head = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "late"}}
    mode = {"provisioner": "rancher.io/local-path", "volumeBindingMode": "WaitForFirstConsumer"}
    cluster.apply([head | mode, claim(storageClassName="late")])
    cluster.run(seconds=30)
    assert list(cluster.get("pvc").STATUS) == ["Pending"]
    cluster.apply(pod(volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]))
    cluster.run(seconds=30)
    assert list(cluster.get("pvc").STATUS) == ["Bound"]
    assert status_of(cluster) == ["Running"]


@pytest.mark.parametrize(("policy", "left"), [("Delete", []), ("Retain", ["Released"])])
def test_what_becomes_of_a_volume_after_its_claim(cluster, policy, left):
    cluster.apply([volume("disk", "1Gi", persistentVolumeReclaimPolicy=policy)])
    cluster.apply(claim(storageClassName="manual"))
    cluster.run(seconds=10)
    cluster.delete("pvc", "data")
    cluster.run(seconds=10)
    assert list(cluster.get("pv").STATUS) == left


def test_a_claim_in_use_is_terminating_until_its_pod_is_gone(cluster):
    in_use(cluster)
    cluster.delete("pvc", "data")
    cluster.run(seconds=30)
    assert list(cluster.get("pvc").STATUS) == ["Terminating"]
    assert list(cluster.get("pv").STATUS) == ["Bound"]
    cluster.delete("pod", "web")
    cluster.run(seconds=40)
    assert len(cluster.get("pvc")) == len(cluster.get("pv")) == 0


def test_a_bound_volume_is_terminating_until_its_claim_is_gone(cluster):
    in_use(cluster)
    cluster.delete("pv", cluster.get("pv").NAME[0])
    cluster.run(seconds=5)
    assert list(cluster.get("pv").STATUS) == ["Terminating"]
    cluster.delete("pod", "web", grace_period=0)
    cluster.delete("pvc", "data")
    cluster.run(seconds=5)
    assert len(cluster.get("pvc")) == len(cluster.get("pv")) == 0


def test_a_claim_says_whether_a_pod_names_it(cluster):
    in_use(cluster)
    (unused,) = cluster.api.get("PersistentVolumeClaim", "data", "default").status.conditions
    assert (unused.type, unused.status, unused.reason) == ("Unused", "False", "PodUsingPVC")
    cluster.delete("pod", "web", grace_period=0)
    cluster.run(seconds=5)
    (unused,) = cluster.api.get("PersistentVolumeClaim", "data", "default").status.conditions
    assert (unused.status, unused.reason) == ("True", "NoPodsUsingPVC")


def test_a_claim_grows_only_where_its_class_allows_it_and_never_shrinks(cluster):
    def asks(size: str) -> dict:
        return {"spec": {"resources": {"requests": {"storage": size}}}}

    name = ("PersistentVolumeClaim", "data", "default")
    in_use(cluster)
    with pytest.raises(CourseError, match="storageclass that provisions the pvc must support"):
        cluster.api.patch(*name, asks("2Gi"))
    with pytest.raises(CourseError, match=r"can not be less than status\.capacity"):
        cluster.api.patch(*name, asks("500Mi"))
    cluster.api.patch("StorageClass", "standard", "", {"allowVolumeExpansion": True})
    cluster.api.patch(*name, asks("2Gi"))
    cluster.run(seconds=5)
    assert list(cluster.get("pvc").CAPACITY) == ["2Gi"]
