"""DaemonSets: one Pod on each fitting node, and its updates."""

from __future__ import annotations

from course_lib.cluster import Cluster
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
