"""The EndpointSlices that a controller manages: which ones they are, and how they are written.

Source: `finalize` in `k8s.io/endpointslice/reconciler.go`; `EndpointSliceTracker` in
`k8s.io/endpointslice/util`; kubernetes.io "EndpointSlices".
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from course_lib.apiserver.errors import NotFound
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Key
from course_lib.controllers.slice_packing import Changes, Packing, Written, documents
from course_lib.objects.kinds.endpoint_slice import SERVICE_NAME, EndpointSlice
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, owner_reference

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
GONE = -1  # the revision of a slice that this controller has deleted


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

    def write(self, owner: Object, changes: Changes, packing: Packing, meta: Document) -> None:
        """Make `changes` to the slices of an owner; `packing` remembers what is where.

        `meta` has the labels and annotations that each slice gets. The slices of an owner that is
        going away are the garbage collector's: none is created any more.
        """
        for each in changes.create if not owner.terminating else ():
            packing.note(self._create(owner, each, meta), each.group, each.endpoints)
        for each in changes.update:
            assert each.piece is not None
            packing.note(self._update(each.piece, each, meta), each.group, each.endpoints)
        for piece in changes.delete:
            self.delete(piece)
            packing.forget(piece.name)

    def delete(self, piece: EndpointSlice) -> None:
        """Delete one slice; the garbage collector may have been faster."""
        with suppress(NotFound):
            self.api.delete(EndpointSlice, piece.name, piece.namespace, uid=piece.uid)
            self._written[piece.namespace, piece.name] = GONE

    def _create(self, owner: Object, new: Written, meta: Document) -> str:
        prefix = {"generateName": f"{owner.name}-", "namespace": owner.namespace}
        owners = {"ownerReferences": [owner_reference(owner)]}
        kind = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice"}
        said = {field: each for field, each in meta.items() if each}
        body = kind | {"metadata": prefix | said | owners, "addressType": new.group[0]}
        return self._note(self.api.create(body | _content(new)))

    def _update(self, piece: EndpointSlice, new: Written, meta: Document) -> str:
        changed = {field: revised(getattr(piece, field), each) for field, each in meta.items()}
        patch = _content(new) | {"metadata": {k: each for k, each in changed.items() if each}}
        return self._note(self.api.patch(EndpointSlice, piece.name, piece.namespace, patch))

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


def revised(existing: dict[str, str], desired: dict[str, str]) -> dict[str, str | None]:
    """A merge patch of labels or annotations after which there are these and no others."""
    dropped: dict[str, str | None] = {key: None for key in existing if key not in desired}
    return dropped | desired


def owned_by(piece: EndpointSlice, owner: Object) -> bool:
    """Whether a slice belongs to an object of today, by uid, not to one that had its name."""
    return any(each.uid == owner.uid for each in piece.metadata.owner_references or ())


def _content(new: Written) -> Document:
    return {"endpoints": list(new.endpoints.values()), "ports": documents(new.group[1])}
