"""Namespace: a room for names, quotas and policies (API reference, `core/v1`)."""

from __future__ import annotations

from course_lib.objects.field_errors import Errors, invalid
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Subresource, by_path
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Condition, Object, Value
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import (
    all_invalid,
    label_name,
    object_meta,
    standard_finalizer,
)

NAME_LABEL = "kubernetes.io/metadata.name"


class NamespaceSpec(Value, frozen=True):
    """What must be done before a namespace may go."""

    finalizers: list[str] | None = None


class NamespaceStatus(Value, frozen=True):
    """Active or Terminating."""

    phase: str = "Active"
    conditions: list[Condition] | None = None


KEEPER = "kubernetes"  # the finalizer that waits for the namespace's content


class Namespace(Object, frozen=True, kw_only=True):
    """A room for names, quotas and policies."""

    spec: NamespaceSpec = NamespaceSpec()
    status: NamespaceStatus = NamespaceStatus()


def _complete(document: Document) -> None:
    """A label with the namespace's own name, for selectors of NetworkPolicies and their like."""
    if name := document["metadata"].get("name"):
        for labels in places(document, "metadata.labels"):
            labels[NAME_LABEL] = name


def _carry_over(before: Document, after: Document) -> None:
    """Keep the finalizers: `finalize` alone changes them (`PrepareForUpdate`)."""
    kept = before["spec"].get("finalizers")
    for spec in places(after, "spec"):
        spec.pop("finalizers", None)
        if kept:
            spec["finalizers"] = kept


def _prepare(document: Document) -> None:
    """The finalizer of a new namespace, and its label (`PrepareForCreate`, `Canonicalize`)."""
    _complete(document)  # a name that the server made is known now
    document["status"] = {"phase": "Active"}
    names = document["spec"].get("finalizers") or []
    document["spec"]["finalizers"] = names if KEEPER in names else [*names, KEEPER]


def _validate(document: Document) -> Errors:
    """Source: `ValidateNamespace` in `pkg/apis/core/validation`."""
    yield from object_meta(document, label_name, namespaced=False)
    for name in document["spec"].get("finalizers") or ():
        yield from all_invalid("spec.finalizers", name, formats.label_key(name))
        yield from standard_finalizer("spec.finalizers", name)


def _validate_update(new: Document, old: Document) -> Errors:
    """The same; of a request to change the finalizers, each by its place."""
    yield from object_meta(new, label_name, namespaced=False)
    for position, name in enumerate(new["spec"].get("finalizers") or ()):
        here = f"spec.finalizers[{position}]"
        yield from all_invalid(here, name, formats.label_key(name))
        yield from standard_finalizer(here, name)


def _validate_status(new: Document, old: Document) -> Errors:
    """Source: `ValidateNamespaceStatusUpdate`."""
    gone = bool(new["metadata"].get("deletionTimestamp"))
    phase, wanted = new["status"].get("phase", ""), "Terminating" if gone else "Active"
    if phase != wanted:
        state = "not empty" if gone else "empty"
        yield invalid(
            "status.Phase", phase, f"may only be '{wanted}' if `deletionTimestamp` is {state}"
        )


NAMESPACE = Kind(
    "v1",
    Namespace,
    ("ns",),
    selectable=by_path("status.phase"),
    namespaced=False,
    complete=_complete,
    prepare=_prepare,
    carry_over=_carry_over,
    validate=_validate,
    validate_update=_validate_update,
    validate_status=_validate_status,
    subresources=(Subresource("finalize", "Namespace"),),
    columns=table_columns("Name  Status  Age"),
    row=lambda namespace, now: (namespace.name, namespace.status.phase),
    whole_collection=False,
)
