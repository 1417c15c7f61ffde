"""Addresses and ports of Services: what the API server gives them before it judges them.

Source: kubernetes.io "Service ClusterIP allocation"; `storage`, `ipallocator` and `portallocator`
below `pkg/registry/core/service` of Kubernetes; the defaults of kubeadm and kube-apiserver. The
cluster has one family of addresses.
"""

from __future__ import annotations

import ipaddress

from course_lib.apiserver.errors import APIError
from course_lib.apiserver.node_ports import PortAllocation
from course_lib.apiserver.reader import Reader
from course_lib.objects.field_errors import Errors, InvalidObject, invalid
from course_lib.objects.kinds.service import Service
from course_lib.objects.kinds.service_addresses import address_fields
from course_lib.objects.kinds.service_types import (
    HEADLESS,
    OUTSIDE,
    list_address,
    needs_health_check,
)
from course_lib.objects.manifests import Document
from course_lib.objects.validation.addresses import family

SERVICE_CIDR = ipaddress.ip_network("10.96.0.0/12")
FAMILY = "IPv4"  # the one that this cluster has
NOT_HERE = "not configured on this cluster"


def allocate(api: Reader, service: Document, dry: bool = False) -> None:
    """Give a new `service`, in place, the address and the node ports that it lacks.

    `api` reads the others. A `dry` run does not look whether an address is free, nor whether a port
    is in the range. Raises `InvalidObject`, or `APIError` when all ports are taken.
    """
    spec = service["spec"]
    list_address(service)
    _complete_families(service, None)
    if spec["type"] != "ExternalName":
        _give_address(api, service, dry)
    ports = PortAllocation(api, service, dry)
    if spec["type"] in OUTSIDE:
        ports.give()
    if needs_health_check(spec):
        ports.give_health_check()


def reallocate(api: Reader, new: Document, old: Document, dry: bool = False) -> None:
    """The same for a `new` version, in place, of an `old` Service; it keeps what it has.

    `api` reads the other Services, `dry` is as for `allocate`. Raises what that raises.
    """
    after, before = new["spec"], old["spec"]
    _keep(after, before)
    _match_addresses(after, before)
    _complete_families(new, old)
    if before["type"] == "ExternalName" != after["type"]:
        _give_address(api, new, dry)
    ports = PortAllocation(api, new, dry)
    if after["type"] in OUTSIDE:
        ports.give_changed(before.get("ports") or [])
    if needs_health_check(after) and not needs_health_check(before):
        ports.give_health_check()


def _keep(after: Document, before: Document) -> None:
    """What the writer left out and the server had given (`patchAllocatedValues`)."""
    if "ExternalName" not in (after["type"], before["type"]):
        for field in ("clusterIP", "clusterIPs"):
            if not after.get(field) and before.get(field):
                after[field] = before[field]
    if _has_node_ports(after) and _has_node_ports(before):
        numbers = [{port.get("nodePort") for port in spec.get("ports") or ()}
                   for spec in (before, after)]  # fmt: skip
        used = numbers[0] & numbers[1]
        known = {port.get("name", ""): port.get("nodePort") for port in before.get("ports") or ()}
        for port in after.get("ports") or ():
            number = known.get(port.get("name", ""))
            if not port.get("nodePort") and number and number not in used:
                port["nodePort"] = number
    checked = needs_health_check(after) and needs_health_check(before)
    if checked and not after.get("healthCheckNodePort"):
        after["healthCheckNodePort"] = before.get("healthCheckNodePort")


def _has_node_ports(spec: Document) -> bool:
    balanced = spec["type"] == "LoadBalancer"
    given = bool(spec.get("allocateLoadBalancerNodePorts", True))
    return spec["type"] == "NodePort" or (balanced and given)


def _match_addresses(after: Document, before: Document) -> None:
    """One address and the list of addresses say the same (`normalizeClusterIPs`)."""
    one, other = after.get("clusterIP") or "", before.get("clusterIP") or ""
    given, known = after.get("clusterIPs") or [], before.get("clusterIPs") or []
    if known and not given and one == other:
        after["clusterIPs"] = given = known
    if one != other and given == known:
        after["clusterIPs"] = [] if other and not one else [one]
    if not after.get("clusterIPs"):
        after.pop("clusterIPs", None)


def _complete_families(new: Document, old: Document | None) -> None:
    """Say which families of addresses a Service has (`initIPFamilyFields`)."""
    spec, before = new["spec"], old["spec"] if old else {}
    if spec["type"] == "ExternalName" or (old and _keeps_preference(spec, before)):
        return
    free = spec.get("clusterIP") == HEADLESS and not spec.get("selector")
    if spec.get("ipFamilyPolicy") is None:
        default = "RequireDualStack" if free else "SingleStack"
        spec["ipFamilyPolicy"] = before.get("ipFamilyPolicy") or default
    _refuse(new, address_fields(spec))
    single = spec["ipFamilyPolicy"] == "SingleStack"
    if old and single:
        for field in ("clusterIPs", "ipFamilies"):
            if spec.get(field) == before.get(field) and len(spec.get(field) or ()) > 1:
                spec[field] = spec[field][:1]
    _refuse(new, _policy_errors(spec, before if old else None))
    families = spec.setdefault("ipFamilies", None) or []
    texts = (spec.get("clusterIPs") or [])[len(families) :]
    families = [*families, *(family(text) for text in texts if text != HEADLESS)]
    if not free:
        _refuse(new, _family_errors(spec, families))
    spec["ipFamilies"] = families or [FAMILY]
    if free and not single and len(spec["ipFamilies"]) < 2:
        spec["ipFamilies"].append("IPv6" if spec["ipFamilies"] == ["IPv4"] else "IPv4")


def _keeps_preference(spec: Document, before: Document) -> bool:
    """Whether an update leaves a preference for two families as it was."""
    same = ("type", "clusterIPs", "ipFamilies")
    policy = before.get("ipFamilyPolicy") or "PreferDualStack"
    return spec.get("ipFamilyPolicy") == policy == "PreferDualStack" and all(
        spec.get(field) == before.get(field) for field in same
    )


def _policy_errors(spec: Document, before: Document | None) -> Errors:
    """A policy that does not go with the number of addresses or families."""
    policy, path = spec["ipFamilyPolicy"], "spec.ipFamilyPolicy"
    named = (("clusterIPs", "cluster IP"), ("ipFamilies", "IP family"))
    for field, word in named if before and policy != "SingleStack" else ():
        if 0 < len(spec.get(field) or ()) < len((before or {}).get(field) or ()):
            yield invalid(path, policy, f"must be 'SingleStack' to release the secondary {word}")
    if policy == "SingleStack":
        for field, word in (("clusterIPs", "cluster IPs"), ("ipFamilies", "IP families")):
            if len(spec.get(field) or ()) == 2:
                said = "must be 'RequireDualStack' or 'PreferDualStack' when multiple"
                yield invalid(path, policy, f"{said} {word} are specified")
    for position, text in enumerate(spec.get("clusterIPs") or ()):
        inferred = position >= len(spec.get("ipFamilies") or ())
        if text != HEADLESS and inferred and family(text) != FAMILY:
            said = f"{family(text)} is {NOT_HERE}"
            yield invalid(f"spec.clusterIPs[{position}]", spec["clusterIPs"], said)


def _family_errors(spec: Document, families: list[str]) -> Errors:
    """What this cluster does not have."""
    if spec["ipFamilyPolicy"] == "RequireDualStack":
        said = "this cluster is not configured for dual-stack services"
        yield invalid("spec.ipFamilyPolicy", spec["ipFamilyPolicy"], said)
    for position, each in enumerate(families):
        if each != FAMILY:
            yield invalid(f"spec.ipFamilies[{position}]", each, NOT_HERE)


def _give_address(api: Reader, service: Document, dry: bool) -> None:
    """The address that a Service asks for, or a free one (`allocIPs`)."""
    spec = service["spec"]
    given = spec.get("clusterIPs") or []
    if given[:1] == [HEADLESS]:
        return
    taken = {other.spec.cluster_ip for other in api.list(Service)}
    if given:
        if problem := _unavailable(given[0], set() if dry else taken):
            said = f"failed to allocate IP {given[0]}: {problem}"
            _refuse(service, iter((invalid("spec.clusterIPs", given, said),)))
        return
    random = api.sim.random("apiserver/cluster-ip")
    if len(taken) > SERVICE_CIDR.num_addresses - 512:
        name = service["metadata"].get("name", "")
        said = f'failed to allocate a serviceIP for Service "{name}": range is full'
        raise APIError(f"Internal error occurred: {said}")
    while not given:
        # The first 256 addresses are left to Services that ask for a fixed one.
        text = str(SERVICE_CIDR[random.randrange(257, SERVICE_CIDR.num_addresses - 1)])
        given = [] if text in taken else [text]
    spec["clusterIP"], spec["clusterIPs"] = given[0], given


def _unavailable(text: str, taken: set[str]) -> str:
    """Why a Service cannot have an address; empty where it can."""
    found = ipaddress.ip_address(text)
    if found not in SERVICE_CIDR or found in (SERVICE_CIDR[0], SERVICE_CIDR[-1]):
        said = f"the provided IP ({text}) is not in the valid range. The range of valid IPs is"
        return f"{said} {SERVICE_CIDR}"
    return "provided IP is already allocated" if text in taken else ""


def _refuse(service: Document, errors: Errors) -> None:
    if told := list(errors):
        raise InvalidObject(service, told)
