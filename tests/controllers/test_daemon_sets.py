"""DaemonSets: one Pod on each fitting node, and its updates."""

from __future__ import annotations

from itertools import pairwise

import pytest

from course_lib.cluster import Cluster
from course_lib.controllers.daemon_nodes import by_age
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
    cluster.kubectl("cordon node-1")
    cluster.run(seconds=30)
    assert cluster.get("daemonsets").query("NAME == 'web'").READY.iloc[0] == 4
    cluster.api.patch("Node", "node-4", "", {"metadata": {"labels": {"disk": None}}})
    cluster.run(seconds=30)
    assert len(cluster.get("pods", selector="app=chosen")) == 0


def test_a_daemon_set_is_updated_one_node_at_a_time(cluster):
    cluster.apply(workload("DaemonSet", containers=[container(readinessProbe=PROBE)]))
    cluster.run(seconds=30)
    cluster.kubectl("set image daemonset/web *=nginx:1.28")
    fewest, most = extremes(cluster, 60)
    assert (fewest, most) == (2, 3)
    assert {p.spec.containers[0].image for p in cluster.api.list("Pod")} == {"nginx:1.28"}


def test_on_delete_waits_for_the_deletion(cluster):
    cluster.apply(workload("DaemonSet", updateStrategy={"type": "OnDelete"}))
    cluster.run(seconds=30)
    cluster.kubectl("set image daemonset/web *=nginx:1.28")
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
        lambda: cluster.kubectl("set image daemonset/web *=nginx:1.28"),
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
    nodes = [n.name for n in cluster.api.list("Node") if should_run(owner.spec.template.spec, n)[0]]
    revisions = cluster.api.list("ControllerRevision", "default")
    latest = max(revisions, key=lambda each: each.revision).name.removeprefix("web-")
    by_node: dict[str, list] = {}
    for pod in cluster.api.list("Pod"):
        by_node.setdefault(target(pod), []).append(pod)
    first = [min(by_node[name], key=by_age) for name in nodes if name in by_node]
    return (
        len(nodes),
        len(first),
        sum(name not in nodes for name in by_node),
        sum(map(is_ready, first)),
        sum(is_available(pod, 3, cluster.now) for pod in first),
        sum(revision_of(pod) == latest for pod in first),
    )


def taint(cluster: Cluster, effect: str | None) -> None:
    taints = [{"key": "disk", "value": "full", "effect": effect}] if effect else None
    cluster.api.patch("Node", "node-1", "", {"spec": {"taints": taints}})


def nodes_of_pods(cluster: Cluster) -> list[str]:
    return sorted(pod.spec.node_name for pod in cluster.api.list("Pod") if not pod.terminating)


@pytest.mark.parametrize(("effect", "stays"), [("NoSchedule", True), ("NoExecute", False)])
def test_a_new_taint_keeps_new_pods_away_and_removes_others_only_if_it_says_so(effect, stays):
    cluster = Cluster(nodes=2)
    cluster.apply(workload("DaemonSet"))
    cluster.run(seconds=20)
    taint(cluster, effect)
    cluster.run(seconds=20)
    assert nodes_of_pods(cluster) == (["node-1", "node-2"] if stays else ["node-2"])
    status = cluster.api.get("DaemonSet", "web").status
    assert status.desired_number_scheduled == (2 if stays else 1), "a Pod that stays is no reason"
    for pod in cluster.api.list("Pod"):
        cluster.api.delete("Pod", pod.name, "default")
    cluster.run(seconds=20)
    assert nodes_of_pods(cluster) == ["node-2"], "no new Pod where the taint is"
    assert cluster.api.get("DaemonSet", "web").status.desired_number_scheduled == 1
    taint(cluster, None)
    cluster.run(seconds=20)
    assert nodes_of_pods(cluster) == ["node-1", "node-2"]


def test_the_pod_of_a_node_that_is_dead_stays_and_counts_as_misplaced():
    cluster = Cluster(nodes=2)
    cluster.apply(workload("DaemonSet"))
    cluster.run(seconds=20)
    cluster.kill_node("node-2")
    cluster.run(seconds=600)
    assert nodes_of_pods(cluster) == ["node-1", "node-2"]
    status = cluster.api.get("DaemonSet", "web").status
    assert (status.desired_number_scheduled, status.number_misscheduled) == (1, 1)


def test_with_a_surge_the_new_pod_is_there_before_the_old_one_goes(cluster):
    rolling = {"maxSurge": 1, "maxUnavailable": 0}
    update = {"type": "RollingUpdate", "rollingUpdate": rolling}
    ready = [container(readinessProbe=PROBE)]
    cluster.apply(workload("DaemonSet", containers=ready, updateStrategy=update))
    cluster.run(seconds=30)
    cluster.kubectl("set image daemonset/web *=nginx:1.28")
    assert extremes(cluster, 60) == (3, 4)
    assert {p.spec.containers[0].image for p in cluster.api.list("Pod")} == {"nginx:1.28"}
    status = cluster.api.get("DaemonSet", "web").status
    assert status.updated_number_scheduled == status.number_available == 3


def test_a_surge_that_does_not_become_ready_stops_the_update(cluster):
    update = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    cluster.apply(workload("DaemonSet", updateStrategy=update))
    cluster.run(seconds=30)
    cluster.kubectl("set image daemonset/web *=registry.invalid/web:2")
    cluster.run(seconds=60)
    images = [p.spec.containers[0].image for p in cluster.api.list("Pod")]
    assert sorted(images) == ["nginx:1.27"] * 3 + ["registry.invalid/web:2"]


def test_a_pod_that_fails_again_and_again_is_deleted_ever_later():
    cluster = Cluster(nodes=1)
    cluster.apply(workload("DaemonSet"))
    for _ in range(200):
        cluster.run(seconds=0.25)
        for pod in cluster.api.list("Pod"):
            if pod.status.phase == "Running":
                cluster.api.patch_status(pod, {"phase": "Failed"})
    killed = cluster.log(reason="FailedDaemonPod")
    pauses = [b - a for a, b in pairwise(killed.TIME)]
    assert pauses[-1] > pauses[0]
    begin = "Found failed daemon pod default/web-"
    assert killed.MESSAGE[0].startswith(begin)
    assert killed.MESSAGE[0].endswith(" on node node-1, will try to kill it")


def test_old_revisions_without_pods_are_kept_up_to_a_limit(cluster):
    cluster.apply(workload("DaemonSet", revisionHistoryLimit=1))
    cluster.run(seconds=20)
    for tag in ("1.28", "1.29", "1.30"):
        cluster.kubectl(f"set image daemonset/web *=nginx:{tag}")
        cluster.run(seconds=40)
    assert sorted(r.revision for r in cluster.api.list("ControllerRevision")) == [3, 4]
