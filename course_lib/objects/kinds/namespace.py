"""Namespace: a room for names, quotas and policies (API reference, `core/v1`)."""

from __future__ import annotations

from course_lib.objects.field_rules import label_key, matching
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Subresource
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Condition, Object, Value
from course_lib.objects.names import label_name


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
    for labels in places(document, "metadata.labels"):
        labels["kubernetes.io/metadata.name"] = document["metadata"].get("name", "")


def _carry_over(before: Document, after: Document) -> None:
    """Keep the finalizers: `finalize` alone changes them (`PrepareForUpdate`)."""
    kept = before["spec"].get("finalizers")
    for spec in places(after, "spec"):
        spec.pop("finalizers", None)
        if kept:
            spec["finalizers"] = kept


def _prepare(document: Document) -> None:
    """The finalizer of a new namespace (`PrepareForCreate`)."""
    names = document["spec"].get("finalizers") or []
    document["spec"]["finalizers"] = names if KEEPER in names else [*names, KEEPER]


NAMESPACE = Kind(
    "v1",
    Namespace,
    ("ns",),
    namespaced=False,
    defaults={"status.phase": "Active"},
    prepare=_prepare,
    complete=_complete,
    fields={
        "spec.finalizers[*]": matching(
            lambda name: name == "kubernetes" or ("/" in name and not label_key(name)),
            "a standard finalizer, or a name with a domain",
        )
    },
    carry_over=_carry_over,
    status_at_creation=True,
    subresources=(Subresource("finalize", "Namespace"),),
    name_rule=label_name,
    columns=table_columns("Name  Status  Age"),
    row=lambda namespace, now: (namespace.name, namespace.status.phase),
    whole_collection=False,
)
