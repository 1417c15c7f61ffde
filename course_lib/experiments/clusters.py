"""Experiments on whole clusters: what settings and sizes change, in simulated seconds.

Each row of a table is a fresh cluster that runs one Deployment. Then something is done to it, and
the history of its Pods says how long it took and how many Pods were ready in the worst moment. The
sizes are arguments: a cluster may have a thousand nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from course_lib.client.limits import UPSTREAM
from course_lib.cluster import Cluster
from course_lib.cluster.arguments import MOST_NODES, count, number
from course_lib.cluster.contexts import CONTEXTS
from course_lib.cluster.history import ENDED, Moment
from course_lib.cluster.load import MOST_REQUESTS
from course_lib.cluster.nodes import start_draining
from course_lib.cluster.progress import cases
from course_lib.controllers.slice_packing import PER_SLICE
from course_lib.controllers.subset_packing import MOST_ADDRESSES
from course_lib.errors import CourseError, SimulationTimeout
from course_lib.experiments.arguments import made_by, several
from course_lib.network.addresses import POD_CIDR, ClusterCIDR
from course_lib.objects.kinds.node import ZONE
from course_lib.objects.manifests import Document
from course_lib.objects.meta import is_true
from course_lib.objects.pods import resolve
from course_lib.scheduler.sampling import nodes_to_find

if TYPE_CHECKING:
    import pandas as pd

LONGEST = 86400.0  # simulated s of one case; a zone of 1,000 nodes is given up in three hours
NAME = "web"
ROOM = 40  # Pods of `application` on one node, which has 4 cores: each requests a tenth of one


def application(
    replicas: int, surge: int | str = "25%", unavailable: int | str = "25%"
) -> list[Document]:
    """A Deployment of a small web server with so many `replicas`, and its Service.

    `surge` and `unavailable` are the limits of a rolling update (`maxSurge`, `maxUnavailable`).
    """
    labels = {"app": NAME}
    container = {
        "name": NAME,
        "image": "nginx:1.27",
        "ports": [{"containerPort": 80}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
        "readinessProbe": {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 2},
    }
    limits = {"maxSurge": surge, "maxUnavailable": unavailable}
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": limits},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
    }
    meta = {"name": NAME}
    service = {"selector": labels, "ports": [{"port": 80}]}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": service},
    ]


class PodSummary(NamedTuple):
    """What happened since a moment: Pods that were ready, and Pods that there were."""

    fewest_ready: int
    most_pods: int
    placed: float  # simulated time at which the last Pod got its node
    ready: float  # simulated time at which the last Pod became ready


def summary_of(moments: Sequence[Moment], since: float = 0.0) -> PodSummary:
    """Follow the Pods through their `moments`; what is counted begins at `since` (simulated s)."""
    known: dict[str, Moment] = {}
    ready, fewest, most = 0, -1, 0
    placed = last_ready = since
    for moment in moments:
        if fewest < 0 and moment.time > since:
            fewest, most = ready, len(known)
        before = known.pop(moment.uid, None)
        was_ready = before is not None and before.ready
        ready -= was_ready
        if moment.status not in ENDED:
            known[moment.uid] = moment
            ready += moment.ready
            if moment.node and (before is None or not before.node):
                placed = max(placed, moment.time)
            if moment.ready and not was_ready:
                last_ready = max(last_ready, moment.time)
        if fewest >= 0:
            fewest, most = min(fewest, ready), max(most, len(known))
    return PodSummary(max(fewest, 0), most, placed, last_ready)


def wait(cluster: Cluster) -> float:
    """Run until the Deployment is complete and no Pod of it is ending; returns the time (s).

    Raises `SimulationTimeout` after a day.
    """

    def complete() -> bool:
        return cluster.ready(f"deployment/{NAME}") and _settled(cluster)

    return _run_until(cluster, complete, "the Deployment does not become complete")


def _run_until(cluster: Cluster, condition: Callable[[], bool], failure: str) -> float:
    """Look at a condition each second until it holds; `failure` is what the error says if not."""
    began = cluster.now
    while not condition():
        if cluster.now - began > LONGEST:
            found = cluster.get("deployments").to_string()
            raise SimulationTimeout(failure, found=found)
        cluster.run(seconds=1)
    return cluster.now


def _settled(cluster: Cluster) -> bool:
    """Whether all Pods that there are on living nodes are ready."""
    alive = {name for name, kubelet in cluster.kubelets.items() if kubelet.powered}
    return all(
        pod.status.phase == "Running" and not pod.terminating
        for pod in cluster.api.list("Pod", "default")
        if not pod.spec.node_name or pod.spec.node_name in alive
    )


def _started(
    nodes: int,
    replicas: int,
    zones: int = 1,
    seed: int = 0,
    limits: bool = False,
    flags: Mapping[str, float] | None = None,
) -> Cluster:
    with CONTEXTS.aside():
        cluster = Cluster(
            nodes=nodes,
            zones=[f"zone-{number + 1}" for number in range(zones)],
            seed=seed,
            client_limits=limits,
            controller_flags=flags,
        )
    cluster.apply(application(replicas))
    wait(cluster)
    return cluster


def _replicas(value: object, nodes: int, spare: int = 0) -> int:
    """So many Pods that all have room on `nodes`, with some places to `spare`."""
    most = ROOM * nodes - spare
    return count(value, "replicas", 1, most, do=f"a node has room for {ROOM} Pods: add nodes")


def rollouts(
    limits: Sequence[tuple[int | str, int | str]] = ((0, 1), (1, 0), ("25%", "25%"), ("100%", 0)),
    nodes: int = 10,
    replicas: int = 20,
    seed: int = 0,
) -> pd.DataFrame:
    """A rolling update under several limits (`maxSurge`, `maxUnavailable`).

    SECONDS until all Pods are new and ready, FEWEST READY and MOST PODS meanwhile. Each cluster has
    so many `nodes` and `replicas`, and the history of `seed`.
    """
    pairs = several(limits, "limits", _pair)
    count(nodes, "nodes", 1, MOST_NODES)
    _replicas(replicas, nodes, spare=1)  # else an update with maxUnavailable 0 cannot begin
    rows = []
    for surge, unavailable in cases(pairs):
        cluster = _started(nodes, replicas, seed=seed)
        cluster.apply(application(replicas, surge, unavailable))
        began = cluster.now
        cluster.kubectl(f"set image deployment/{NAME} *=nginx:1.28").checked()
        cluster.run(seconds=1)
        wait(cluster)
        found = summary_of(cluster.history.moments, began)
        rows.append((surge, unavailable, found.ready - began, found.fewest_ready, found.most_pods))
    return _table(rows, ["MAX SURGE", "MAX UNAVAILABLE", "SECONDS", "FEWEST READY", "MOST PODS"])


def _pair(value: object, name: str) -> tuple[int | str, int | str]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise CourseError(
            "not the two limits of a rolling update",
            where=name,
            expected='(maxSurge, maxUnavailable), such as (1, 0) or ("25%", "25%")',
            found=repr(value)[:60],
        )
    return value[0], value[1]


def drains(
    budgets: Sequence[int | str | None] = (None, "50%", "90%"),
    nodes: int = 10,
    replicas: int = 20,
    at_once: int = 5,
    seed: int = 0,
) -> pd.DataFrame:
    """Drain nodes `at_once`, with a PodDisruptionBudget of so many Pods at least (None: without).

    SECONDS until all Pods are ready elsewhere, FEWEST READY meanwhile, REFUSED evictions. Each
    cluster has so many `nodes` and `replicas`, one of the `budgets`, and the history of `seed`.
    """
    count(nodes, "nodes", 2, MOST_NODES, do="the Pods of a drained node need another one")
    count(at_once, "at_once", 1, nodes - 1, do="the Pods of drained nodes need another one")
    _replicas(replicas, nodes - at_once)
    kept = several(budgets, "budgets", partial(_budget, replicas=replicas))
    rows = []
    for budget in cases(kept):
        cluster = _started(nodes, replicas, seed=seed)
        if budget is not None:
            spec = {"minAvailable": budget, "selector": {"matchLabels": {"app": NAME}}}
            kind = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}
            cluster.apply(kind | {"metadata": {"name": NAME}, "spec": spec})
            cluster.run(seconds=5)
        began, names = cluster.now, list(cluster.kubelets)[:at_once]
        for name in names:
            start_draining(cluster.sim, cluster.api, name)
        cluster.run(seconds=1)
        _run_until(cluster, partial(_empty, cluster, names), "the nodes do not become empty")
        wait(cluster)
        found = summary_of(cluster.history.moments, began)
        refused = len(cluster.log(reason="EvictionRefused"))
        rows.append((str(budget), found.ready - began, found.fewest_ready, refused))
    return _table(rows, ["MIN AVAILABLE", "SECONDS", "FEWEST READY", "REFUSED"])


def _budget(value: int | str | None, name: str, replicas: int) -> int | str | None:
    """A `minAvailable` that lets one Pod go; the API server judges how it is written."""
    percent = isinstance(value, str) and value.endswith("%") and value[:-1].isdecimal()
    if (percent or isinstance(value, int)) and resolve(value, replicas, up=True) >= replicas:
        raise CourseError(
            "a budget that allows no eviction",
            where=name,
            expected=f"fewer Pods than the {replicas} replicas: a drain waits for evictions",
            found=repr(value)[:60],
        )
    return value


def _empty(cluster: Cluster, nodes: Sequence[str]) -> bool:
    return not any(pod.spec.node_name in nodes for pod in cluster.api.list("Pod", "default"))


def zone_failures(
    zones: Sequence[int] = (2, 3, 5),
    nodes: int = 30,
    replicas: int = 60,
    seed: int = 0,
    controller_flags: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """One of several zones loses its power.

    LOST Pods, NOTICED and RECOVERED: seconds until its nodes are NotReady, and until all Pods are
    ready elsewhere. Each cluster has so many `nodes` and `replicas`, the `controller_flags` of
    `Cluster`, and the history of `seed`.
    """
    count(nodes, "nodes", 2, MOST_NODES, do="a lost zone needs another one")
    why = "a lost zone needs another one, and each zone has a node"
    each = several(zones, "zones", partial(count, least=2, most=nodes, do=why))
    _replicas(replicas, min(_left(nodes, size) for size in each))
    rows = []
    for size in cases(each):
        cluster = _started(nodes, replicas, size, seed, flags=controller_flags)
        lost, noticed, recovered = _lose_zone(cluster)
        rows.append((size, lost, noticed, recovered))
    return _table(rows, ["ZONES", "LOST", "NOTICED", "RECOVERED"])


def _left(nodes: int, zones: int) -> int:
    """How many of so many `nodes` are left without the first of the `zones`, the largest."""
    return nodes - -(-nodes // zones)


def _lose_zone(cluster: Cluster) -> tuple[int, float, float]:
    """Cut the power of the first zone: Pods on it, seconds until it is noticed and all is well."""
    nodes = cluster.api.list("Node")
    zone = nodes[0].labels[ZONE]
    dead = [node.name for node in nodes if node.labels[ZONE] == zone]
    pods = cluster.api.list("Pod", "default")
    lost = sum(pod.spec.node_name in dead for pod in pods)
    began = cluster.now
    for name in dead:
        cluster.kill_node(name)

    def not_ready() -> bool:
        found = [node for node in cluster.api.list("Node") if node.labels[ZONE] == zone]
        return not any(is_true(node.status.conditions, "Ready") for node in found)

    noticed = _run_until(cluster, not_ready, "the loss of the zone is not noticed") - began
    cluster.run(seconds=5)
    wait(cluster)
    return lost, noticed, summary_of(cluster.history.moments, began).ready - began


def autoscaling(
    targets: Sequence[int] = (30, 50, 80),
    rate: float = 120.0,
    seconds: float = 300.0,
    nodes: int = 10,
    most: int = 20,
    seed: int = 0,
    behavior: Document | None = None,
) -> pd.DataFrame:
    """A HorizontalPodAutoscaler with several targets (% of the requested CPU), under sudden load.

    PODS in the end, SCALED: seconds until the last Pod was ready, FAILED: requests without an
    answer. The load is of `rate` requests a second for so many `seconds`; there are so many
    `nodes`, at `most` so many Pods, one of the `targets`, the `behavior` of the autoscaler as a
    manifest has it, and the history of `seed`.
    """
    each = several(targets, "targets", partial(count, least=1))
    number(rate, "rate", 0.1, MOST_REQUESTS)
    number(seconds, "seconds", 1, LONGEST)
    count(nodes, "nodes", 1, MOST_NODES)
    count(most, "most", 2, do="let it be two Pods or more: so many there are at first")
    rows = []
    for target in cases(each):
        cluster = _started(nodes, 2, seed=seed)
        metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": target}}
        spec = {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME},
            "minReplicas": 2,
            "maxReplicas": most,
            "metrics": [{"type": "Resource", "resource": metric}],
        } | ({} if behavior is None else {"behavior": behavior})
        kind = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"}
        cluster.apply(kind | {"metadata": {"name": NAME}, "spec": spec})
        began, load = cluster.now, cluster.load(NAME, requests_per_second=rate)
        cluster.run(seconds=seconds)
        load.stop()
        found = summary_of(cluster.history.moments, began)
        pods = len(cluster.api.list("Pod", "default"))
        rows.append((target, pods, found.ready - began, load.failed / load.sent))
    return _table(rows, ["TARGET", "PODS", "SCALED", "FAILED"])


def sizes(
    nodes: Sequence[int] = (5, 20, 80),
    pods_per_node: int = 2,
    client_limits: Sequence[bool] = (False, True),
    seed: int = 0,
) -> pd.DataFrame:
    """What a cluster's size changes: seconds until all Pods are PLACED, SERVED and RECOVERED.

    The seconds are simulated. One row for each number of `nodes` and each setting of
    `client_limits`, with so many `pods_per_node` and the history of `seed`. A cluster has recovered
    when all Pods are ready again after one of three zones lost its power.
    """
    why = "take a node for each of three zones"
    each = several(nodes, "nodes", partial(count, least=3, most=MOST_NODES, do=why))
    room = min(ROOM * _left(size, 3) // size for size in each)
    why = f"a node has room for {ROOM} Pods, and two zones hold those of the third"
    count(pods_per_node, "pods_per_node", 1, room, do=why)
    settings = several(
        client_limits, "client_limits", partial(made_by, kind=bool, like="True or False")
    )
    rows = []
    for limited, size in cases([(limited, size) for limited in settings for size in each]):
        replicas = size * pods_per_node
        cluster = _started(size, replicas, 3, seed, limited)
        first = summary_of(cluster.history.moments)
        _, _, recovered = _lose_zone(cluster)
        rows.append((size, replicas, limited, first.placed, first.ready, recovered))
    return _table(rows, ["NODES", "PODS", "CLIENT LIMITS", "PLACED", "SERVED", "RECOVERED"])


def default_limits(
    nodes: Sequence[int] = (50, 250, 1000, 5000), pods_per_node: int = 30
) -> pd.DataFrame:
    """What the default settings of Kubernetes come to in clusters of so many `nodes`.

    CREATED: seconds in which one controller's client may create all Pods; SCORED: nodes that are
    enough for a real scheduler (`percentageOfNodesToScore`); SLICES of a Service with all Pods;
    IN ENDPOINTS: addresses in its one Endpoints object; WITHOUT BLOCK: nodes for whose Pods
    10.244.0.0/16 has no addresses. Each node has so many `pods_per_node`.
    """
    rate, blocks = UPSTREAM.controllers, ClusterCIDR(str(POD_CIDR)).size
    assert rate is not None
    count(pods_per_node, "pods_per_node", 1)
    rows = []
    for size in several(nodes, "nodes", partial(count, least=1)):
        pods = size * pods_per_node
        rows.append(
            (
                size,
                pods,
                max(0, pods - rate.burst) / rate.qps,
                nodes_to_find(0, size),
                -(-pods // PER_SLICE),
                min(pods, MOST_ADDRESSES),
                max(0, size - blocks),
            )
        )
    columns = ["NODES", "PODS", "CREATED", "SCORED", "SLICES", "IN ENDPOINTS", "WITHOUT BLOCK"]
    return _table(rows, columns)


def _table(rows: Sequence[Sequence[object]], columns: list[str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=columns).round(3)
