"""StatefulSets: order, claims, and updates from the highest ordinal down."""

from __future__ import annotations

from tests.conftest import container, workload
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
    cluster.scale("statefulset/web", 1)
    cluster.run(seconds=60)
    assert list(cluster.get("pods").NAME) == ["web-0"]
    killed = list(cluster.log(reason="SuccessfulDelete").MESSAGE)
    assert [text.split()[2] for text in killed] == ["web-2", "web-1"]
    cluster.scale("statefulset/web", 3)
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
    cluster.set_image("statefulset/web", "nginx:1.28")
    cluster.run(seconds=60)
    images = [p.spec.containers[0].image for p in cluster.api.list("Pod")]
    assert images == ["nginx:1.27", "nginx:1.28", "nginx:1.28"]
    order = list(cluster.log(reason="SuccessfulDelete").MESSAGE)
    assert [text.split()[2] for text in order] == ["web-2", "web-1"]
    cluster.delete("pod", "web-0")
    cluster.run(seconds=30)
    assert get(cluster, "Pod", "web-0").spec.containers[0].image == "nginx:1.27"
