"""The shop that breaks: how to build it, and how to check that it works."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from course_lib.apiserver.errors import APIError
from course_lib.cluster import Cluster
from course_lib.cluster.packaged import packaged
from course_lib.course.forms import counted
from course_lib.errors import CourseError
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.meta import is_true
from course_lib.objects.pods import is_ready

WORKLOADS = ("front", "api", "db")
SETTLED = 90.0  # simulated s until the shop is open
SOON = 180.0  # simulated s that old certificates are still good for


class Check(msgspec.Struct, frozen=True):
    """Something that must work, whether it does, and what was seen."""

    name: str
    ok: bool
    said: str = ""


def open_shop(seed: int = 0) -> Cluster:
    """Three nodes with Calico and a cloud; DNS, the shop, and its policies."""
    cluster = Cluster(nodes=3, cpu="2", memory="4Gi", network="calico", cloud=True, seed=seed)
    return furnish(cluster)


def open_shop_in_ha(seed: int = 0) -> Cluster:
    """The same shop above three control plane nodes and three members of etcd."""
    return furnish(
        Cluster.ha_etcd(workers=3, cpu="2", memory="4Gi", network="calico", cloud=True, seed=seed)
    )


def open_shop_with_old_certificates(seed: int = 0) -> Cluster:
    """The same shop above one control plane node, whose certificates end in a few minutes."""
    return furnish(
        Cluster.single_master(
            cpu="2", memory="4Gi", network="calico", cloud=True, certificates=SOON, seed=seed
        )
    )


def furnish(cluster: Cluster) -> Cluster:
    """Apply the shop to a cluster, and run until it is open."""
    cluster.install_dns()
    cluster.apply(packaged("trouble"))
    cluster.apply(packaged("shop-policies"))
    cluster.run(SETTLED)
    return cluster


def checks(cluster: Cluster) -> list[Check]:
    """What the customers and the operator of the shop expect."""
    try:
        return list(_checks(cluster))
    except APIError as refusal:
        return [Check("the API answers", False, refusal.what)]


def _checks(cluster: Cluster) -> Iterator[Check]:
    yield Check("the API answers", True)
    nodes = cluster.api.list("Node")
    silent = [node.name for node in nodes if not is_true(node.status.conditions, "Ready")]
    yield Check("all nodes are ready", not silent, ", ".join(silent))
    for name in WORKLOADS:
        if cluster.api.find("Deployment", name, "default") is None:
            yield Check(f"{name} is ready", False, f"there is no Deployment {name}")
            continue
        wanted = cluster.document("deployment", name)["spec"].get("replicas", 1)
        pods = cluster.get("pods", selector=f"app={name}")
        ready = bool(wanted) and cluster.ready(f"deployment/{name}")
        said = f"{counted(len(pods), 'Pods')}, {wanted} wanted" if not ready else ""
        yield Check(f"{name} is ready", ready, said)
    yield from _ways(cluster)


def _ways(cluster: Cluster) -> Iterator[Check]:
    front, api = _ready_pod(cluster, "front"), _ready_pod(cluster, "api")
    yield _reaches(cluster, "customers reach front", "outside", _balancer(cluster), 80)
    yield _resolves(cluster, front)
    yield _reaches(cluster, "front reaches api", front, "service/api", 80)
    yield _reaches(cluster, "api reaches db", api, "service/db", 5432)


def _ready_pod(cluster: Cluster, name: str) -> str:
    """A ready Pod of a workload; nothing where there is none."""
    pods: list[Pod] = cluster.api.list("Pod", "default")
    ready = (pod.name for pod in pods if pod.labels.get("app") == name and is_ready(pod))
    return next(ready, "")


def _balancer(cluster: Cluster) -> str:
    if cluster.api.find("Service", "front", "default") is None:
        return ""
    status = cluster.document("service", "front").get("status", {}).get("loadBalancer", {})
    given = status.get("ingress") or [{}]
    return str(given[0].get("ip", ""))


def _resolves(cluster: Cluster, pod: str) -> Check:
    name = "front knows api by its name"
    if not pod:
        return Check(name, False, "no front is ready")
    found = cluster.nslookup(pod, "api")
    return Check(name, bool(found.addresses), found.code)


def _reaches(cluster: Cluster, name: str, source: str, target: str, port: int) -> Check:
    """Try several connections, because a random choice of backend can hide the fault."""
    if not source or not target:
        return Check(name, False, "no client is ready" if not source else "it has no address")
    for _ in range(6):
        try:
            trace = cluster.trace(source, target, port)
        except CourseError as problem:
            return Check(name, False, problem.what)
        if not trace.ok:
            return Check(name, False, trace.outcome)
    return Check(name, True)
