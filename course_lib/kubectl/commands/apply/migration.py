"""From apply on the client's side to apply on the server's: what kubectl managed stays its own.

Source: `saveLastApplyAnnotationIfNecessary` and `migrateToSSAIfNecessary` of kubectl
`pkg/cmd/apply/apply.go`; client-go `util/csaupgrade/upgrade.go`.
"""

from __future__ import annotations

from course_lib.apiserver.applying.fields import FieldPath, fields_v1, read_fields
from course_lib.apiserver.applying.managers import APPLY, UPDATE
from course_lib.client.last_applied import LAST_APPLIED, last_applied
from course_lib.objects.manifests import Document

ANNOTATION: FieldPath = ("f:metadata", "f:annotations", f"f:{LAST_APPLIED}")
KEEPER = "kubectl-last-applied"  # who manages the annotation from then on


def owners(live: Document, operation: str) -> list[str]:
    """The managers of the annotation of an apply by the client, by an `operation` of theirs."""
    return [
        entry["manager"]
        for entry in live["metadata"].get("managedFields") or []
        if entry["operation"] == operation and ANNOTATION in set(read_fields(entry["fieldsV1"]))
    ]


def annotation_alone(live: Document) -> Document | None:
    """The configuration by which the annotation gets a manager of its own; None if it has one."""
    text = last_applied(live)
    if text is None or owners(live, APPLY):
        return None
    meta = live["metadata"]
    kept: Document = {"name": meta["name"], "annotations": {LAST_APPLIED: text}}
    if meta.get("namespace"):
        kept["namespace"] = meta["namespace"]
    return {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": kept}


def upgraded(live: Document, manager: str) -> list[Document] | None:
    """The JSON patch that makes the updates of the client's side an apply of a `manager`.

    None where there are none (`UpgradeManagedFieldsPatch`).
    """
    before = live["metadata"].get("managedFields") or []
    after = before
    for name in sorted(set(owners(live, UPDATE))):
        after = _joined(after, name, manager)
    if after == before:
        return None
    version = live["metadata"]["resourceVersion"]
    return [
        {"op": "replace", "path": "/metadata/managedFields", "value": after},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
    ]


def _joined(entries: list[Document], name: str, manager: str) -> list[Document]:
    """The entries with the updates of a `name` joined to the apply of the `manager`."""
    updates = [each for each in entries if _is(each, name, UPDATE)]
    applies = [each for each in entries if _is(each, manager, APPLY)]
    target = next(iter([*applies, *updates]), None)
    if target is None:
        return entries
    fields = set(read_fields(target["fieldsV1"]))
    for each in updates:
        if each["apiVersion"] == target["apiVersion"]:
            fields |= set(read_fields(each["fieldsV1"]))
            break
    head = {"manager": manager, "operation": APPLY}
    joined = target | head | {"fieldsV1": fields_v1(fields)}
    return [
        joined if each is target else each
        for each in entries
        if each is target or not _is(each, name, UPDATE)
    ]


def _is(entry: Document, name: str, operation: str) -> bool:
    said = entry["manager"], entry["operation"], entry.get("subresource", "")
    return said == (name, operation, "")
