"""Generic ephemeral volumes: claims that a Pod owns."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from tests.conftest import container, pod
from tests.controllers.test_volumes import claim

CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
NOT_OWNED = "PVC default/web-own was not created for pod default/web (pod is not owner)"
MOUNT = {"volumeMounts": [{"name": "own", "mountPath": "/own"}]}


def with_own(name: str = "web", **spec: object) -> dict:
    template = {"metadata": {"labels": {"of": name}}, "spec": CLAIM}
    volume = {"name": "own", "ephemeral": {"volumeClaimTemplate": template}}
    return pod(name, [container(**MOUNT)], volumes=[volume], **spec)


def test_a_pod_gets_a_claim_of_its_own_that_goes_with_it(cluster):
    cluster.apply(with_own())
    cluster.run(seconds=30)
    found = cluster.document("pvc", "web-own")
    [owner] = found["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["controller"]) == ("Pod", "web", True)
    assert found["metadata"]["labels"] == {"of": "web"}
    assert found["status"]["phase"] == "Bound"
    assert cluster.document("pod", "web")["status"]["phase"] == "Running"
    cluster.delete("pod", "web")
    cluster.run(seconds=60)
    assert not cluster.api.list("PersistentVolumeClaim")


def test_a_claim_that_somebody_deletes_before_the_pod_has_a_node_comes_back(cluster):
    cluster.apply(with_own(nodeSelector={"disk": "none"}))
    cluster.run(seconds=5)
    first = cluster.document("pvc", "web-own")["metadata"]["uid"]
    cluster.delete("pvc", "web-own")
    cluster.run(seconds=5)
    assert cluster.document("pvc", "web-own")["metadata"]["uid"] != first


def test_a_claim_of_somebody_else_is_not_taken(cluster):
    cluster.apply(claim("web-own"))
    cluster.apply(with_own())
    cluster.run(seconds=6)
    told = cluster.log(reason="FailedBinding", object="Pod/web").MESSAGE
    assert set(told) == {f"ephemeral volume own: {NOT_OWNED}"}
    [stated] = cluster.document("pod", "web")["status"]["conditions"]
    assert NOT_OWNED in stated["message"]


@pytest.mark.parametrize(
    ("volume", "why"),
    [
        (
            {"persistentVolumeClaim": {"claimName": "none"}},
            "error processing PVC default/none: failed to fetch PVC from API server: "
            'persistentvolumeclaims "none" not found',
        ),
        (
            {"persistentVolumeClaim": {"claimName": "data"}},
            "error processing PVC default/data: PVC is not bound",
        ),
        (
            {"ephemeral": {"volumeClaimTemplate": {"spec": CLAIM | {"storageClassName": "none"}}}},
            "error processing PVC default/web-own: PVC is not bound",
        ),
    ],
)
def test_a_kubelet_tells_which_claims_it_cannot_mount(volume, why):
    one = Cluster(nodes=1)
    one.apply(claim(storageClassName="none"))
    one.apply(pod(containers=[container(**MOUNT)], nodeName="node-1",
                  volumes=[{"name": "own", **volume}]))  # fmt: skip
    one.run(seconds=10)
    lists = "unmounted volumes=[own], unattached volumes=[], failed to process volumes=[own]"
    told = set(one.log(reason="FailedMount").MESSAGE)
    assert told == {f"Unable to attach or mount volumes: {lists}: {why}"}


def test_a_claim_that_no_container_mounts_does_not_hold_up_a_pod_on_its_node():
    one = Cluster(nodes=1)
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": "none"}}
    one.apply(pod(nodeName="node-1", volumes=[volume]))
    one.run(seconds=20)
    assert one.document("pod", "web")["status"]["phase"] == "Running"
