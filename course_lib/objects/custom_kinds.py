"""The kinds that CustomResourceDefinitions define: a `Kind` for each version that is served.

An object is stored as it was written; each version serves it under its own apiVersion, pruned and
defaulted by its own schema (conversion strategy `None`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import msgspec

from course_lib.engine.ages import since
from course_lib.objects.field_errors import Errors, FieldError, invalid, required
from course_lib.objects.headings import Column
from course_lib.objects.jsonpath import JSONPath, text_of
from course_lib.objects.kind import Kind, Row, Scale, by_path
from course_lib.objects.manifests import Document, sorted_keys
from course_lib.objects.meta import Condition, Object, Value
from course_lib.objects.openapi import definitions
from course_lib.objects.openapi.definitions import (
    CustomResourceColumnDefinition,
    CustomResourceDefinition,
    CustomResourceDefinitionVersion,
    CustomResourceSubresourceScale,
)
from course_lib.objects.openapi.schema import JSONSchemaProps, below
from course_lib.objects.openapi.validation import validate
from course_lib.objects.openapi.values import prune, read
from course_lib.objects.quantity import MAX_INT32
from course_lib.objects.validation.meta import object_meta, object_meta_update

NAME = Column("Name", format="name", description="Name")
AGE = CustomResourceColumnDefinition(
    name="Age", type="date", description="Age", json_path=".metadata.creationTimestamp"
)


class CustomStatus(Value, frozen=True):
    """What other parts of a cluster can read of any kind's status."""

    conditions: list[Condition] | None = None


class CustomObject(Object, frozen=True, kw_only=True):
    """An object of a custom kind, with its whole document."""

    document: Document = msgspec.field(default_factory=dict)

    @property
    def status(self) -> CustomStatus:
        """Its conditions; none where the status is not written as Kubernetes' own are."""
        with suppress(msgspec.ValidationError):
            return msgspec.convert(self.document.get("status"), CustomStatus)
        return CustomStatus()


def custom_kind(definition: CustomResourceDefinition) -> Kind | None:
    """The kind that a definition adds, in the version that clients prefer; None: none is served."""
    kinds = [_kind(definition, version) for version in definition.spec.served]
    if not kinds:
        return None
    return msgspec.structs.replace(kinds[0], versions=tuple(kinds[1:]))


def _kind(definition: CustomResourceDefinition, version: CustomResourceDefinitionVersion) -> Kind:
    spec, names, schema = definition.spec, definition.status.accepted_names, version.properties
    api_version = f"{spec.group}/{version.name}"
    scale = version.subresources.scale if version.subresources else None
    columns = version.additional_printer_columns or [AGE]
    rules = partial(_errors, schema=schema, scale=scale)
    namespaced = spec.scope == definitions.NAMESPACED
    return Kind(
        api_version,
        CustomObject,
        tuple(names.short_names or ()),
        names.kind,
        names.plural,
        namespaced=namespaced,
        singular=names.singular,
        deprecation=_deprecation(version, api_version, names.kind),
        categories=tuple(names.categories or ()),
        custom=True,
        selectable=by_path(
            *(f.json_path.removeprefix(".") for f in version.selectable_fields or ())
        ),
        generations=True,
        view=lambda document: _view(document, api_version),
        serve=lambda document: _served(document, schema, api_version),
        unknown=lambda document: _unknown(document, schema),
        complete=lambda document: _complete(document, schema),
        validate=lambda document: _new(document, namespaced, rules),
        validate_update=lambda new, old: _changed(new, old, rules),
        validate_status=lambda new, old: _changed(new, old, rules),
        columns=(NAME, *map(_column, columns)),
        row=partial(_row, columns),
        status=version.has_status,
        scale=_scale(scale),
    )


def _deprecation(version: CustomResourceDefinitionVersion, api_version: str, kind: str) -> str:
    if not version.deprecated:
        return ""
    return version.deprecation_warning or f"{api_version} {kind} is deprecated"


# Reading


def _view(document: Document, api_version: str) -> CustomObject:
    known = msgspec.convert(document, Object)
    document = document | {"apiVersion": api_version}
    return CustomObject(
        api_version=api_version, kind=known.kind, metadata=known.metadata, document=document
    )


def _complete(document: Document, schema: JSONSchemaProps) -> None:
    filled, _ = read(document, schema)
    document.clear()
    document.update(filled)


def _served(document: Document, schema: JSONSchemaProps, api_version: str) -> Document:
    """A stored document as a version has it."""
    filled, _ = read(document, schema)
    return filled | {"apiVersion": api_version}


def _unknown(document: Document, schema: JSONSchemaProps) -> list[str]:
    return prune(document, schema)[1]


# Judging

Rules = Callable[[Document, object], list[FieldError]]


def _new(document: Document, namespaced: bool, rules: Rules) -> Errors:
    """What is wrong with a new object, by its metadata and by the `rules` of its schema.

    Source: `pkg/registry/customresource/strategy.go` of k8s.io/apiextensions-apiserver.
    """
    yield from object_meta(document, namespaced=namespaced, core=False)
    yield from rules(document, msgspec.UNSET)


def _changed(new: Document, old: Document, rules: Rules) -> Errors:
    """The same for the `new` version of an `old` object."""
    yield from object_meta_update(new, old, core=False)
    yield from rules(new, old)


def _errors(
    document: Document,
    old: object,
    schema: JSONSchemaProps,
    scale: CustomResourceSubresourceScale | None,
) -> list[FieldError]:
    document = sorted_keys(document)
    found = validate(document, schema, old)
    found += _embedded(document, schema, "")
    return found + list(_replicas(document, scale))


def _embedded(value: object, schema: JSONSchemaProps | None, path: str) -> list[FieldError]:
    """Objects inside an object: each says what it is."""
    found: list[FieldError] = []
    if isinstance(value, dict) and schema is not None:
        if schema.embedded_resource:
            for key in ("apiVersion", "kind"):
                if key not in value:
                    found.append(required(below(path, key)))
                elif not isinstance(value[key], str):
                    found.append(invalid(below(path, key), value[key], "must be a string"))
                elif not value[key]:
                    found.append(invalid(below(path, key), "", "must not be empty"))
        for key, item in value.items():
            found += _embedded(item, schema.of(key), below(path, key))
    elif isinstance(value, list) and schema is not None:
        for position, item in enumerate(value):
            found += _embedded(item, schema.item, f"{path}[{position}]")
    return found


def _replicas(
    document: Document, scale: CustomResourceSubresourceScale | None
) -> Iterator[FieldError]:
    """The numbers that the subresource `scale` shows."""
    for path in (scale.spec_replicas_path, scale.status_replicas_path) if scale else ():
        count = JSONPath(path).first(document)
        if isinstance(count, int) and count < 0:
            yield invalid(path, count, "should be a non-negative integer")
        elif isinstance(count, int) and count > MAX_INT32:
            yield invalid(path, count, f"should be less than or equal to {MAX_INT32}")


# Showing


def _column(column: CustomResourceColumnDefinition) -> Column:
    path = f"Custom resource definition column (in JSONPath format): {column.json_path}"
    told = column.description or path
    return Column(column.name, column.type, column.format, column.priority, told)


def _row(columns: list[CustomResourceColumnDefinition], view: CustomObject, now: float) -> Row:
    return [view.name, *(_cell(view.document, column, now) for column in columns)]


def _cell(document: Document, column: CustomResourceColumnDefinition, now: float) -> object:
    """One cell; None where there is no value, or one of another type.

    Source: `pkg/registry/customresource/tableconvertor` of k8s.io/apiextensions-apiserver.
    """
    value: object = None
    with suppress(Exception):  # a path that cannot be read finds nothing
        value = JSONPath(column.json_path).first(document)
    if value is None:
        return None
    if column.type == "string":
        return text_of(value)
    if column.type == "boolean":
        return value if isinstance(value, bool) else None
    if column.type == "date":
        return _age(value, now)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if column.type == "integer" else float(value)


def _age(value: object, now: float) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        return since(value, now)
    except ValueError:
        return "<invalid>"


def _scale(scale: CustomResourceSubresourceScale | None) -> Scale | None:
    if scale is None:
        return None
    paths = scale.spec_replicas_path, scale.status_replicas_path, scale.label_selector_path
    return Scale(*(path.removeprefix(".") for path in paths))
