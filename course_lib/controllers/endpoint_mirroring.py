"""EndpointSlices for hand-made Endpoints, so that kube-proxy sees them (chapter 07).

kube-proxy reads EndpointSlices only. Where a Service has no selector, this controller copies the
Endpoints object of the same name into slices.
Source: `pkg/controller/endpointslicemirroring`, `pkg/api/v1/endpoints` (`RepackSubsets`).
"""

from __future__ import annotations

import ipaddress
from functools import partial

from course_lib.controllers.controller import Controller, Key, key_of
from course_lib.controllers.endpoint_slices import SLICE_DELAY
from course_lib.controllers.managed_slices import (
    MANAGED_BY,
    ManagedSlices,
    owned_by,
)
from course_lib.controllers.slice_packing import Desired, Group, Packing, Ports, recycled
from course_lib.objects.kinds.endpoint_slice import SERVICE_NAME, Endpoint
from course_lib.objects.kinds.endpoints import EndpointAddress, Endpoints, EndpointSubset
from course_lib.objects.kinds.service import Service
from course_lib.objects.manifests import Document

MOST_ADDRESSES = 1000  # of one subset (--mirroring-max-endpoints-per-subset)
SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror"
LEADER = "control-plane.alpha.kubernetes.io/leader"
NOT_COPIED = (
    "endpoints.kubernetes.io/last-change-trigger-time",
    "kubectl.kubernetes.io/last-applied-configuration",
)
Addresses = dict[tuple[str, str], tuple[EndpointAddress, bool]]  # by ip and Pod uid; ready or not


class EndpointSliceMirroringController(Controller):
    """Mirrors the Endpoints of Services without a selector into EndpointSlices."""

    name = "endpointslicemirroring-controller"
    kind = "Endpoints"
    manager = "endpointslicemirroring-controller.k8s.io"

    def watches(self) -> None:
        """The Services, and the slices that mirror."""
        self.watch(Service, lambda service: [key_of(service)])
        self.slices = ManagedSlices(
            self.api, self.informers, self.manager, self.kind, self._on_foreign_write
        )

    def _on_foreign_write(self, key: Key) -> None:
        self.enqueue(key, SLICE_DELAY)

    def look(self, namespace: str, name: str) -> None:
        """Slices for each set of ports and address family; none where nothing is to mirror."""
        endpoints = self.informers.find(Endpoints, name, namespace)
        service = self.informers.find(Service, name, namespace)
        existing = self.slices.of(namespace, name)
        if endpoints is None or service is None or service.spec.selector or _skipped(endpoints):
            for piece in existing:
                self.slices.delete(piece)
            return
        labels = endpoints.labels | {SERVICE_NAME: name, MANAGED_BY: self.manager}
        annotations = {k: v for k, v in endpoints.annotations.items() if k not in NOT_COPIED}
        mine = [piece for piece in existing if owned_by(piece, endpoints)]
        stale = [p.name for p in mine if (p.labels, p.annotations) != (labels, annotations)]
        packing = Packing(mine, _name, partial(self.slices.find, namespace))
        named = {each: None for piece in mine for each in packing.names(piece)}
        desired = named | self._mirrored(endpoints)
        changes = recycled(packing.change(desired, mine, stale, placeholder=False))
        changes.delete.extend(p for p in existing if not owned_by(p, endpoints))
        meta = {"labels": labels, "annotations": annotations}
        self.slices.write(endpoints, changes, packing, meta)

    def _mirrored(self, endpoints: Endpoints) -> dict[str, Desired]:
        """The endpoints for the addresses of Endpoints, by name."""
        desired: dict[str, Desired] = {}
        for ports, addresses in repacked(endpoints.subsets or []):
            valid = [(a, ready) for a, ready in addresses.values() if _family(a.ip)]
            if len(valid) < len(addresses):
                message = (
                    f"Skipped {len(addresses) - len(valid)} invalid IP addresses when mirroring "
                    "to EndpointSlices"
                )
                self.warning(endpoints, "InvalidIPAddress", message)
            if len(valid) > MOST_ADDRESSES:
                message = (
                    f"A max of {MOST_ADDRESSES} addresses can be mirrored to EndpointSlices per "
                    f"Endpoints subset. {len(valid) - MOST_ADDRESSES} addresses were skipped"
                )
                self.warning(endpoints, "TooManyAddressesToMirror", message)
            for address, ready in valid[:MOST_ADDRESSES]:
                pod, group = address.target_ref, (_family(address.ip), ports)
                name = f"{address.ip}/{pod.uid if pod else ''}/{ports}"
                desired[name] = Desired(group, _endpoint(address, ready))
        return desired


def _name(endpoint: Endpoint, group: Group) -> str:
    """The name of a mirrored endpoint: an address may be in several groups."""
    pod = endpoint.target_ref
    return f"{endpoint.addresses[0]}/{pod.uid if pod else ''}/{group[1]}"


def repacked(subsets: list[EndpointSubset]) -> list[tuple[Ports, Addresses]]:
    """Subsets in their canonical form: each set of ports with the addresses that offer them.

    An address that is listed both as ready and as not ready is not ready.
    """
    by_port: dict[tuple[str, int, str], Addresses] = {}
    for subset in subsets:
        written = [(p.name, p.port, p.protocol) for p in subset.ports or ()]
        for port in written or [("", -1, "")]:  # addresses without ports are kept together
            offered = by_port.setdefault(port, {})
            for ready, listed in ((True, subset.addresses), (False, subset.not_ready_addresses)):
                for address in listed or ():
                    key = (address.ip, address.target_ref.uid if address.target_ref else "")
                    known = offered.get(key)
                    if known is None or known[1]:
                        offered[key] = address, ready
    groups: dict[tuple[tuple[tuple[str, str], bool], ...], list[tuple[str, int, str]]] = {}
    for port, offered in sorted(by_port.items()):
        same = tuple(sorted((key, ready) for key, (_, ready) in offered.items()))
        groups.setdefault(same, []).append(port)
    packed = []
    for ports in groups.values():
        addresses = dict(sorted(by_port[ports[0]].items()))
        packed.append((tuple(port for port in ports if port[1] > 0), addresses))
    return packed


def _family(written: str) -> str:
    """`IPv4` or `IPv6`; empty for what is no address."""
    try:
        return f"IPv{ipaddress.ip_address(written).version}"
    except ValueError:
        return ""


def _endpoint(address: EndpointAddress, ready: bool) -> Document:
    endpoint: Document = {"addresses": [address.ip], "conditions": {"ready": ready}}
    if address.node_name:
        endpoint["nodeName"] = address.node_name
    if address.hostname:
        endpoint["hostname"] = address.hostname
    if address.target_ref is not None:
        pod = address.target_ref
        endpoint["targetRef"] = {
            "kind": pod.kind,
            "namespace": pod.namespace,
            "name": pod.name,
            "uid": pod.uid,
        }
    return endpoint


def _skipped(endpoints: Endpoints) -> bool:
    return endpoints.labels.get(SKIP_MIRROR) == "true" or LEADER in endpoints.annotations
