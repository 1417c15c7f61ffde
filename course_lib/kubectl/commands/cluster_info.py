"""`kubectl cluster-info`: where the control plane and the cluster's own services are.

Source: kubectl `pkg/cmd/clusterinfo/clusterinfo.go`.
"""

from __future__ import annotations

from course_lib.kubectl.command import Command
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.server import Path
from course_lib.objects.manifests import Document

CLUSTER_SERVICES = "kubernetes.io/cluster-service=true"
MORE = "\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n"


def run(call: Invocation) -> None:
    """Print the addresses; raises `CommandError` where no server answers."""
    namespace = call.flags.text("namespace") or "kube-system"
    host = call.server.connection.address
    try:
        path = Path("v1", "services", namespace)
        found = call.server.items(path, {"labelSelector": CLUSTER_SERVICES, "limit": "500"})
        call.out(f"Kubernetes control plane is running at {host}\n")
        for service in found:
            meta = service["metadata"]
            name = (meta.get("labels") or {}).get("kubernetes.io/name") or meta["name"]
            call.out(f"{name} is running at {_link(service, host)}\n")
    finally:
        call.out(MORE)


def _link(service: Document, host: str) -> str:
    """Where a Service is: behind its load balancer, else by the API server's proxy."""
    meta, ports = service["metadata"], service["spec"].get("ports") or []
    balancer = (service.get("status") or {}).get("loadBalancer") or {}
    if ingress := balancer.get("ingress"):
        address = ingress[0].get("ip") or ingress[0].get("hostname") or ""
        return "".join(f"http://{address}:{port['port']} " for port in ports)
    name = meta["name"]
    if ports:
        port = ports[0].get("name", "")
        scheme = "https" if port == "https" or ports[0]["port"] == 443 else ""
        name = f"{scheme}:{name}:{port}" if scheme else f"{name}:{port}" if port else name
    return f"{host}/api/v1/namespaces/{meta['namespace']}/services/{name}/proxy"


COMMANDS = {"cluster-info": Command(run, frozenset())}
