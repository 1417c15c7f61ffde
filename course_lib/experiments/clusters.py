"""Experiments on whole clusters: what settings and sizes change, in simulated seconds.

Each row of a table is a fresh cluster that runs one Deployment. Then something is done to it, and
the history of its Pods says how long it took and how many Pods were ready in the worst moment. The
sizes are arguments: a cluster may have a thousand nodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from course_lib.client.limits import UPSTREAM
from course_lib.cluster import Cluster
from course_lib.cluster.contexts import CONTEXTS
from course_lib.cluster.history import ENDED, Moment
from course_lib.cluster.nodes import start_draining
from course_lib.cluster.progress import cases
from course_lib.controllers.slice_packing import PER_SLICE
from course_lib.controllers.subset_packing import MOST_ADDRESSES
from course_lib.errors import SimulationTimeout
from course_lib.network.addresses import POD_CIDR, ClusterCIDR
from course_lib.objects.kinds.node import ZONE
from course_lib.objects.manifests import Document
from course_lib.objects.meta import is_true
from course_lib.scheduler.sampling import nodes_to_find

if TYPE_CHECKING:
    import pandas as pd

LONGEST = 86400.0  # simulated s of one case; a zone of 1,000 nodes is given up in three hours
NAME = "web"


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
    began = cluster.now
    while not (cluster.ready(f"deployment/{NAME}") and _settled(cluster)):
        if cluster.now - began > LONGEST:
            found = cluster.get("deployments").to_string()
            raise SimulationTimeout("the Deployment does not become complete", found=found)
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
    rows = []
    for surge, unavailable in cases(limits):
        cluster = _started(nodes, replicas, seed=seed)
        cluster.apply(application(replicas, surge, unavailable))
        began = cluster.now
        cluster.kubectl(f"set image deployment/{NAME} *=nginx:1.28").checked()
        cluster.run(seconds=1)
        wait(cluster)
        found = summary_of(cluster.history.moments, began)
        rows.append((surge, unavailable, found.ready - began, found.fewest_ready, found.most_pods))
    return _table(rows, ["MAX SURGE", "MAX UNAVAILABLE", "SECONDS", "FEWEST READY", "MOST PODS"])


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
    rows = []
    for budget in cases(budgets):
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
        while any(pod.spec.node_name in names for pod in cluster.api.list("Pod", "default")):
            cluster.run(seconds=1)
        wait(cluster)
        found = summary_of(cluster.history.moments, began)
        refused = len(cluster.log(reason="EvictionRefused"))
        rows.append((str(budget), found.ready - began, found.fewest_ready, refused))
    return _table(rows, ["MIN AVAILABLE", "SECONDS", "FEWEST READY", "REFUSED"])


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
    rows = []
    for number in cases(zones):
        cluster = _started(nodes, replicas, number, seed, flags=controller_flags)
        lost, noticed, recovered = _lose_zone(cluster)
        rows.append((number, lost, noticed, recovered))
    return _table(rows, ["ZONES", "LOST", "NOTICED", "RECOVERED"])


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
    while any(
        is_true(node.status.conditions, "Ready")
        for node in cluster.api.list("Node")
        if node.labels[ZONE] == zone
    ):
        cluster.run(seconds=1)
    noticed = cluster.now - began
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
    rows = []
    for target in cases(targets):
        cluster = _started(nodes, 2, seed=seed)
        metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": target}}
        spec = {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME},
            "minReplicas": 2,
            "maxReplicas": most,
            "metrics": [{"type": "Resource", "resource": metric}],
        }
        spec |= {} if behavior is None else {"behavior": behavior}
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
    rows = []
    for limited, number in cases([(each, size) for each in client_limits for size in nodes]):
        replicas = number * pods_per_node
        cluster = _started(number, replicas, 3, seed, limited)
        first = summary_of(cluster.history.moments)
        _, _, recovered = _lose_zone(cluster)
        rows.append((number, replicas, limited, first.placed, first.ready, recovered))
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
    rows = []
    for number in nodes:
        pods = number * pods_per_node
        rows.append(
            (
                number,
                pods,
                max(0, pods - rate.burst) / rate.qps,
                nodes_to_find(0, number),
                -(-pods // PER_SLICE),
                min(pods, MOST_ADDRESSES),
                max(0, number - blocks),
            )
        )
    columns = ["NODES", "PODS", "CREATED", "SCORED", "SLICES", "IN ENDPOINTS", "WITHOUT BLOCK"]
    return _table(rows, columns)


def _table(rows: Sequence[Sequence[object]], columns: list[str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=columns).round(3)
