"""The EndpointSlices that a controller manages: which ones they are, and how they are written.

Source: `finalize` in `k8s.io/endpointslice/reconciler.go`; `EndpointSliceTracker` in
`k8s.io/endpointslice/util`; kubernetes.io "EndpointSlices".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from course_lib.apiserver.errors import NotFound, Terminating
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Key
from course_lib.controllers.endpoint_ports import slice_ports
from course_lib.controllers.slice_packing import (
    Changes,
    Group,
    Packing,
    Written,
    group_of,
    names_of,
)
from course_lib.errors import CourseError
from course_lib.objects.kinds.endpoint_slice import SERVICE_NAME, EndpointSlice
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, owner_reference

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
GONE = -1  # the revision of a slice that this controller has deleted
_NEW = EndpointSlice()  # a slice without labels and annotations


class ManagedSlices:
    """The slices that carry a controller's own `managed-by` label.

    `api` writes them and `informers` read them; `manager` is the label's value, `kind` that of the
    slices' owners. `changed` gets the key of an owner when somebody else wrote or deleted one of
    its slices.
    """

    def __init__(
        self,
        api: Client,
        informers: InformerFactory,
        manager: str,
        kind: str,
        changed: Callable[[Key], None],
    ) -> None:
        self.api, self.manager, self.kind, self._changed = api, manager, kind, changed
        self._slices = informers.informer(EndpointSlice)
        self._written: dict[Key, int] = {}  # the revision that this controller wrote last
        self._slices.add_handler(self._on_slice)

    def of(self, namespace: str, name: str) -> list[EndpointSlice]:
        """The managed slices of a Service, by its name, that stay."""
        found = self._slices.by_index(by_service, f"{namespace}/{name}")
        return [
            piece
            for piece in found
            if piece.labels.get(MANAGED_BY) == self.manager and not piece.terminating
        ]

    def find(self, namespace: str, name: str) -> EndpointSlice | None:
        """A slice by its own name."""
        return self._slices.find(name, namespace)

    def write(
        self, owner: Object, changes: Changes, packing: Packing, meta: Callable[[Object], Document]
    ) -> None:
        """Make `changes` to the slices of an owner; `packing` remembers what is where.

        `meta` gives the labels and annotations of a slice: a new one, or one that exists. The
        slices of an owner that is going away are the garbage collector's: none is created.

        Raises `CourseError` where the API server refuses.
        """
        try:
            for each in changes.create if not owner.terminating else ():
                made = self.create(owner, each.group, list(each.endpoints.values()), meta(_NEW))
                packing.note(made, each.group, each.endpoints)
        except Terminating:  # creations go on failing
            return
        for each in changes.update:
            assert each.piece is not None
            self.update(owner, each.piece, _edits(each.piece, each), meta(each.piece))
            packing.note(each.piece.name, each.group, each.endpoints)
        for piece in changes.delete:
            with _telling(owner, f"delete {piece.name}"):
                self.delete(piece)
            packing.forget(piece.name)

    def delete(self, piece: EndpointSlice) -> None:
        """Delete one slice; the garbage collector may have been faster."""
        with suppress(NotFound):
            self.api.delete(EndpointSlice, piece.name, piece.namespace, uid=piece.uid)
            self._written[piece.namespace, piece.name] = GONE

    def create(
        self, owner: Object, group: Group, endpoints: Sequence[object], meta: Document
    ) -> str:
        """Create a slice of a `group` with these `endpoints`; returns its name.

        `owner` controls it, `meta` has its labels and annotations. Raises `Terminating` in a
        namespace that is going away.
        """
        said = {field: each for field, each in meta.items() if each}
        said |= {"generateName": f"{owner.name}-", "namespace": owner.namespace}
        said |= {"ownerReferences": [owner_reference(owner)]}
        kind = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice"}
        content = {"endpoints": [*endpoints], "ports": slice_ports(group[1])}
        body = kind | {"metadata": said, "addressType": group[0]} | content
        with _telling(owner, "create"):
            return self._note(self.api.create(body))

    def update(
        self, owner: Object, piece: EndpointSlice, edits: list[Document], meta: Document
    ) -> None:
        """Change a slice (`piece`) of an `owner` by a JSON patch.

        `edits` are the operations on its content, `meta` has the labels and annotations that it
        is to have.
        """
        edits = [*edits, *metadata_edits(piece, meta)]
        revision = piece.metadata.resource_version
        with _telling(owner, f"update {piece.name}"):
            self._note(
                self.api.patch(EndpointSlice, piece.name, piece.namespace, edits, expected=revision)
            )

    def _note(self, written: Object) -> str:
        self._written[written.namespace, written.name] = int(written.metadata.resource_version)
        return written.name

    def _on_slice(self, before: EndpointSlice | None, after: EndpointSlice | None) -> None:
        """Tell whose slice it is, unless this controller itself wrote or deleted it."""
        piece = after or before
        assert piece is not None
        key = piece.namespace, piece.name
        written = self._written.get(key, 0)
        if after is None:
            self._written.pop(key, None)
        if written >= int(after.metadata.resource_version) if after else written == GONE:
            return
        owner = piece.metadata.controller
        names = [owner.name] if owner is not None and owner.kind == self.kind else []
        if piece.labels.get(MANAGED_BY) == self.manager:
            names.append(piece.labels.get(SERVICE_NAME, ""))
        for name in dict.fromkeys(filter(None, names)):
            self._changed((piece.namespace, name))


def by_service(piece: EndpointSlice) -> list[str]:
    """Index function: namespace and name of the Service that a slice belongs to."""
    service = piece.labels.get(SERVICE_NAME)
    return [] if service is None else [f"{piece.namespace}/{service}"]


def metadata_edits(existing: Object, desired: Document) -> list[Document]:
    """Operations of a JSON patch after which an object has just these labels and annotations."""
    edits: list[Document] = []
    for field, new in desired.items():
        before, path = getattr(existing.metadata, field), f"/metadata/{field}"
        if new and new != before:
            edits.append({"op": "add", "path": path, "value": new})
        elif before is not None and not new:
            edits.append({"op": "remove", "path": path})
    return edits


def owned_by(piece: EndpointSlice, owner: Object) -> bool:
    """Whether a slice belongs to an object of today, by uid, not to one that had its name."""
    return any(each.uid == owner.uid for each in piece.metadata.owner_references or ())


def _edits(piece: EndpointSlice, new: Written) -> list[Document]:
    """Operations of a JSON patch after which a slice has the endpoints that it is to have."""
    before = {name: place for place, name in enumerate(names_of(piece))}
    if group_of(piece) != new.group or not before or not new.endpoints:
        return whole(list(new.endpoints.values()), new.group)
    path = "/endpoints/"
    edits: list[Document] = [
        {"op": "replace", "path": f"{path}{before[name]}", "value": endpoint}
        for name, endpoint in new.endpoints.items()
        if endpoint is not None and name in before
    ]
    gone = [place for name, place in before.items() if name not in new.endpoints]
    edits += [{"op": "remove", "path": f"{path}{place}"} for place in sorted(gone, reverse=True)]
    return edits + [
        {"op": "add", "path": f"{path}-", "value": endpoint}
        for name, endpoint in new.endpoints.items()
        if name not in before
    ]


def whole(endpoints: Sequence[object], group: Group) -> list[Document]:
    """Operations of a JSON patch that replace all endpoints of a slice, and its ports."""
    content = {"endpoints": [*endpoints], "ports": slice_ports(group[1])}
    return [
        {"op": "add", "path": f"/{field}", "value": value or None}
        for field, value in content.items()
    ]


@contextmanager
def _telling(owner: Object, act: str) -> Iterator[None]:
    """Tell in the controllers' words which write was refused."""
    try:
        yield
    except (NotFound, Terminating):
        raise
    except CourseError as refusal:
        whose = f"EndpointSlice for {owner.kind} {owner.namespace}/{owner.name}"
        raise CourseError(f"failed to {act} {whose}: {refusal.what}") from refusal
