"""Clusters for the tests of the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from course_lib import Cluster

SERVICES = Path(__file__).parent / "services.yaml"


def served(shutdown: float = 1.0, **settings: Any) -> Cluster:
    """A cluster with Pods, and Services of all kinds before them."""
    cluster = Cluster(**({"nodes": 3, "cloud": True} | settings))
    cluster.behaviours.set("course/shop:v1", shutdown=shutdown)
    cluster.apply(SERVICES)
    cluster.run(seconds=40)
    return cluster


def targets(cluster: Cluster) -> dict[str, tuple[str, int]]:
    """All ways to a Service, by name: addresses and ports."""
    found: dict[str, tuple[str, int]] = {}
    for service in cluster.api.list("Service"):
        if service.namespace != "default" or service.name == "kubernetes":
            continue
        for port in service.spec.ports:
            found[f"{service.name}:{port.port}"] = service.spec.cluster_ip, port.port
            for address in service.spec.external_ips or ():
                found[f"{service.name} external"] = address, port.port
            for given in (service.status.load_balancer or {}).get("ingress", ()):
                found[f"{service.name} balanced"] = given["ip"], port.port
            if port.node_port:
                for node, host in cluster.network.hosts.items():
                    found[f"{service.name} at {node}"] = host.address, port.node_port
    return found
