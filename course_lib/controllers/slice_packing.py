"""How endpoints are packed into EndpointSlices: a change touches as few slices as possible.

A `Packing` knows in which slice each endpoint is, and which slices have room. A change of a few
endpoints costs what the slices cost that it touches, however many others there are.
Source: `reconcileByPortMapping`, `getSliceToFill` and `finalize` in `k8s.io/endpointslice`
(`reconciler.go`, `utils.go`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from course_lib.controllers.endpoint_ports import OfferedPort, Ports, in_slice_order
from course_lib.objects.kinds.endpoint_slice import Endpoint, EndpointSlice
from course_lib.objects.manifests import Document

PER_SLICE = 100  # --max-endpoints-per-slice
Group = tuple[str, Ports]  # address type and ports: what all endpoints of a slice share


class Desired(NamedTuple):
    """An endpoint that is to be in a slice of its group."""

    group: Group
    endpoint: Document


class Written(NamedTuple):
    """A slice as it is to be written: a new one (`piece` is None), or one that exists.

    `endpoints` are all that it then has, by name; None is one that stays as it is.
    """

    piece: EndpointSlice | None
    group: Group
    endpoints: dict[str, Document | None]


class Changes(NamedTuple):
    """The slices to create, to update and to delete."""

    create: list[Written]
    update: list[Written]
    delete: list[EndpointSlice]


class Packing:
    """The slices of one owner for one address type: where each endpoint is, and where is room.

    `family` is the address type, `pieces` are the slices that exist, `find` returns a slice by its
    own name; at `most` so many endpoints are in one. An endpoint has the name of its Pod.
    """

    def __init__(
        self,
        family: str,
        pieces: Iterable[EndpointSlice],
        find: Callable[[str], EndpointSlice | None],
        most: int = PER_SLICE,
    ) -> None:
        self._placeholder: Group = family, ()  # of the slice of an owner without endpoints
        self._find, self._most = find, most
        self._slice_of: dict[str, str] = {}  # an endpoint's name to its slice
        self._groups: dict[str, Group] = {}  # of each slice
        self._room: dict[Group, dict[str, int]] = {}  # slices that are not full, with their sizes
        for piece in pieces:
            self.note(piece.name, group_of(piece), names_of(piece))

    def __len__(self) -> int:
        return len(self._slice_of)

    def note(self, piece: str, group: Group, endpoints: Iterable[str]) -> None:
        """Remember that a slice (`piece`) of a `group` has just these endpoints, by name."""
        self.forget(piece)
        names = dict.fromkeys(endpoints, piece)
        self._slice_of |= names
        self._groups[piece] = group
        if len(names) < self._most:
            self._room.setdefault(group, {})[piece] = len(names)

    def forget(self, piece: str) -> None:
        """Remember that a slice is gone, and not where its endpoints are."""
        group = self._groups.pop(piece, None)
        if group is not None:
            self._room.get(group, {}).pop(piece, None)

    def touched(self, names: Iterable[str]) -> list[EndpointSlice]:
        """The slices that have one of these endpoints, and the empty ones."""
        held = {self._slice_of[name]: None for name in names if name in self._slice_of}
        empty = {s: None for room in self._room.values() for s, size in room.items() if not size}
        return [piece for name in sorted(held | empty) if (piece := self._find(name)) is not None]

    def change(
        self,
        desired: Mapping[str, Desired | None],
        pieces: Iterable[EndpointSlice],
        stale: Iterable[str] = (),
    ) -> Changes:
        """What must be written so that each of these endpoints is as desired (None: nowhere).

        `pieces` are all slices that have one of them, `stale` names those of which something else
        must be written. An owner without endpoints keeps one empty slice, the placeholder.
        """
        changes = Changes([], [], [])
        left = {name: each for name, each in desired.items() if each is not None}
        for name in desired:
            self._slice_of.pop(name, None)
        groups = {each.group for each in left.values()}
        for piece in pieces:
            group = group_of(piece)
            endpoints, same = self._remaining(piece, group, desired, left)
            if not endpoints and not (same and group in groups):
                changes.delete.append(piece)
            elif not same or piece.name in stale:
                changes.update.append(Written(piece, group, endpoints))
        waiting: dict[Group, dict[str, Document]] = {}
        for name, each in left.items():
            waiting.setdefault(each.group, {})[name] = each.endpoint
        for group in sorted(waiting, key=repr):
            self._place(changes, group, waiting[group])
        if len(changes.delete) == len(self._groups) and not changes.create:
            self._keep_placeholder(changes, stale)
        return changes

    def _remaining(
        self,
        piece: EndpointSlice,
        group: Group,
        desired: Mapping[str, Desired | None],
        left: dict[str, Desired],
    ) -> tuple[dict[str, Document | None], bool]:
        """The endpoints of a slice that stay in it, and whether all of it stays as it is."""
        endpoints: dict[str, Document | None] = {}
        same = True
        for name, existing in zip(names_of(piece), piece.endpoints or (), strict=True):
            new = left.get(name)
            if name not in desired:
                endpoints[name] = None
            elif new is not None and new.group == group and _is_of(new.endpoint, existing):
                unchanged = new.endpoint == document_of(existing)
                endpoints[name] = None if unchanged else new.endpoint
                same = same and unchanged
                self._slice_of[name] = piece.name
                del left[name]
            else:
                same = False
        return endpoints, same

    def _place(self, changes: Changes, group: Group, waiting: dict[str, Document]) -> None:
        """Put endpoints into slices that change anyway, then into one with room, or new ones."""
        written = [each for each in changes.update if each.group == group]
        for each in sorted(written, key=lambda each: -len(each.endpoints)):
            self._fill(each.endpoints, waiting)
        busy = {each.piece.name for each in changes.update if each.piece is not None}
        busy |= {piece.name for piece in changes.delete}
        while waiting:
            piece = self._with_room(group, len(waiting), busy)
            endpoints: dict[str, Document | None] = {}
            if piece is not None:
                busy.add(piece.name)
                endpoints |= dict.fromkeys(names_of(piece))
            self._fill(endpoints, waiting)
            to = changes.create if piece is None else changes.update
            to.append(Written(piece, group, endpoints))

    def _with_room(self, group: Group, count: int, busy: set[str]) -> EndpointSlice | None:
        """The slice that is the fullest when so many endpoints are added; None: none has room."""
        sizes = {
            size + count: piece
            for piece, size in sorted(self._room.get(group, {}).items(), reverse=True)
            if size + count <= self._most and piece not in busy
        }
        return self._find(sizes[max(sizes)]) if sizes and count < self._most else None

    def _fill(self, endpoints: dict[str, Document | None], waiting: dict[str, Document]) -> None:
        for name in list(waiting)[: max(0, self._most - len(endpoints))]:
            endpoints[name] = waiting.pop(name)

    def _keep_placeholder(self, changes: Changes, stale: Iterable[str]) -> None:
        """Keep an empty slice where all go: the placeholder that is there, or a new one."""
        gone = changes.delete
        if len(gone) == 1 and not gone[0].endpoints and group_of(gone[0]) == self._placeholder:
            if gone[0].name in stale:
                changes.update.append(Written(gone[0], self._placeholder, {}))
            gone.clear()
        else:
            changes.create.append(Written(None, self._placeholder, {}))


def recycled(changes: Changes) -> Changes:
    """The same changes; slices that would be deleted are written over in place of new ones."""
    create, update, delete = [*changes.create], [*changes.update], []
    for piece in changes.delete:
        if create and create[-1].group[0] == piece.address_type:
            new = create.pop()
            update.append(Written(piece, new.group, new.endpoints))
        else:
            delete.append(piece)
    return Changes(create, update, delete)


def group_of(piece: EndpointSlice) -> Group:
    """The address type and the ports of a slice."""
    ports = [OfferedPort(p.name, p.port, p.protocol, p.app_protocol) for p in piece.ports or ()]
    return piece.address_type, in_slice_order(tuple(ports))


def names_of(piece: EndpointSlice) -> list[str]:
    """The names of the endpoints of a slice: those of their Pods, or addresses without a Pod."""
    return [
        each.addresses[0] if each.target_ref is None else each.target_ref.name
        for each in piece.endpoints or ()
    ]


def document_of(endpoint: Endpoint) -> Document:
    """An endpoint as the controllers write it."""
    conditions, reference = endpoint.conditions, endpoint.target_ref
    written: Document = {
        "addresses": endpoint.addresses,
        "conditions": {
            "ready": conditions.ready,
            "serving": conditions.serving,
            "terminating": conditions.terminating,
        },
    }
    if endpoint.node_name:
        written["nodeName"] = endpoint.node_name
    if reference is not None:
        written["targetRef"] = {
            "kind": reference.kind,
            "name": reference.name,
            "namespace": reference.namespace,
            "uid": reference.uid,
        }
    if endpoint.zone:
        written["zone"] = endpoint.zone
    if endpoint.hints:
        written["hints"] = endpoint.hints
    if endpoint.hostname:
        written["hostname"] = endpoint.hostname
    return written


def _is_of(new: Document, existing: Endpoint) -> bool:
    """Whether a desired endpoint takes the place of one that exists (`hashEndpoint`)."""
    return bool(
        new["addresses"] == existing.addresses and new.get("hostname", "") == existing.hostname
    )
