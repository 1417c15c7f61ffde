"""Who manages which fields of an object.

Source: `Updater` of structured-merge-diff `merge/update.go`; apimachinery `pkg/util/managedfields`
(`managedfields.go`, `managedfieldsupdater.go`, `stripmeta.go`, `conflict.go`).
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from course_lib.apiserver.applying.fields import (
    ITEM,
    FieldPath,
    FieldSet,
    fields_v1,
    holders,
    in_order,
    leaves,
    read_fields,
    shown,
)
from course_lib.apiserver.errors import FieldConflict
from course_lib.objects.api_types.topology import Merging
from course_lib.objects.manifests import Document, Json

APPLY, UPDATE = "Apply", "Update"
BEFORE = "before-first-apply"  # who manages what there was before anything was tracked
_META = ("name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation",
         "managedFields", "resourceVersion")  # fmt: skip
STRIPPED = frozenset(
    {("f:apiVersion",), ("f:kind",), ("f:metadata",), *(("f:metadata", f"f:{n}") for n in _META)}
)


class ManagerId(msgspec.Struct, frozen=True, order=True):
    """One who manages: its name, how, in which version and of which subresource."""

    operation: str
    name: str
    version: str
    part: str = ""

    @property
    def shown(self) -> str:
        """The manager in messages (`printManager`)."""
        text = f'"{self.name}"'
        if self.part:
            text += f' with subresource "{self.part}"'
        return f"{text} using {self.version}" if self.operation == UPDATE else text


class ManagedSet(msgspec.Struct):
    """The fields that one manages, and since when; empty where nothing was changed by it."""

    fields: FieldSet
    time: str


Managed = dict[ManagerId, ManagedSet]


class ApplyConflict(FieldConflict):
    """An apply would change fields of other managers: pairs of these and paths."""

    def __init__(self, conflicts: list[tuple[ManagerId, FieldPath]]) -> None:
        self.conflicts = conflicts
        self.causes = [
            {
                "reason": "FieldManagerConflict",
                "message": f"conflict with {manager.shown}",
                "field": shown(path),
            }
            for manager, path in conflicts
        ]
        super().__init__(_said(conflicts))


def _said(conflicts: list[tuple[ManagerId, FieldPath]]) -> str:
    """What is said of conflicts (`getConflictMessage`)."""
    if len(conflicts) == 1:
        manager, path = conflicts[0]
        return f"Apply failed with 1 conflict: conflict with {manager.shown}: {shown(path)}"
    lines = []
    for each in sorted({manager for manager, _ in conflicts}, key=lambda each: each.shown):
        lines.append(f"conflicts with {each.shown}:")
        lines += [f"- {shown(path)}" for manager, path in conflicts if manager == each]
    return f"Apply failed with {len(conflicts)} conflicts: " + "\n".join(lines)


def read_managed(document: Document) -> Managed:
    """The managers that an object's metadata name."""
    found: Managed = {}
    for entry in document.get("metadata", {}).get("managedFields") or []:
        operation = entry.get("operation", "")
        version = "" if operation == APPLY else entry.get("apiVersion", "")
        manager = ManagerId(
            operation, entry.get("manager", ""), version, entry.get("subresource", "")
        )
        fields = frozenset(read_fields(entry.get("fieldsV1") or {}))
        found[manager] = ManagedSet(fields, entry.get("time", ""))
    return found


def written(managed: Managed, version: str) -> list[Document]:
    """Managers as metadata name them; an apply is of the `version` of the object."""
    entries = []
    ordered = sorted(managed.items(), key=lambda each: (each[0].operation, each[1].time, each[0]))
    for manager, found in ordered:
        entry: Document = {
            "apiVersion": manager.version or version,
            "fieldsType": "FieldsV1",
            "fieldsV1": fields_v1(found.fields),
            "manager": manager.name,
            "operation": manager.operation,
        }
        if manager.part:
            entry["subresource"] = manager.part
        entries.append(entry | ({"time": found.time} if found.time else {}))
    return entries


def members(document: Document, merging: Merging) -> dict[FieldPath, Json]:
    """The fields of a document that can be managed, with their values, and what they are in."""
    meta = document.get("metadata") or {}
    kept = {key: value for key, value in meta.items() if key != "managedFields"}
    whole = document | {"metadata": kept}
    return dict.fromkeys(holders(whole, merging), ITEM) | leaves(whole, merging)


class FieldChanges(msgspec.Struct):
    """What differs between two versions of an object (`Compare`)."""

    added: FieldSet
    removed: FieldSet
    modified: FieldSet

    @classmethod
    def between(cls, before: Document, after: Document, merging: Merging) -> FieldChanges:
        """The difference of the documents `before` and `after`; `merging` is that of their kind."""
        old, new = members(before, merging), members(after, merging)
        modified = {
            path
            for path, value in new.items()
            if path in old and value is not ITEM and old[path] is not ITEM and old[path] != value
        }
        return cls(
            frozenset(new.keys() - old.keys()),
            frozenset(old.keys() - new.keys()),
            frozenset(modified),
        )


def taken(managed: Managed, change: FieldChanges, manager: ManagerId, force: bool) -> Managed:
    """The managers after one of them made a `change`; raises `ApplyConflict` unless `force`.

    `managed` are those before it, `manager` is who made it.
    """
    touched = change.modified | change.added
    conflicts = [
        (other, path)
        for other, found in sorted(managed.items())
        if other != manager
        for path in in_order(found.fields & touched)
    ]
    if conflicts and not force:
        raise ApplyConflict(conflicts)
    gone = touched | change.removed
    result: Managed = {}
    for other, found in managed.items():
        fields = found.fields if other == manager else found.fields - gone
        if fields:
            result[other] = ManagedSet(fields, found.time)
    return result


def updated(
    managed: Managed, change: FieldChanges, manager: ManagerId, ignored: Iterable[str], now: str
) -> Managed:
    """The managers after an update, which manages what it changed (`Updater.Update`).

    `managed` are those before it, `manager` is who made the `change`; fields below the `ignored`
    ones are nobody's. `now` is the time.
    """
    result = taken(managed, change, manager, force=True)
    own = result.get(manager, ManagedSet(frozenset(), now))
    fields = (own.fields - change.removed) | change.modified | change.added
    fields = frozenset(path for path in fields if path[0] not in ignored) - STRIPPED
    result.pop(manager, None)
    if fields:
        result[manager] = ManagedSet(fields, own.time if fields == own.fields else now)
    return result
