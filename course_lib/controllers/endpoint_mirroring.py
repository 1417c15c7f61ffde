"""EndpointSlices for hand-made Endpoints, so that kube-proxy sees them (chapter 07).

kube-proxy reads EndpointSlices only. Where a Service has no selector, this controller copies the
Endpoints object of the same name into slices: one for each address type and set of ports.
Source: `pkg/controller/endpointslicemirroring`, `pkg/api/v1/endpoints` (`RepackSubsets`).
"""

from __future__ import annotations

import ipaddress

import msgspec

from course_lib.controllers.controller import Controller, key_of
from course_lib.controllers.endpoint_ports import OfferedPort, Ports, in_slice_order
from course_lib.controllers.managed_slices import MANAGED_BY, ManagedSlices, owned_by, whole
from course_lib.controllers.slice_packing import Group, group_of
from course_lib.controllers.trigger_times import TRIGGER_TIME
from course_lib.objects.kinds.endpoint_slice import SERVICE_NAME, Endpoint, EndpointSlice
from course_lib.objects.kinds.endpoints import EndpointAddress, Endpoints, EndpointSubset
from course_lib.objects.kinds.service import Service
from course_lib.objects.manifests import Document
from course_lib.objects.meta import ObjectReference, owner_reference

MOST_ADDRESSES = 1000  # of one subset (--mirroring-max-endpoints-per-subset)
SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror"
LEADER = "control-plane.alpha.kubernetes.io/leader"
NOT_COPIED = (TRIGGER_TIME, "kubectl.kubernetes.io/last-applied-configuration")
Addresses = dict[tuple[str, str], tuple[EndpointAddress, bool]]  # by ip and Pod uid; ready or not
NO_PORT = OfferedPort("", -1, "")
Mirrored = dict[Group, dict[object, Document]]  # endpoints by what tells them apart


class EndpointSliceMirroringController(Controller):
    """Mirrors the Endpoints of Services without a selector into EndpointSlices."""

    name = "endpoint-slice-mirroring-controller"
    kind = "Endpoints"
    manager = "endpointslicemirroring-controller.k8s.io"
    backoff = (1.0, 100.0)

    def watches(self) -> None:
        """The Services, and the slices that mirror."""
        self.watch(Service, lambda service: [key_of(service)])
        self.slices = ManagedSlices(self.api, self.informers, self.manager, self.kind, self.enqueue)

    def look(self, namespace: str, name: str) -> None:
        """A slice for each set of ports and address type; none where nothing is to mirror."""
        endpoints = self.informers.find(Endpoints, name, namespace)
        service = self.informers.find(Service, name, namespace)
        existing = self.slices.of(namespace, name)
        if endpoints is None or service is None or service.spec.selector or _skipped(endpoints):
            for piece in existing:
                self.slices.delete(piece)
        else:
            self._mirror(endpoints, existing)

    def _mirror(self, endpoints: Endpoints, existing: list[EndpointSlice]) -> None:
        own = {SERVICE_NAME: endpoints.name, MANAGED_BY: self.manager}
        annotations = {k: v for k, v in endpoints.annotations.items() if k not in NOT_COPIED}
        meta: Document = {"labels": endpoints.labels | own, "annotations": annotations}
        by_group: dict[Group, list[EndpointSlice]] = {}
        for piece in existing:
            by_group.setdefault(group_of(piece), []).append(piece)
        missing, gone = Mirrored(), list[EndpointSlice]()
        for group, desired in self._mirrored(endpoints).items():
            pieces = by_group.pop(group, [])
            gone += pieces[1:]
            if not pieces:
                missing[group] = desired
            elif not (_is(pieces[0], desired, meta) and owned_by(pieces[0], endpoints)):
                self._replace(endpoints, pieces[0], group, desired, meta)
        gone += [piece for pieces in by_group.values() for piece in pieces]
        for group, desired in missing.items():
            recycled = next((piece for piece in gone if piece.address_type == group[0]), None)
            if recycled is not None:
                gone.remove(recycled)
                self._replace(endpoints, recycled, group, desired, meta)
            elif not endpoints.terminating:
                self.slices.create(endpoints, group, list(desired.values()), meta)
        for piece in gone:
            self.slices.delete(piece)

    def _replace(
        self,
        endpoints: Endpoints,
        piece: EndpointSlice,
        group: Group,
        desired: dict[object, Document],
        meta: Document,
    ) -> None:
        """Write all of a slice, its owner too: the Endpoints may have been made again."""
        owners = [owner_reference(endpoints)]
        edits = whole(list(desired.values()), group)
        if not owned_by(piece, endpoints):
            edits.append({"op": "add", "path": "/metadata/ownerReferences", "value": owners})
        self.slices.update(endpoints, piece, edits, meta)

    def _mirrored(self, endpoints: Endpoints) -> Mirrored:
        """The endpoints for the addresses of Endpoints, by the slice that they are to be in."""
        mirrored, invalid, skipped = Mirrored(), 0, 0
        for ports, addresses in repacked(endpoints.subsets or []):
            added = 0
            for address, ready in sorted(addresses.values(), key=lambda each: not each[1]):
                if added >= MOST_ADDRESSES:
                    break
                family = _family(address.ip)
                if not family:
                    invalid += 1
                    continue
                added += 1
                endpoint = _endpoint(address, ready)
                of_group = mirrored.setdefault((family, ports), {})
                of_group[_identity(msgspec.convert(endpoint, Endpoint))] = endpoint
            skipped += len(addresses) - added
        if invalid:
            said = f"Skipped {invalid} invalid IP addresses when mirroring to EndpointSlices"
            self.warning(endpoints, "InvalidIPAddress", said)
        if skipped > invalid:
            said = (
                f"A max of {MOST_ADDRESSES} addresses can be mirrored to EndpointSlices per "
                f"Endpoints subset. {skipped} addresses were skipped"
            )
            self.warning(endpoints, "TooManyAddressesToMirror", said)
        return mirrored


def _identity(endpoint: Endpoint) -> object:
    """What tells an endpoint from the others of its slice (`hashEndpoint`)."""
    pod = endpoint.target_ref or ObjectReference()
    return tuple(sorted(endpoint.addresses)), endpoint.hostname, pod.namespace, pod.name


def _is(piece: EndpointSlice, desired: dict[object, Document], meta: Document) -> bool:
    """Whether a slice has just these endpoints, labels and annotations, in any order."""
    existing = {_identity(each): each for each in piece.endpoints or ()}
    wanted = {name: msgspec.convert(each, Endpoint) for name, each in desired.items()}
    same = existing == wanted and len(existing) == len(piece.endpoints or ())
    return same and (piece.labels, piece.annotations) == (meta["labels"], meta["annotations"])


def repacked(subsets: list[EndpointSubset]) -> list[tuple[Ports, Addresses]]:
    """Subsets in their canonical form: each set of ports with the addresses that offer them.

    An address that is listed both as ready and as not ready is not ready.
    """
    by_port: dict[OfferedPort, Addresses] = {}
    for subset in subsets:
        written = [
            OfferedPort(p.name, p.port, p.protocol, p.app_protocol) for p in subset.ports or ()
        ]
        for port in written or [NO_PORT]:  # addresses without ports are kept together
            offered = by_port.setdefault(port, {})
            for ready, listed in ((True, subset.addresses), (False, subset.not_ready_addresses)):
                for address in listed or ():
                    key = (address.ip, address.target_ref.uid if address.target_ref else "")
                    known = offered.get(key)
                    if known is None or known[1]:
                        offered[key] = address, ready
    groups: dict[tuple[tuple[tuple[str, str], bool], ...], list[OfferedPort]] = {}
    for port, offered in by_port.items():
        same = tuple(sorted((key, ready) for key, (_, ready) in offered.items()))
        groups.setdefault(same, []).append(port)
    packed = []
    for ports in groups.values():
        addresses = dict(sorted(by_port[ports[0]].items()))
        packed.append((in_slice_order(tuple(each for each in ports if each.port > 0)), addresses))
    return packed


def _family(written: str) -> str:
    """`IPv4` or `IPv6`; empty for what is no address."""
    try:
        return f"IPv{ipaddress.ip_address(written).version}"
    except ValueError:
        return ""


def _endpoint(address: EndpointAddress, ready: bool) -> Document:
    ip = str(ipaddress.ip_address(address.ip))
    endpoint: Document = {"addresses": [ip], "conditions": {"ready": ready}}
    if address.node_name:
        endpoint["nodeName"] = address.node_name
    if address.hostname:
        endpoint["hostname"] = address.hostname
    if address.target_ref is not None:
        endpoint["targetRef"] = msgspec.to_builtins(address.target_ref)
    return endpoint


def _skipped(endpoints: Endpoints) -> bool:
    return endpoints.labels.get(SKIP_MIRROR) == "true" or LEADER in endpoints.annotations
