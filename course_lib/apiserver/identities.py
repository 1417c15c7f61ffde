"""Whether a document is the one that its request's path names, in kind, namespace and name.

Source: `k8s.io/apiserver/pkg/endpoints/handlers` (`rest.go`, `update.go`, `patch.go`) and
`pkg/registry/rest/meta.go`; `conversion` and `runtime` of k8s.io/apimachinery.
"""

from __future__ import annotations

import json

from course_lib.apiserver.errors import BadRequest
from course_lib.apiserver.go_values import go_shape
from course_lib.apiserver.targets import Target
from course_lib.objects.api_types.table import table
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document, Json
from course_lib.objects.typed import typed

SUMMARY = 30  # characters of a body that a refusal shows
SCHEME = "pkg/runtime/scheme.go:111"  # where the registry of types is made


def metadata_of(document: Document, kind: Kind | None = None) -> Document:
    """The metadata of a document of a `kind`, as a mapping of its own.

    Raises `WrongType` or `BadRequest` where it is no mapping.
    """
    meta = document.get("metadata")
    if kind is not None and not isinstance(meta, dict | None):
        typed(document, kind)  # it raises
    if meta is not None and not isinstance(meta, dict):
        raise BadRequest("metadata is an object", expected="a mapping", found=repr(meta)[:60])
    return dict(meta or {})


def complete_kind(document: Document, kind: Kind) -> str:
    """Write what a document leaves out of its kind; why it cannot be read as the `kind`, or "".

    Raises `BadRequest` for another version of the same kind.
    """
    given = {"apiVersion": kind.api_version, "kind": kind.kind}
    for field, value in given.items():
        if not isinstance(document.get(field), str | None):
            raise _unrecognized(document, kind, field)
        document[field] = document.get(field) or value
    version, name = document["apiVersion"], document["kind"]
    if version == kind.api_version and name == kind.kind:
        return ""
    if version.count("/") > 1:
        raise _no_kind(document, kind, f"unexpected GroupVersion string: {version}")
    if version in kind.removed_versions and name == kind.kind:
        raise BadRequest(
            f"the API version in the data ({version}) does not match the expected API version "
            f"({kind.api_version})",
            expected=kind.api_version,
            found=version[:60],
        )
    registered = (version, name) in table().kinds or name.removesuffix("List") != name
    same = name == kind.kind and str(version).rpartition("/")[0] == kind.group
    if kind.custom or (same and registered):
        raise BadRequest(
            f"the API version in the data ({version}) does not match the expected API version "
            f"({kind.api_version})",
            expected=kind.api_version,
            found=str(version)[:60],
        )
    if not registered:
        return f'no kind "{name}" is registered for version "{version}" in scheme "{SCHEME}"'
    last = str(version).rpartition("/")[2]
    return f"converting ({last}.{name}) to ({_internal(kind)}): unknown conversion"


def _unrecognized(document: Document, kind: Kind, field: str) -> BadRequest:
    why = f"cannot unmarshal {go_shape(document[field])} into Go struct field .{field}"
    said = f"couldn't get version/kind; json parse error: json: {why} of type string"
    return _no_kind(document, kind, said)


def _no_kind(document: Document, kind: Kind, why: str) -> BadRequest:
    text = json.dumps(document)
    shown = text if len(text) <= SUMMARY else f"{text[:SUMMARY]} ..."
    return BadRequest(
        f"the object provided is unrecognized (must be of type {kind.kind}): {why} ({shown})"
    )


def _internal(kind: Kind) -> str:
    """The name of the type in which the API server holds objects of a kind."""
    package = kind.group.partition(".")[0] or "core"
    return f"{'core' if kind.kind == 'Event' else package}.{kind.kind}"


def unreadable(document: Document, kind: Kind, why: str) -> BadRequest:
    """The refusal of a document that cannot be read as one of a `kind`; `why` is its reason."""
    version = str(document["apiVersion"]).rpartition("/")[2]
    said = f'{document["kind"]} in version "{version}" cannot be handled as a {kind.kind}: {why}'
    return BadRequest(said, expected=kind.kind, found=str(document["kind"])[:60])


def check_dry_run(document: Document) -> None:
    """Raise `BadRequest` for a document that asks for a dry run by itself."""
    if "dryRun" in document or "deleteOptions" in document:
        raise BadRequest("a dry run is asked for in the query here", expected="?dryRun=All")


def complete_place(document: Document, target: Target) -> None:
    """Write what a document leaves out of its place, as its path says.

    Raises `BadRequest` for a document of another place than the `target`.
    """
    meta = metadata_of(document, None if target.part else target.kind)
    document["metadata"] = meta
    check_dry_run(document)
    _complete(meta, "namespace", target.namespace)
    if target.namespace and meta["namespace"] != target.namespace:
        raise BadRequest(
            "the namespace of the provided object does not match the namespace sent on the request",
            expected=target.namespace,
            found=str(meta["namespace"])[:60],
        )
    if not target.name:
        return
    if not meta.get("name"):
        raise BadRequest(
            f"the name of the object ({target.name} based on URL) was undeterminable: name must be "
            "provided",
            expected=target.name,
        )
    if meta["name"] != target.name:
        raise BadRequest(
            f"the name of the object ({meta['name']}) does not match the name on the URL "
            f"({target.name})",
            expected=target.name,
            found=str(meta["name"])[:60],
        )


def _complete(meta: Document, field: str, value: Json) -> None:
    if meta.get(field) in (None, ""):
        meta.pop(field, None)
        if value:
            meta[field] = value
