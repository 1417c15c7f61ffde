"""Addresses and ports of Services, given when they are created.

Source: kubernetes.io "Service ClusterIP allocation"; the defaults of kubeadm and kube-apiserver.
"""

from __future__ import annotations

import ipaddress

from course_lib.apiserver.reader import Reader
from course_lib.errors import CourseError, InvalidManifest
from course_lib.objects.kind import title
from course_lib.objects.kinds.service import Service, ServiceSpec
from course_lib.objects.manifests import Document

SERVICE_CIDR = ipaddress.ip_network("10.96.0.0/12")
NODE_PORTS = range(30000, 32768)


def allocate(api: Reader, service: Document) -> Document:
    """The cluster IP and the node ports that a Service lacks, as a merge patch."""
    spec, meta = service["spec"], service["metadata"]
    if spec["type"] == "ExternalName":
        return {}
    mine = meta["namespace"], meta.get("name", "")
    others = (other for other in api.list(Service) if (other.namespace, other.name) != mine)
    taken = [other.spec for other in others]
    given: Document = {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}
    given = {field: value for field, value in given.items() if field not in spec}
    given["clusterIP"] = spec.get("clusterIP")
    if given["clusterIP"] != "None":
        used = {other.cluster_ip for other in taken}
        given["clusterIP"] = _address(api, service, spec.get("clusterIP"), used)
    given["clusterIPs"] = [given["clusterIP"]]
    ports = spec.get("ports", [])
    if spec["type"] in ("NodePort", "LoadBalancer"):
        given["healthCheckNodePort"] = _health_check_port(api, spec, taken)
        given["ports"] = _with_node_ports(api, service, taken)
    elif any("nodePort" in port for port in ports):
        given["ports"] = [{k: v for k, v in p.items() if k != "nodePort"} for p in ports]
    return {"spec": given}


def _with_node_ports(api: Reader, service: Document, taken: list[ServiceSpec]) -> list[Document]:
    """The ports, each with its node port; ports of different protocols may share one."""
    spec = service["spec"]
    used = {(port.node_port, port.protocol) for other in taken for port in other.ports or ()}
    ports = []
    for port in spec.get("ports", []):
        if port.get("nodePort") or spec.get("allocateLoadBalancerNodePorts", True):
            mine = {number for number, protocol in used if protocol == port["protocol"]}
            number = _node_port(api, service, port.get("nodePort"), mine)
            used.add((number, port["protocol"]))
            port = port | {"nodePort": number}
        ports.append(port)
    return ports


def _health_check_port(api: Reader, spec: Document, taken: list[ServiceSpec]) -> int | None:
    """A port where a cloud may ask each node whether it has endpoints of its own."""
    if spec["type"] != "LoadBalancer" or spec.get("externalTrafficPolicy") != "Local":
        return None
    if spec.get("healthCheckNodePort"):
        return int(spec["healthCheckNodePort"])
    used = {port.node_port for other in taken for port in other.ports or ()}
    used |= {other.health_check_node_port for other in taken}
    free = [port for port in NODE_PORTS if port not in used]
    return api.sim.random("apiserver/node-port").choice(free)


def _address(api: Reader, service: Document, asked: str | None, used: set[str]) -> str:
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
            "the cluster IP is not available",
            where=f"{title(service)}: spec.clusterIP",
            expected=f"a free address in {SERVICE_CIDR}, or None",
            found=asked,
        )


def _node_port(api: Reader, service: Document, asked: int | None, used: set[int]) -> int:
    if asked:
        if asked not in NODE_PORTS or asked in used:
            raise InvalidManifest(
                "the node port is not available",
                where=f"{title(service)}: spec.ports: nodePort",
                expected="a free port from 30000 to 32767",
                found=str(asked),
            )
        return asked
    free = [port for port in NODE_PORTS if port not in used]
    if not free:
        raise CourseError("all node ports are taken", where=title(service))
    return api.sim.random("apiserver/node-port").choice(free)
