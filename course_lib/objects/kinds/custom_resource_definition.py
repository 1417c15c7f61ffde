"""CustomResourceDefinition: how a cluster learns a new kind (kubernetes.io "Custom Resources").

The life of a definition: stored; its names accepted, or refused where another definition of its
group has them; established, and from then on its objects are served; terminating, while its
objects are deleted; gone.
"""

from __future__ import annotations

import msgspec

from course_lib.objects.field_errors import InvalidObject
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row
from course_lib.objects.manifests import Document
from course_lib.objects.openapi.definition_rules import complete, definition_errors, update_errors
from course_lib.objects.openapi.definitions import FINALIZER, CustomResourceDefinition


def _rules(view: CustomResourceDefinition) -> Problems:
    document = msgspec.to_builtins(view)
    if errors := definition_errors(view, new=not view.metadata.resource_version):
        raise InvalidObject(document, errors)
    return iter(())


def _transition(before: Document, after: Document) -> Problems:
    old, new = (msgspec.convert(each, CustomResourceDefinition) for each in (before, after))
    if errors := update_errors(old, new):
        raise InvalidObject(after, errors)
    return iter(())


def _first_status(view: CustomResourceDefinition) -> Document:
    stored = [version.name for version in view.spec.versions or () if version.storage]
    return {"storedVersions": stored, "acceptedNames": {"plural": "", "kind": ""}}


def _row(view: CustomResourceDefinition, now: float) -> Row:
    spec = view.spec
    versions = sorted(f"{v.name}{'(storage)' * v.storage}" for v in spec.served)
    names = ",".join(spec.names.short_names or ())
    return (
        view.name,
        spec.scope,
        ",".join(versions),
        view.metadata.creation_timestamp,
        spec.group,
        spec.names.kind,
        names,
        view.established,
    )


CUSTOM_RESOURCE_DEFINITION = Kind(
    "apiextensions.k8s.io/v1",
    CustomResourceDefinition,
    ("crd", "crds"),
    namespaced=False,
    categories=("api-extensions",),
    removed_versions={"apiextensions.k8s.io/v1beta1": "1.22"},
    not_simulated=("spec.conversion.webhook",),
    generations=True,
    complete=complete,
    rules=_rules,
    transition=_transition,
    first_status=_first_status,
    deletion_finalizer=FINALIZER,
    columns=table_columns(
        "Name  Scope  Versions  Created At:date  +Group  +Kind  +ShortNames  +Established:boolean"
    ),
    row=_row,
)
