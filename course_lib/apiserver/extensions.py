"""Serve the kinds that CustomResourceDefinitions define, and keep the definitions' status.

Every API server does this for itself, from what is stored: a restart forgets nothing, and of
several servers each serves the same. What they write is the same too, so the first one counts.
Source: `pkg/controller` (status, establish, finalizer) of k8s.io/apiextensions-apiserver.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import msgspec

from course_lib.apiserver.entries import DELETE, Change
from course_lib.apiserver.errors import Conflict, NotFound, StorageError
from course_lib.apiserver.store import Store
from course_lib.engine import Simulation
from course_lib.objects.custom_kinds import custom_kind
from course_lib.objects.kind import Kind, Kinds
from course_lib.objects.kinds import BUILT_IN
from course_lib.objects.kinds.custom_resource_definition import CUSTOM_RESOURCE_DEFINITION as CRD
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, ObjectT, is_true, set_condition
from course_lib.objects.openapi.definitions import (
    ESTABLISHED,
    FINALIZER,
    NAMES_ACCEPTED,
    TERMINATING,
    CustomResourceDefinition,
    CustomResourceDefinitionNames,
)

POLL = 5.0  # s between two looks whether the objects of a definition are gone
RETRY = 1.0  # s after a write that the store refused


class DefinitionServer(Protocol):
    """What the extensions need of their API server."""

    sim: Simulation
    kinds: Kinds
    store: Store
    up: bool

    def list(self, kind: type[ObjectT] | Kind) -> list[ObjectT]:
        """All objects of a kind."""

    def document(self, kind: Kind, name: str) -> Document:
        """A copy of the document of an object."""

    def update(self, document: Document, subresource: str = "") -> Object:
        """Replace an object, or its status."""

    def patch(self, kind: Kind, name: str, namespace: str, patch: Document) -> Object:
        """Apply a merge patch."""

    def delete(self, kind: Kind, name: str, namespace: str, *, uid: str) -> None:
        """Delete an object, if it is still the one with that uid.

        `kind`, `name` and `namespace` say which.
        """

    def prefix(self, kind: Kind) -> str:
        """The key below which a kind's objects lie."""


class Extensions:
    """The part of one API server that follows CustomResourceDefinitions."""

    def __init__(self, server: DefinitionServer) -> None:
        self._server = server
        self._served: dict[str, Kind] = {}  # by the name of the definition
        self._due = self._busy = False
        prefix = server.prefix(CRD)
        server.store.watch(prefix, self._on_change)
        for key, entry in server.store.range(prefix):
            self._on_change(Change(entry.revision, "PUT", key, entry, None))

    def _on_change(self, change: Change) -> None:
        name = change.document["metadata"]["name"]
        definition = None if change.type == DELETE else _definition(change.document)
        kind = custom_kind(definition) if definition and definition.established else None
        before = self._served.pop(name, None)
        if before is not None and (kind is None or kind.kind != before.kind):
            self._server.kinds.remove(before)
        if kind is not None and not _is_built_in(kind):
            self._served[name] = kind
            self._server.kinds.add(kind)
        self._wake(0.0)

    def _wake(self, after: float) -> None:
        if not self._due:
            self._due = True
            sim = self._server.sim
            sim.at(sim.now + after, self._on_time)

    def _on_time(self) -> None:
        self._due = False
        if self._server.up:
            self.settle()

    def on_write(self) -> None:
        """A definition was written by this API server: do what follows from it at once."""
        if not self._busy:
            self.settle()

    def settle(self) -> None:
        """Bring every definition as far as it can come now."""
        self._busy = True
        try:
            while any(map(self._act, self._definitions())):
                pass
        except (Conflict, NotFound):
            self._wake(0.0)  # another API server was faster
        except StorageError:
            self._wake(RETRY)
        finally:
            self._busy = False

    def _definitions(self) -> list[CustomResourceDefinition]:
        return self._server.list(CustomResourceDefinition)

    def _act(self, definition: CustomResourceDefinition) -> bool:
        """One step of one definition; whether there was one to make."""
        if definition.terminating:
            return self._clean(definition)
        return self._name(definition) or self._establish(definition)

    # Names

    def _name(self, definition: CustomResourceDefinition) -> bool:
        """Accept the names that no other definition of the group has."""
        accepted, reason, message = _accepted(definition, self._definitions())
        status = "False" if reason != "NoConflicts" else "True"
        stored = list(definition.status.stored_versions or ())
        stored += [
            v.name for v in definition.spec.versions or () if v.storage and v.name not in stored
        ]
        conditions = self._stated(definition, NAMES_ACCEPTED, status, reason, message)
        return self._write(definition, conditions, accepted, stored)

    def _establish(self, definition: CustomResourceDefinition) -> bool:
        """Serve a definition whose names are accepted."""
        if definition.established:
            return False
        if is_true(definition.status.conditions, NAMES_ACCEPTED):
            why = "True", "InitialNamesAccepted", "the initial names have been accepted"
        else:
            why = "False", "NotAccepted", "not all names are accepted"
        return self._write(definition, self._stated(definition, ESTABLISHED, *why))

    # The end

    def _clean(self, definition: CustomResourceDefinition) -> bool:
        """Delete all objects of a definition, then let it go."""
        if FINALIZER not in (definition.metadata.finalizers or ()):
            return False
        kind = _stored_kind(definition) if definition.established else None
        message = "CustomResource deletion is in progress"
        why = "True", "InstanceDeletionInProgress", message
        if kind is not None:
            if self._write(definition, self._stated(definition, TERMINATING, *why)):
                return True
            if self._objects_left(kind):
                self._wake(POLL)
                return False
            why = "False", "InstanceDeletionCompleted", "removed all instances"
        else:
            why = "False", "NeverEstablished", "resource was never established"
        self._write(definition, self._stated(definition, TERMINATING, *why))
        left = [name for name in definition.metadata.finalizers or () if name != FINALIZER]
        patch = {"metadata": {"finalizers": left or None}}
        self._server.patch(CRD, definition.name, "", patch)
        return True

    def _objects_left(self, kind: Kind) -> bool:
        """Delete the objects of a kind; whether finalizers hold some of them."""
        for each in self._server.list(kind):
            if not each.terminating:
                self._server.delete(kind, each.name, each.namespace, uid=each.uid)
        return bool(self._server.list(kind))

    # Writing

    def _stated(
        self,
        definition: CustomResourceDefinition,
        type: str,
        status: str,
        reason: str,
        message: str,
    ) -> list[Document]:
        conditions = definition.status.conditions
        now = self._server.sim.timestamp
        return set_condition(conditions, type, status, now, reason, message)

    def _write(
        self,
        definition: CustomResourceDefinition,
        conditions: list[Document],
        accepted: CustomResourceDefinitionNames | None = None,
        stored: list[str] | None = None,
    ) -> bool:
        """Write a status, where it is another one; whether it was."""
        document = self._server.document(CRD, definition.name)
        status = dict(document.get("status") or {})
        status["conditions"] = conditions
        if accepted is not None:
            status["acceptedNames"] = msgspec.to_builtins(accepted)
        if stored is not None:
            status["storedVersions"] = stored
        if status == document.get("status"):
            return False
        self._server.update(document | {"status": status}, "status")
        return True


def _definition(document: Document) -> CustomResourceDefinition:
    return msgspec.convert(document, CustomResourceDefinition)


def _stored_kind(definition: CustomResourceDefinition) -> Kind | None:
    """The kind of all stored objects, also where no version of them is served."""
    versions = [msgspec.structs.replace(v, served=True) for v in definition.spec.versions or ()]
    spec = msgspec.structs.replace(definition.spec, versions=versions)
    return custom_kind(msgspec.structs.replace(definition, spec=spec))


def _is_built_in(kind: Kind) -> bool:
    """A kind that the API server has of itself stays as it is."""
    return any(
        other.group == kind.group and (other.kind == kind.kind or other.plural == kind.plural)
        for other in BUILT_IN
    )


def _accepted(
    definition: CustomResourceDefinition, all: Iterable[CustomResourceDefinition]
) -> tuple[CustomResourceDefinitionNames, str, str]:
    """The names a definition gets; a reason and a message that tell of the last conflict.

    Names that were accepted once stay, until the ones asked for are free.
    """
    resources: set[str] = set()
    kinds: set[str] = set()
    for other in all:
        if other.spec.group == definition.spec.group:
            names = other.status.accepted_names
            resources |= {names.plural, names.singular, *(names.short_names or ())}
            kinds |= {names.kind, names.list_kind}
    asked, had = definition.spec.names, definition.status.accepted_names
    got: dict[str, Any] = {"categories": asked.categories}
    reason, message = "NoConflicts", "no conflicts found"
    for field, used in (
        ("plural", resources),
        ("singular", resources),
        ("short_names", resources),
        ("kind", kinds),
        ("list_kind", kinds),
    ):
        wanted, own = getattr(asked, field), getattr(had, field)
        taken = _taken(wanted, own, used)
        if taken:
            got[field] = own
            reason = f"{_title(field)}Conflict"
            quoted = [f'"{name}" is already in use' for name in taken]
            message = quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"
        else:
            got[field] = wanted
    return CustomResourceDefinitionNames(**got), reason, message


def _title(field: str) -> str:
    return "".join(part.capitalize() for part in field.split("_"))


def _taken(wanted: object, own: object, used: set[str]) -> list[str]:
    """Of the names that are wanted those that others have."""
    if wanted == own:
        return []
    names = wanted if isinstance(wanted, list) else [wanted]
    mine = own if isinstance(own, list) else [own]
    return [str(name) for name in names if name and name not in mine and name in used]
