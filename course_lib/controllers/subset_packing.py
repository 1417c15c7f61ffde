"""How addresses are packed into the subsets of an Endpoints object, and changed one by one.

Source: `RepackSubsets` in `pkg/api/v1/endpoints/util.go`; `truncateEndpoints` in
`pkg/controller/endpoint/endpoints_controller.go`.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from heapq import merge
from itertools import islice
from math import ceil
from typing import NamedTuple

from course_lib.controllers.endpoint_ports import OfferedPort, Ports, subset_ports
from course_lib.objects.manifests import Document

MOST_ADDRESSES = 1000  # in one object (`maxCapacity`)
FEW_EDITS = 16  # operations that cost less than a whole list: each copies it
LISTS = {True: "addresses", False: "notReadyAddresses"}


class InSubset(NamedTuple):
    """Where the address of a Pod stands: with those of the same ports, ready or not."""

    ports: Ports
    ready: bool


class AddressKey(NamedTuple):
    """What addresses are sorted by: IP, then the Pod's uid (`LessEndpointAddress`)."""

    ip: str
    uid: str
    pod: str  # its name


class Subset(NamedTuple):
    """Ports, and the groups of addresses that offer all of them; how many addresses are shown."""

    ports: Ports
    groups: tuple[Ports, ...]
    counts: dict[bool, int]  # of the ready ones, and of the others


class Addresses:
    """The addresses of a Service's Pods, by their ports and whether they are ready.

    They remember how they changed since they were `written`, as operations of a JSON patch, as
    long as one subset has all of them: then a write costs what changed.
    """

    def __init__(self) -> None:
        self.revision = ""  # of the object that was written
        self._written: list[Document] | None = None  # unless edits tell what changed
        self._edits: list[Document] | None = None  # None: all must be written
        self._places: dict[str, tuple[InSubset, AddressKey, Document]] = {}  # by Pod
        self._groups: dict[InSubset, list[AddressKey]] = {}  # sorted

    def __len__(self) -> int:
        return len(self._places)

    def put(self, pod: str, place: InSubset, address: Document) -> None:
        """Add the `address` of a `pod` to a `place`, or replace it."""
        known = self._places.get(pod)
        if known is not None and (known[0], known[2]) == (place, address):
            return
        self.remove(pod)
        group = self._groups.setdefault(place, [])
        key = AddressKey(address["ip"], address["targetRef"]["uid"], pod)
        self._places[pod] = place, key, address
        insort(group, key)
        if len(group) > 1:
            self._edit("add", place, f"/{bisect_left(group, key)}", address)
        else:
            self._edit("add", place, "", [address])

    def remove(self, pod: str) -> None:
        """Drop the address of a Pod, if it has one."""
        place, key, _ = self._places.pop(pod, (None, None, None))
        if place is None or key is None:
            return
        group = self._groups[place]
        index = bisect_left(group, key)
        del group[index]
        if not group:
            del self._groups[place]
        self._edit("remove", place, f"/{index}" if group else "")

    def _edit(self, op: str, place: InSubset, path: str, value: object = None) -> None:
        """Note an operation, where the object has one subset before and after it."""
        if self._edits is None:
            return
        alone = {each.ports for each in self._groups} == {place.ports}
        if not alone or len(self) > MOST_ADDRESSES:
            self._edits = None
        else:
            edit: Document = {"op": op, "path": f"/subsets/0/{LISTS[place.ready]}{path}"}
            self._edits.append(edit if op == "remove" else edit | {"value": value})

    def edits(self) -> list[Document]:
        """The operations of a JSON patch that change the subsets from what was written."""
        if self._edits is not None and len(self._edits) <= len(self):
            return self._edits
        subsets = self.subsets()
        if subsets == self._written:
            return []
        if not subsets:
            return [{"op": "remove", "path": "/subsets"}]
        if self._written is not None and len(self._written) == len(subsets) == 1:
            few = _list_edits(self._written[0], subsets[0])
            if few is not None:
                return few
        return [{"op": "add", "path": "/subsets", "value": subsets}]

    def note(self, revision: str) -> None:
        """Remember that the addresses were written, and as which revision of the object."""
        self.revision = revision
        whole = len(self) > MOST_ADDRESSES or len({each.ports for each in self._groups}) != 1
        self._written = self.subsets() if whole else None
        self._edits = None if whole else []

    @property
    def truncated(self) -> bool:
        """Whether there are more addresses than an object may have."""
        return sum(sum(sizes.values()) for _, _, sizes in self._packed()) > MOST_ADDRESSES

    def subsets(self) -> list[Document]:
        """The subsets, by ports; of too many addresses the ready ones come first.

        Simplified: the real ones stand in the order of a hash of all that they hold.
        """
        packed = self._packed()
        _truncate(packed)
        return [self._document(subset) for subset in packed]

    def _packed(self) -> list[Subset]:
        """The subsets: each port stands in one, with the ports that the same Pods offer."""
        offering: dict[OfferedPort | None, dict[Ports, None]] = {}
        for ports in sorted({place.ports for place in self._groups}, key=repr):
            for port in ports or (None,):  # addresses without ports are kept together
                offering.setdefault(port, {})[ports] = None
        together: dict[tuple[Ports, ...], list[OfferedPort]] = {}
        for port, groups in offering.items():
            found = together.setdefault(tuple(groups), [])
            if port is not None:
                found.append(port)
        return [
            Subset(tuple(ports), groups, {ready: self._size(groups, ready) for ready in LISTS})
            for groups, ports in together.items()
        ]

    def _size(self, groups: Iterable[Ports], ready: bool) -> int:
        return sum(len(self._groups.get(InSubset(ports, ready), ())) for ports in groups)

    def _document(self, subset: Subset) -> Document:
        document: Document = {"ports": subset_ports(subset.ports)} if subset.ports else {}
        for ready, count in subset.counts.items():
            lists = [self._groups.get(InSubset(ports, ready), []) for ports in subset.groups]
            shown = lists[0][:count] if len(lists) == 1 else islice(merge(*lists), count)
            if count:
                document[LISTS[ready]] = [self._places[each.pod][2] for each in shown]
        return document


def _list_edits(before: Document, after: Document) -> list[Document] | None:
    """The operations that make one subset another; None where the whole costs less to write.

    An address that stays is one object in both, and the order of those that stay is the same.
    """
    if before.get("ports") != after.get("ports"):
        return None
    edits: list[Document] = []
    for name in LISTS.values():
        path, old, new = f"/subsets/0/{name}", before.get(name), after.get(name)
        if not old or not new:
            edits += [{"op": "remove", "path": path}] if old else []
            edits += [{"op": "add", "path": path, "value": new}] if new else []
            continue
        here, there = set(map(id, old)), set(map(id, new))
        gone = [index for index, each in enumerate(old) if id(each) not in there]
        edits += [{"op": "remove", "path": f"{path}/{index}"} for index in reversed(gone)]
        come = [(index, each) for index, each in enumerate(new) if id(each) not in here]
        edits += [{"op": "add", "path": f"{path}/{index}", "value": each} for index, each in come]
    return edits if len(edits) <= FEW_EDITS else None


def _truncate(subsets: list[Subset]) -> None:
    """Cut subsets to the addresses that fit into an object: each keeps its share.

    The ready ones come first; each share is rounded up, so that the last may be smaller.
    """
    ready = sum(subset.counts[True] for subset in subsets)
    waiting = sum(subset.counts[False] for subset in subsets)
    if ready + waiting <= MOST_ADDRESSES:
        return
    cut = ready > MOST_ADDRESSES  # whether it is the ready ones that are too many
    total, room = (ready, MOST_ADDRESSES) if cut else (waiting, MOST_ADDRESSES - ready)
    left = room
    for _, _, counts in subsets:
        counts[cut] = min(counts[cut], ceil(counts[cut] / total * room), left)
        left -= counts[cut]
        if cut:
            counts[False] = 0
