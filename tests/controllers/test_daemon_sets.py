"""DaemonSets: one Pod on each fitting node, and its updates."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.controllers.daemon_placement import should_run, target
from course_lib.controllers.revisions import revision_of
from course_lib.objects.pods import is_available, is_ready
from tests.conftest import container, workload
from tests.controllers.workloads import PROBE, extremes


def test_a_daemon_set_has_one_pod_on_each_fitting_node_and_follows_them():
    cluster = Cluster(nodes=2)
    cluster.add_node(taints=[{"key": "gpu", "value": "only", "effect": "NoSchedule"}])
    cluster.add_node(labels={"disk": "ssd"})
    cluster.apply(workload("DaemonSet"))
    chosen = workload("DaemonSet", "chosen", pod_spec={"nodeSelector": {"disk": "ssd"}})
    cluster.apply(chosen)
    cluster.run(seconds=30)
    assert set(cluster.get("pods", selector="app=web", wide=True).NODE) == {
        "node-1",
        "node-2",
        "node-4",
    }
    assert list(cluster.get("pods", selector="app=chosen", wide=True).NODE) == ["node-4"]
    cluster.add_node()
    cluster.cordon("node-1")
    cluster.run(seconds=30)
    assert cluster.get("daemonsets").query("NAME == 'web'").READY.iloc[0] == 4
    cluster.api.patch("Node", "node-4", "", {"metadata": {"labels": {"disk": None}}})
    cluster.run(seconds=30)
    assert len(cluster.get("pods", selector="app=chosen")) == 0


def test_a_daemon_set_is_updated_one_node_at_a_time(cluster):
    cluster.apply(workload("DaemonSet", containers=[container(readinessProbe=PROBE)]))
    cluster.run(seconds=30)
    cluster.set_image("daemonset/web", "nginx:1.28")
    fewest, most = extremes(cluster, 60)
    assert (fewest, most) == (2, 3)
    assert {p.spec.containers[0].image for p in cluster.api.list("Pod")} == {"nginx:1.28"}


def test_on_delete_waits_for_the_deletion(cluster):
    cluster.apply(workload("DaemonSet", updateStrategy={"type": "OnDelete"}))
    cluster.run(seconds=30)
    cluster.set_image("daemonset/web", "nginx:1.28")
    cluster.run(seconds=30)
    assert {p.spec.containers[0].image for p in cluster.api.list("Pod")} == {"nginx:1.27"}
    cluster.delete("pod", cluster.get("pods").NAME[0])
    cluster.run(seconds=30)
    assert {p.spec.containers[0].image for p in cluster.api.list("Pod")} == {
        "nginx:1.27",
        "nginx:1.28",
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_the_status_is_what_a_look_at_all_nodes_and_pods_gives(seed):
    cluster = Cluster(nodes=4, seed=seed)
    other = {"key": "disk", "operator": "DoesNotExist"}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [other]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    cluster.apply(workload("DaemonSet", pod_spec={"affinity": affinity}, minReadySeconds=3))
    for act in (
        lambda: None,
        lambda: label(cluster, {"disk": "ssd"}),
        lambda: cluster.set_image("daemonset/web", "nginx:1.28"),
        lambda: cluster.kill_node("node-2"),
        lambda: cluster.delete("pod", cluster.get("pods").NAME[0]),
        lambda: label(cluster, {"disk": None}),
        lambda: cluster.add_node(),
        lambda: cluster.restore_node("node-2"),
        lambda: cluster.delete("node", "node-3"),
    ):
        act()
        for _ in range(20):
            cluster.run(seconds=3.5)
            assert daemon_status(cluster) == counted(cluster)


def label(cluster: Cluster, labels: dict[str, str | None]) -> None:
    cluster.api.patch("Node", "node-1", "", {"metadata": {"labels": labels}})


def daemon_status(cluster: Cluster) -> tuple[int, ...]:
    status = cluster.api.get("DaemonSet", "web").status
    return (
        status.desired_number_scheduled,
        status.current_number_scheduled,
        status.number_misscheduled,
        status.number_ready,
        status.number_available,
        status.updated_number_scheduled,
    )


def counted(cluster: Cluster) -> tuple[int, ...]:
    """The same numbers, by a look at every node and every Pod."""
    owner = cluster.api.get("DaemonSet", "web")
    nodes = [n.name for n in cluster.api.list("Node") if should_run(owner.spec.template.spec, n)]
    revisions = cluster.api.list("ControllerRevision", "default")
    latest = max(revisions, key=lambda each: each.revision).name.removeprefix("web-")
    by_node: dict[str, list] = {}
    for pod in cluster.api.list("Pod"):
        by_node.setdefault(target(pod), []).append(pod)
    first = [min(by_node[name], key=lambda p: p.terminating) for name in nodes if name in by_node]
    return (
        len(nodes),
        len(first),
        sum(name not in nodes for name in by_node),
        sum(map(is_ready, first)),
        sum(is_available(pod, 3, cluster.now) for pod in first),
        sum(revision_of(pod) == latest for pod in first),
    )
