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
        ("manual", "ProvisioningFailed"),
        ("", "FailedBinding"),
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
    cluster.run(seconds=1)
    nominated = cluster.api.get("Pod", "web", "default").status.nominated_node_name
    found = cluster.api.get("PersistentVolumeClaim", "data", "default")
    assert nominated and found.annotations["volume.kubernetes.io/selected-node"] == nominated
    assert found.annotations["volume.kubernetes.io/storage-provisioner"] == "rancher.io/local-path"
    cluster.run(seconds=30)
    assert list(cluster.get("pvc").STATUS) == ["Bound"]
    assert status_of(cluster) == ["Running"]
    bound = cluster.api.get("Pod", "web", "default")
    assert (bound.spec.node_name, bound.status.nominated_node_name) == (nominated, "")
    assert reasons(cluster, "PersistentVolumeClaim") == [
        "WaitForFirstConsumer",
        "WaitForFirstConsumer",
        "WaitForFirstConsumer",
        "ExternalProvisioning",
        "Provisioning",
        "ExternalProvisioning",
        "ProvisioningSucceeded",
    ]


@pytest.mark.parametrize(("policy", "left"), [("Delete", []), ("Retain", ["Released"])])
def test_what_becomes_of_a_volume_after_its_claim(cluster, policy, left):
    path = {"path": "/tmp/data"}  # the only folders that the controller itself deletes
    cluster.apply([volume("disk", "1Gi", persistentVolumeReclaimPolicy=policy, hostPath=path)])
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


# Provisioners that nobody runs


def foreign(name: str = "foreign", **settings: object) -> dict:
    head = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}}
    wait = {"volumeBindingMode": "WaitForFirstConsumer", "provisioner": "disk.example"}
    return head | wait | settings


def user() -> dict:
    """A Pod that uses the claim `data`."""
    return pod(volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}])


def told(cluster: Cluster, about: str) -> list[str]:
    return list(cluster.log(object=about).MESSAGE)


def test_a_pod_waits_for_a_volume_that_nobody_makes(cluster):
    cluster.apply([foreign(), claim(storageClassName="foreign"), user()])
    cluster.run(seconds=30)
    waiting = cluster.api.get("Pod", "web", "default")
    assert (waiting.spec.node_name, bool(waiting.status.nominated_node_name)) == ("", True)
    assert waiting.status.conditions is None
    message = (
        "Waiting for a volume to be created either by the external provisioner 'disk.example' or "
        "manually by the system administrator. If volume creation is delayed, please verify that "
        "the provisioner is running and correctly registered."
    )
    assert message in told(cluster, "PersistentVolumeClaim/data")


def test_a_pod_waits_ten_minutes_for_its_volumes_and_is_tried_again(cluster):
    cluster.apply([foreign(), claim(storageClassName="foreign"), user()])
    cluster.run(seconds=599)
    assert told(cluster, "Pod/web") == []
    cluster.run(seconds=3)
    text = 'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded'
    assert told(cluster, "Pod/web") == [text]
    (scheduled,) = cluster.api.get("Pod", "web", "default").status.conditions
    assert (scheduled.reason, scheduled.message) == ("SchedulerError", text)


def test_the_pod_of_a_claim_that_is_deleted_says_so_and_then_waits_for_the_claim(cluster):
    cluster.apply([foreign(), claim(storageClassName="foreign"), user()])
    cluster.run(seconds=5)
    cluster.delete("pvc", "data")
    cluster.run(seconds=10)
    gone = 'failed to check provisioning pvc: persistentvolumeclaims "default/data" not found'
    assert told(cluster, "Pod/web") == [
        f'running PreBind plugin "VolumeBinding": binding volumes: {gone}',
        '0/3 nodes are available: persistentvolumeclaim "data" not found. not found',
    ]
    waiting = cluster.api.get("Pod", "web", "default")
    assert waiting.status.nominated_node_name == ""
    assert [each.reason for each in waiting.status.conditions] == ["Unschedulable"]


def test_a_class_of_a_plugin_that_became_a_driver_asks_the_driver(cluster):
    late = foreign(provisioner="kubernetes.io/aws-ebs", volumeBindingMode="Immediate")
    cluster.apply([late, claim(storageClassName="foreign")])
    cluster.run(seconds=10)
    assert list(cluster.get("pvc").STATUS) == ["Bound"]
    made = cluster.api.get("PersistentVolume", cluster.get("pv").NAME[0])
    assert made.annotations["pv.kubernetes.io/provisioned-by"] == "ebs.csi.aws.com"


# Claims that name their volume


@pytest.mark.parametrize(
    ("asks", "why"),
    [
        ({"size": "2Gi"}, "requested PV is too small"),
        ({"storageClassName": "other"}, "storageClassName does not match"),
        ({"volumeMode": "Block"}, "incompatible volumeMode"),
        ({"accessModes": ["ReadWriteMany"]}, "incompatible accessMode"),
    ],
)
def test_a_claim_cannot_have_a_volume_that_does_not_suit_it(cluster, asks, why):
    wants = {"storageClassName": "manual", "volumeName": "disk"} | asks
    cluster.apply([volume("disk", "1Gi"), claim(**wants)])
    cluster.run(seconds=5)
    assert list(cluster.get("pvc").STATUS) == ["Pending"]
    assert told(cluster, "PersistentVolumeClaim/data")[0] == (
        f'Cannot bind to requested volume "disk": {why}'
    )


def test_a_volume_is_one_claims_alone(cluster):
    wants = {"storageClassName": "manual", "volumeName": "disk"}
    cluster.apply([volume("disk", "1Gi"), claim(**wants)])
    cluster.run(seconds=5)
    bound = cluster.api.get("PersistentVolumeClaim", "data", "default")
    assert bound.annotations["pv.kubernetes.io/bind-completed"] == "yes"
    assert "pv.kubernetes.io/bound-by-controller" not in bound.annotations
    kept = cluster.api.get("PersistentVolume", "disk")
    assert kept.annotations["pv.kubernetes.io/bound-by-controller"] == "yes"
    cluster.apply(claim("late", **wants))
    cluster.run(seconds=5)
    message = 'volume "disk" already bound to a different claim.'
    assert told(cluster, "PersistentVolumeClaim/late")[0] == message


def test_a_claim_whose_volume_goes_is_lost(cluster):
    cluster.apply([volume("disk", "1Gi"), claim(storageClassName="manual")])
    cluster.run(seconds=5)
    cluster.api.patch("PersistentVolume", "disk", "", {"metadata": {"finalizers": None}})
    cluster.api.delete("PersistentVolume", "disk")
    cluster.run(seconds=5)
    assert list(cluster.get("pvc").STATUS) == ["Lost"]
    message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
    assert message in told(cluster, "PersistentVolumeClaim/data")


def test_a_claim_without_a_class_gets_a_default_that_comes_later(cluster):
    cluster.api.patch("sc", "standard", "", {"metadata": {"annotations": None}})
    cluster.apply(claim())
    cluster.run(seconds=5)
    assert list(cluster.get("pvc").STATUS) == ["Pending"]
    mark = {"storageclass.kubernetes.io/is-default-class": "true"}
    cluster.api.patch("sc", "standard", "", {"metadata": {"annotations": mark}})
    cluster.run(seconds=10)
    assert list(cluster.get("pvc").STORAGECLASS) == ["standard"]
    assert list(cluster.get("pvc").STATUS) == ["Bound"]


# Volumes after their claims


def test_a_folder_outside_tmp_is_not_deleted(cluster):
    cluster.apply([volume("disk", "1Gi", persistentVolumeReclaimPolicy="Delete")])
    cluster.apply(claim(storageClassName="manual"))
    cluster.run(seconds=5)
    cluster.delete("pvc", "data")
    cluster.run(seconds=5)
    assert list(cluster.get("pv").STATUS) == ["Failed"]
    message = "host_path deleter only supports /tmp/.+ but received provided /data"
    assert told(cluster, "PersistentVolume/disk") == [message]


def test_a_volume_that_is_recycled_is_free_again(cluster):
    cluster.apply([volume("disk", "1Gi", persistentVolumeReclaimPolicy="Recycle")])
    cluster.apply(claim(storageClassName="manual"))
    cluster.run(seconds=5)
    cluster.delete("pvc", "data")
    cluster.run(seconds=5)
    assert list(cluster.get("pv").STATUS) == ["Available"]
    assert cluster.api.get("PersistentVolume", "disk").spec.claim_ref is None


# Growth


def test_the_file_system_of_a_clouds_disk_grows_when_a_pod_uses_it(cluster):
    cloud = foreign(provisioner="pd.csi.storage.gke.io", allowVolumeExpansion=True)
    cluster.apply([cloud | {"volumeBindingMode": "Immediate"}, claim(storageClassName="foreign")])
    cluster.run(seconds=10)
    name = ("PersistentVolumeClaim", "data", "default")
    cluster.api.patch(*name, {"spec": {"resources": {"requests": {"storage": "2Gi"}}}})
    cluster.run(seconds=1)
    assert {c.type for c in cluster.api.get(*name).status.conditions} >= {"Resizing"}
    cluster.run(seconds=5)
    (pending,) = [c for c in cluster.api.get(*name).status.conditions if c.type != "Unused"]
    assert (pending.type, pending.status) == ("FileSystemResizePending", "True")
    assert pending.message.startswith("Waiting for user to (re-)start a pod to finish file system")
    assert (cluster.get("pvc").CAPACITY[0], cluster.get("pv").CAPACITY[0]) == ("1Gi", "2Gi")
    cluster.apply(user())
    cluster.run(seconds=30)
    assert cluster.get("pvc").CAPACITY[0] == "2Gi"
    assert [c.type for c in cluster.api.get(*name).status.conditions] == ["Unused"]
    assert "FileSystemResizeSuccessful" in reasons(cluster, "Pod")
