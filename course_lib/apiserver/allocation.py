"""Addresses and ports of Services, given when they are created.

Source: kubernetes.io "Service ClusterIP allocation"; the defaults of kubeadm and kube-apiserver.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from course_lib.errors import CourseError, InvalidManifest
from course_lib.objects.kind import title

if TYPE_CHECKING:
    from course_lib.apiserver.server import APIServer

Document = dict[str, Any]

SERVICE_CIDR = ipaddress.ip_network("10.96.0.0/12")
NODE_PORTS = range(30000, 32768)


def allocate(api: APIServer, service: Document) -> None:
    """Write the cluster IP and the node ports that a Service lacks into its document."""
    spec, meta = service["spec"], service["metadata"]
    if spec["type"] == "ExternalName":
        return
    mine = meta["namespace"], meta.get("name", "")
    others = (other for other in api.list("Service") if (other.namespace, other.name) != mine)
    taken = [other.spec for other in others]
    if spec.get("clusterIP") != "None":
        used = {other.cluster_ip for other in taken}
        spec["clusterIP"] = _address(api, service, spec.get("clusterIP"), used)
    spec["clusterIPs"] = [spec["clusterIP"]]
    spec.setdefault("ipFamilies", ["IPv4"])
    spec.setdefault("ipFamilyPolicy", "SingleStack")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        _health_check_port(api, spec, taken)
        ports = {port.node_port for other in taken for port in other.ports or ()}
        for port in spec.get("ports", ()):
            port["nodePort"] = _node_port(api, service, port.get("nodePort"), ports)
            ports.add(port["nodePort"])
    else:
        for port in spec.get("ports", ()):
            port.pop("nodePort", None)


def _health_check_port(api: APIServer, spec: Document, taken: list[Any]) -> None:
    """A port where a cloud may ask each node whether it has endpoints of its own."""
    if spec["type"] == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local":
        if not spec.get("healthCheckNodePort"):
            used = {port.node_port for other in taken for port in other.ports or ()}
            used |= {other.health_check_node_port for other in taken}
            free = [port for port in NODE_PORTS if port not in used]
            spec["healthCheckNodePort"] = api.sim.random("apiserver/node-port").choice(free)
    else:
        spec.pop("healthCheckNodePort", None)


def _address(api: APIServer, service: Document, asked: str | None, used: set[str]) -> str:
    if asked:
        _check_address(service, asked, used)
        return asked
    random = api.sim.random("apiserver/cluster-ip")
    while True:
        # The first 256 addresses are left to Services that ask for a fixed one.
        address = str(SERVICE_CIDR[random.randrange(257, SERVICE_CIDR.num_addresses - 1)])
        if address not in used:
            return address


def _check_address(service: Document, asked: str, used: set[str]) -> None:
    try:
        good = ipaddress.ip_address(asked) in SERVICE_CIDR and asked not in used
    except ValueError:
        good = False
    if not good:
        raise InvalidManifest(
            "the cluster IP cannot be had",
            where=f"{title(service)}: spec.clusterIP",
            expected=f"a free address in {SERVICE_CIDR}, or None",
            found=asked,
        )


def _node_port(api: APIServer, service: Document, asked: int | None, used: set[int]) -> int:
    if asked:
        if asked not in NODE_PORTS or asked in used:
            raise InvalidManifest(
                "the node port cannot be had",
                where=f"{title(service)}: spec.ports: nodePort",
                expected="a free port from 30000 to 32767",
                found=str(asked),
            )
        return asked
    free = [port for port in NODE_PORTS if port not in used]
    if not free:
        raise CourseError("all node ports are taken", where=title(service))
    return api.sim.random("apiserver/node-port").choice(free)
