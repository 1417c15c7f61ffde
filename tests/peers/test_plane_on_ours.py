"""The real scheduler, controller manager and kubelet, each alone, on the course's API server.

What the first two do is held against what the course's own do on the same cluster.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import container, pod, workload
from tests.peers.plane import building
from tests.peers.plane.on_ours import (
    KUBELET,
    MANAGER,
    SCHEDULER,
    Joined,
    alone,
    events_of,
    joined,
    scheduled,
)
from tests.required import requires

pytestmark = requires(building.missing())
CLUSTER = {"nodes": 3, "cpu": 4, "memory": "8Gi", "zones": ["a", "b", "c"]}
KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet")


# The scheduler


def _affinity(kind: str, app: str) -> dict:
    term = {
        "labelSelector": {"matchLabels": {"app": app}},
        "topologyKey": "kubernetes.io/hostname",
    }
    return {"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def _taint(cluster) -> None:
    spec = {"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]}
    cluster.api.patch("Node", "node-3", "", {"spec": spec})


HERE = {"kubernetes.io/hostname": "node-2"}
GPU = [{"key": "gpu", "operator": "Exists"}]
PODS = [
    pod("chosen", nodeSelector=HERE),
    pod("beside", **_affinity("podAffinity", "chosen")),
    pod("apart", **_affinity("podAntiAffinity", "chosen")),
    pod("tolerant", nodeSelector={"topology.kubernetes.io/zone": "c"}, tolerations=GPU),
    pod("tainted", nodeSelector={"topology.kubernetes.io/zone": "c"}),
    pod("large", [container(resources={"requests": {"cpu": "100"}})]),
]


def _place(side: Joined) -> tuple[dict, list]:
    """Where each Pod of a list goes, one after the other, and the scheduler's events."""
    side.act(_taint)
    for each in PODS:
        name = each["metadata"]["name"]
        side.act(lambda cluster, each=each: cluster.apply(each))
        side.wait(
            lambda cluster, name=name: scheduled(cluster, name)[1] != "", f"{name}: a verdict"
        )
    count = len(PODS)
    side.wait(lambda cluster: len(events_of(cluster, "default-scheduler")) >= count, "events")
    places = {each["metadata"]["name"]: side.act(
        lambda cluster, each=each: scheduled(cluster, each["metadata"]["name"])
    ) for each in PODS}  # fmt: skip
    return places, side.act(lambda cluster: events_of(cluster, "default-scheduler"))


def test_the_real_scheduler_places_pods_as_ours(tmp_path):
    places, events = _place(alone(**CLUSTER))
    with joined(tmp_path, SCHEDULER, **CLUSTER) as side:
        assert _place(side) == (places, events)
    assert places["tainted"][2] == "Unschedulable" and places["chosen"][0] == "node-2"


# The controller manager

JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "once"},
    "spec": {
        "completions": 3,
        "parallelism": 2,
        "template": {
            "spec": {
                "restartPolicy": "Never",
                "containers": [container("c", "busybox:1.36", command=["sleep", "2"])],
            }
        },
    },
}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
}
WORKLOADS = [
    workload("Deployment", "web", replicas=3),
    workload("StatefulSet", "db", replicas=3, serviceName="db"),
    workload("DaemonSet", "agent"),
    JOB,
    SERVICE,
]


def _settled(cluster) -> bool:
    """Whether all workloads have got what they ask for."""
    get = cluster.api.get
    job = get("Job", "once", "default").status
    return (
        get("Deployment", "web", "default").status.available_replicas == 3
        and get("StatefulSet", "db", "default").status.available_replicas == 3
        and get("DaemonSet", "agent", "default").status.number_available == 3
        and any(each.type == "Complete" for each in job.conditions or ())
    )


def _pods(cluster) -> dict[str, list[str]]:
    """The Pods of each owner's kind: their phases."""
    found: dict[str, list[str]] = {}
    for each in cluster.api.list("Pod", "default"):
        owner = each.metadata.controller
        found.setdefault(owner.kind if owner else "", []).append(each.status.phase)
    return {kind: sorted(phases) for kind, phases in sorted(found.items())}


def _statuses(cluster) -> dict[str, dict]:
    """What the workloads say of themselves, without times and names with random suffixes."""
    found = {}
    for kind in KINDS:
        for each in cluster.api.list(kind, "default"):
            status = cluster.document(kind, each.name)["status"]
            counts = {key: value for key, value in status.items() if isinstance(value, int)}
            said = sorted(
                (each["type"], each["status"], each.get("reason", ""))
                for each in status.get("conditions", ())
            )
            found[kind] = {key: value for key, value in counts.items() if value}
            found[kind]["conditions"] = said
    return found


def _endpoints(cluster) -> int:
    slices = cluster.api.list("EndpointSlice", "default")
    owned = [each for each in slices if each.labels.get("kubernetes.io/service-name") == "web"]
    return sum(len(each.endpoints or ()) for each in owned)


def _told(cluster) -> list[tuple[str, str, str, str]]:
    names = ("deployment", "replicaset", "statefulset", "daemonset", "job")
    return [event for name in names for event in events_of(cluster, f"{name}-controller")]


def _end_state(side: Joined, events: int = 0) -> dict:
    """What is there when all has settled, and at least as many different `events` are written."""
    side.act(lambda cluster: [cluster.apply(each) for each in WORKLOADS])
    side.wait(_settled, "all workloads have settled")
    side.wait(lambda cluster: _endpoints(cluster) == 3, "endpoints")
    side.wait(lambda cluster: len(_told(cluster)) >= events, "events")
    shown = {"pods": _pods, "statuses": _statuses, "events": _told, "endpoints": _endpoints}
    return {name: side.act(of) for name, of in shown.items()}


@pytest.fixture(scope="module")
def managed(tmp_path_factory) -> Iterator[Joined]:
    """A cluster with the real controller manager."""
    with joined(tmp_path_factory.mktemp("managed"), MANAGER, **CLUSTER) as side:
        yield side


def test_the_real_controller_manager_brings_workloads_where_ours_does(managed):
    ours = _end_state(alone(**CLUSTER))
    real = _end_state(managed, events=len(ours["events"]))
    for name in ours:
        assert real[name] == ours[name], name
    assert all(node.spec.pod_cidr for node in managed.act(lambda c: c.api.list("Node")))


def test_it_collects_what_loses_its_owner(managed):
    def left(cluster) -> list[str]:
        kinds = ("Pod", "ReplicaSet", "ControllerRevision")
        return [
            each.name
            for kind in kinds
            for each in cluster.api.list(kind, "default")
            if each.name.startswith("gone")
        ]

    for kind in ("Deployment", "DaemonSet"):
        managed.act(
            lambda cluster, kind=kind: cluster.apply(workload(kind, f"gone-{kind.lower()}"))
        )
    managed.wait(lambda cluster: len(left(cluster)) == 6, "Pods, a ReplicaSet and a revision")
    managed.act(lambda cluster: cluster.delete("Deployment", "gone-deployment"))
    managed.act(
        lambda cluster: cluster.delete("DaemonSet", "gone-daemonset", propagation="Foreground")
    )
    managed.wait(lambda cluster: left(cluster) == [], "nothing of them is left")


def test_it_empties_a_namespace_that_goes(managed):
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    managed.act(lambda cluster: cluster.apply(space))
    managed.wait(lambda c: c.api.find("ServiceAccount", "default", "shop") is not None, "account")
    managed.act(lambda cluster: cluster.apply(workload(name="stall"), namespace="shop"))
    managed.wait(lambda cluster: len(cluster.api.list("Pod", "shop")) == 1, "a Pod")
    managed.act(lambda cluster: cluster.delete("Namespace", "shop"))
    managed.wait(lambda cluster: cluster.api.find("Namespace", "shop") is None, "it is gone")
    assert managed.act(lambda cluster: cluster.api.list("Pod", "shop")) == []


def test_a_rollout_by_it_ends_with_the_new_template(managed):
    managed.act(lambda cluster: cluster.apply(workload(name="roll", replicas=2)))
    managed.wait(lambda c: c.ready("deployment/roll"), "the first template")
    changed = workload(name="roll", containers=[container(image="nginx:1.28")], replicas=2)
    managed.act(lambda cluster: cluster.apply(changed))

    def images(cluster) -> list[str]:
        pods = cluster.api.list("Pod", "default")
        return [each.spec.containers[0].image for each in pods if each.labels.get("app") == "roll"]

    managed.wait(
        lambda c: images(c) == ["nginx:1.28"] * 2 and c.ready("deployment/roll"), "the new one"
    )


# The kubelet


def _states(cluster, name: str) -> tuple[str, int, str]:
    """A Pod's phase, the restarts of its container, and why the last run of it ended."""
    status = cluster.api.get("Pod", name, "default").status
    [container] = status.container_statuses or [None]
    if container is None:
        return status.phase, 0, ""
    ended = container.last_state.terminated or container.state.terminated
    return status.phase, container.restart_count, ended.reason if ended else ""


def test_the_real_kubelet_runs_pods_of_ours(tmp_path):
    failing = [container("main", "busybox:1.36", command=["false"])]
    with joined(tmp_path, KUBELET, nodes=0) as side:
        side.wait(lambda c: list(c.get("nodes").STATUS) == ["Ready"], "node-1 is ready")
        side.act(lambda c: c.apply(pod("web", enableServiceLinks=True)))
        side.act(lambda c: c.apply(pod("fails", failing, enableServiceLinks=True)))
        side.wait(lambda c: _states(c, "web") == ("Running", 0, ""), "web runs")
        side.wait(lambda c: _states(c, "fails")[1:] >= (1, "Error"), "fails is started again")
        assert side.act(lambda c: c.api.get("Pod", "web", "default").status.pod_ip)
        wanted = {"Starting", "NodeReady", "Pulled", "Created", "Started", "BackOff"}
        side.wait(lambda c: wanted <= {each[2] for each in events_of(c, "kubelet")}, "events")
        side.act(lambda c: c.delete("Pod", "web"))
        side.wait(lambda c: c.api.find("Pod", "web", "default") is None, "web is gone")
