"""CustomResourceDefinition: how a cluster learns a new kind (kubernetes.io "Custom Resources").

The life of a definition: stored; its names accepted, or refused where another definition of its
group has them; established, and from then on its objects are served; terminating, while its
objects are deleted; gone.
"""

from __future__ import annotations

import msgspec

from course_lib.objects.field_errors import Errors, invalid
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row
from course_lib.objects.manifests import Document
from course_lib.objects.openapi.definition_rules import complete, definition_errors, update_errors
from course_lib.objects.openapi.definitions import FINALIZER, CustomResourceDefinition
from course_lib.objects.openapi.expressions import rule_errors, selectable_errors
from course_lib.objects.validation.meta import marks, object_meta_update


def _validate(document: Document) -> Errors:
    """Source: `ValidateCustomResourceDefinition` of k8s.io/apiextensions-apiserver."""
    yield from _judge(document, new=True)


def _judge(document: Document, new: bool) -> Errors:
    try:
        view = msgspec.convert(document, CustomResourceDefinition)
    except msgspec.ValidationError:
        return  # a wrong type: decoding tells of it
    yield from marks(document["metadata"])
    yield from definition_errors(view, new)
    yield from _expressions(document.get("spec") or {})


def _expressions(spec: Document) -> Errors:
    """Rules in CEL and selectable fields; those that all versions share are told once."""
    versions = spec.get("versions") or []
    for field, at_top in (("schema", "validation"), ("selectableFields", "selectableFields")):
        parts = [version.get(field) for version in versions]
        shared = all(part == parts[0] for part in parts)
        for position, version in enumerate(versions[:1] if shared else versions):
            path = f"spec.{at_top if shared else f'versions[{position}].{field}'}"
            schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
            if field == "schema":
                yield from rule_errors(schema, f"{path}.openAPIV3Schema")
            elif version.get(field) and not shared and not schema:
                rule = "may only be set when `version.schema.openAPIV3Schema` is not included"
                yield invalid(path, "", rule)
            else:
                yield from selectable_errors(version.get(field) or [], schema, path)


def _validate_update(new: Document, old: Document) -> Errors:
    """Source: `ValidateCustomResourceDefinitionUpdate` of the same."""
    yield from object_meta_update(new, old)
    yield from _judge(new, new=False)
    try:
        before, after = (msgspec.convert(each, CustomResourceDefinition) for each in (old, new))
    except msgspec.ValidationError:
        return
    yield from update_errors(before, after)


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
    validate=_validate,
    validate_update=_validate_update,
    first_status=_first_status,
    deletion_finalizer=FINALIZER,
    columns=table_columns(
        "Name  Scope  Versions  Created At:date  +Group  +Kind  +ShortNames  +Established:boolean"
    ),
    row=_row,
)
