"""StatefulSets: order, claims, and updates from the highest ordinal down."""

from __future__ import annotations

import pytest

from tests.conftest import container, reasons, workload
from tests.controllers.workloads import PROBE, get


def test_a_stateful_set_is_made_in_order_removed_in_reverse_and_keeps_its_claims(cluster):
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    mount = container(volumeMounts=[{"name": "data", "mountPath": "/data"}])
    cluster.apply(
        workload("StatefulSet", containers=[mount], replicas=3, volumeClaimTemplates=[claim])
    )
    cluster.run(seconds=60)
    assert list(cluster.get("pods").NAME) == ["web-0", "web-1", "web-2"]
    claims = list(cluster.get("pvc").VOLUME)
    cluster.kubectl("scale statefulset/web --replicas=1")
    cluster.run(seconds=60)
    assert list(cluster.get("pods").NAME) == ["web-0"]
    killed = list(cluster.log(reason="SuccessfulDelete").MESSAGE)
    assert [text.split()[2] for text in killed] == ["web-2", "web-1"]
    cluster.kubectl("scale statefulset/web --replicas=3")
    cluster.run(seconds=60)
    assert list(cluster.get("pvc").VOLUME) == claims


def test_parallel_pods_do_not_wait_for_each_other(cluster):
    cluster.behaviours.set("nginx", startup=30)
    slow = container(readinessProbe=PROBE)
    for policy in ("OrderedReady", "Parallel"):
        name = policy.lower()
        spec = {"replicas": 3, "podManagementPolicy": policy}
        cluster.apply(workload("StatefulSet", name, [slow], **spec))
    cluster.run(seconds=10)
    assert len(cluster.get("pods", selector="app=orderedready")) == 1
    assert len(cluster.get("pods", selector="app=parallel")) == 3


def test_a_stateful_set_is_updated_from_the_highest_ordinal_down_to_its_partition(cluster):
    update = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    cluster.apply(workload("StatefulSet", replicas=3, updateStrategy=update))
    cluster.run(seconds=60)
    cluster.kubectl("set image statefulset/web *=nginx:1.28")
    cluster.run(seconds=60)
    images = [p.spec.containers[0].image for p in cluster.api.list("Pod")]
    assert images == ["nginx:1.27", "nginx:1.28", "nginx:1.28"]
    order = list(cluster.log(reason="SuccessfulDelete").MESSAGE)
    assert [text.split()[2] for text in order] == ["web-2", "web-1"]
    cluster.delete("pod", "web-0")
    cluster.run(seconds=30)
    assert get(cluster, "Pod", "web-0").spec.containers[0].image == "nginx:1.27"


CLAIM = {
    "metadata": {"name": "data", "labels": {"app": "mine", "tier": "db"}},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


def with_claims(replicas: int, deleted: str, scaled: str) -> dict:
    policy = {"whenDeleted": deleted, "whenScaled": scaled}
    mount = container(volumeMounts=[{"name": "data", "mountPath": "/data"}])
    spec = {"replicas": replicas, "volumeClaimTemplates": [CLAIM]}
    return workload(
        "StatefulSet", containers=[mount], persistentVolumeClaimRetentionPolicy=policy, **spec
    )


def owners(cluster) -> dict[str, list[str]]:
    """Who owns each claim."""
    return {
        claim.name: [owner.kind for owner in claim.metadata.owner_references or ()]
        for claim in cluster.api.list("PersistentVolumeClaim")
    }


def names(cluster) -> list[str]:
    return [pod.name for pod in cluster.api.list("Pod")]


def test_ordinals_begin_where_the_spec_says(cluster):
    cluster.apply(workload("StatefulSet", replicas=2, ordinals={"start": 5}))
    cluster.run(seconds=30)
    assert names(cluster) == ["web-5", "web-6"]
    cluster.api.patch("StatefulSet", "web", "default", {"spec": {"ordinals": {"start": 6}}})
    cluster.run(seconds=60)
    assert names(cluster) == ["web-6", "web-7"]


@pytest.mark.parametrize(
    ("policy", "most", "first"),
    [
        ("OrderedReady", None, ["web-3"]),
        ("OrderedReady", 2, ["web-3", "web-2"]),
        ("OrderedReady", "70%", ["web-3", "web-2"]),
        ("OrderedReady", "10%", ["web-3"]),
        ("Parallel", 3, ["web-3", "web-2", "web-1"]),
    ],
)
def test_so_many_pods_are_replaced_at_a_time(cluster, policy, most, first):
    rolling = {} if most is None else {"maxUnavailable": most}
    update = {"type": "RollingUpdate", "rollingUpdate": rolling}
    spec = {"replicas": 4, "podManagementPolicy": policy, "updateStrategy": update}
    cluster.apply(workload("StatefulSet", **spec))
    cluster.run(seconds=60)
    cluster.kubectl("set image statefulset/web *=nginx:1.28")
    cluster.run(seconds=0.5)
    killed = cluster.log(reason="SuccessfulDelete").MESSAGE
    assert [text.split()[2] for text in killed] == first
    cluster.run(seconds=90)
    status = get(cluster, "StatefulSet").status
    assert status.updated_replicas == status.current_replicas == 4


@pytest.mark.parametrize(
    ("deleted", "scaled", "kept", "left"),
    [
        ("Retain", "Retain", ["data-web-0", "data-web-1"], ["data-web-0", "data-web-1"]),
        ("Delete", "Retain", ["data-web-0", "data-web-1"], []),
        ("Retain", "Delete", ["data-web-0"], ["data-web-0"]),
        ("Delete", "Delete", ["data-web-0"], []),
    ],
)
def test_claims_go_with_the_size_and_with_the_set_as_its_policy_says(
    cluster, deleted, scaled, kept, left
):
    cluster.apply(with_claims(2, deleted, scaled))
    cluster.run(seconds=40)
    expected = ["StatefulSet"] if deleted == "Delete" else []
    assert owners(cluster) == {"data-web-0": expected, "data-web-1": expected}
    cluster.kubectl("scale statefulset/web --replicas=1")
    cluster.run(seconds=60)
    assert list(owners(cluster)) == kept
    cluster.delete("statefulset", "web")
    cluster.run(seconds=60)
    assert list(owners(cluster)) == left


def test_another_policy_gives_claims_other_owners(cluster):
    cluster.apply(with_claims(1, "Retain", "Retain"))
    cluster.run(seconds=30)
    policy = {"whenDeleted": "Delete", "whenScaled": "Retain"}
    spec = {"spec": {"persistentVolumeClaimRetentionPolicy": policy}}
    cluster.api.patch("StatefulSet", "web", "default", spec)
    cluster.run(seconds=5)
    assert owners(cluster) == {"data-web-0": ["StatefulSet"]}
    message = cluster.log(reason="SuccessfulUpdate").MESSAGE[0]
    assert message == "Update Pod web-0 in StatefulSet web successful"


def test_labels_of_the_selector_win_over_those_of_the_claim(cluster):
    cluster.apply(with_claims(1, "Retain", "Retain"))
    cluster.run(seconds=20)
    (claim,) = cluster.api.list("PersistentVolumeClaim")
    assert claim.labels == {"app": "web", "tier": "db"}


def test_a_pod_that_has_ended_is_deleted_and_made_again(cluster):
    cluster.apply(workload("StatefulSet", replicas=1))
    cluster.run(seconds=20)
    cluster.api.patch_status(get(cluster, "Pod", "web-0"), {"phase": "Failed"})
    cluster.run(seconds=20)
    found = reasons(cluster, "StatefulSet")
    assert found == ["SuccessfulCreate", "SuccessfulDelete", "SuccessfulCreate"]


def test_a_pod_that_the_server_refuses_is_told_of(cluster):
    quota = {"hard": {"pods": "0"}}
    head = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}}
    cluster.apply([head | {"spec": quota}, workload("StatefulSet", replicas=1)])
    cluster.run(seconds=5)
    message = cluster.log(reason="FailedCreate", object="StatefulSet").MESSAGE[0]
    begin = 'Create Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden: '
    assert message.startswith(begin)


def test_revisions_that_no_pod_has_are_kept_up_to_a_limit(cluster):
    cluster.apply(workload("StatefulSet", replicas=1, revisionHistoryLimit=1))
    cluster.run(seconds=20)
    for tag in ("1.28", "1.29", "1.30"):
        cluster.kubectl(f"set image statefulset/web *=nginx:{tag}")
        cluster.run(seconds=30)
    assert [r.revision for r in cluster.api.list("ControllerRevision")] in ([3, 4], [4, 3])


def test_pods_that_wait_for_their_deletion_by_hand_are_updated_all_the_same(cluster):
    cluster.apply(workload("StatefulSet", replicas=1, updateStrategy={"type": "OnDelete"}))
    cluster.run(seconds=20)
    cluster.kubectl("set image statefulset/web *=nginx:1.28")
    cluster.run(seconds=20)
    status = get(cluster, "StatefulSet").status
    assert (status.current_replicas, status.updated_replicas) == (1, 0)
    cluster.delete("pod", "web-0")
    cluster.run(seconds=20)
    status = get(cluster, "StatefulSet").status
    assert (status.current_replicas, status.updated_replicas) == (1, 1)
    assert status.current_revision == status.update_revision
