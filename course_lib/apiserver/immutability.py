"""What stays whatever an update says."""

from __future__ import annotations

from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document

# Set by the server at creation, and kept.
IDENTITY = ("name", "namespace", "uid", "creationTimestamp", "generation")
STAMPS = ("creationTimestamp", "generation")  # what a writer says of them is passed over
LIFE = ("deletionTimestamp", "deletionGracePeriodSeconds")


def carry_over(before: Document, wanted: Document, subresource: str, kind: Kind) -> Document:
    """An update of the object keeps its status; an update of the status keeps everything else.

    Some metadata may come with the status of a built-in kind (`PrepareForUpdate`). Where the
    status is no subresource, it is a part like any other.

    The object is `before`, and `wanted` is sent to the `subresource` (empty: the object itself) of
    the `kind`.
    """
    if subresource == "status":
        status = {"status": wanted["status"]} if "status" in wanted else {}
        metadata, asked = before["metadata"], wanted["metadata"]
        beside = ("managedFields", *(() if kind.custom else kind.status_metadata))
        if changed := {f: asked[f] for f in beside if f in asked and asked[f] != metadata.get(f)}:
            metadata = metadata | changed
        kept = {k: v for k, v in before.items() if k != "status"}
        return kept | status | {"metadata": metadata}
    kept = {f: before["metadata"][f] for f in (*IDENTITY, *LIFE) if f in before["metadata"]}
    if "managedFields" in before["metadata"] and "managedFields" not in wanted["metadata"]:
        kept["managedFields"] = before["metadata"]["managedFields"]
    document = {key: value for key, value in wanted.items() if key != "status" or not kind.status}
    if "status" in before and kind.status:
        document["status"] = before["status"]
    asked = {k: v for k, v in wanted["metadata"].items() if k not in (*LIFE, *STAMPS)}
    document["metadata"] = asked | kept
    document["metadata"]["resourceVersion"] = before["metadata"].get("resourceVersion", "")
    return document
