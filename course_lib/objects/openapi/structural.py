"""When a schema is structural: each field is declared once, outside of `allOf` and its like.

Only of such a schema can the API server tell which fields are unknown. Source:
`pkg/apiserver/schema/validation.go` and `complete.go` of k8s.io/apiextensions-apiserver.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from course_lib.objects.field_errors import FieldError, forbidden, invalid, required
from course_lib.objects.openapi.patterns import problem
from course_lib.objects.openapi.schema import JSONSchemaProps

Errors = Iterator[FieldError]
ROOT, ITEM, FIELD = "at the root", "for specified array items", "for specified object fields"
_INT_OR_STRING = [JSONSchemaProps(type="integer"), JSONSchemaProps(type="string")]


def structural_errors(schema: JSONSchemaProps, path: str) -> list[FieldError]:
    """What keeps a schema from being structural, in the order of the messages."""
    return sorted([*_declared(schema, path, ROOT), *_complete(schema, schema, path, path)], key=str)


# The parts that declare fields


def _declared(schema: JSONSchemaProps, path: str, level: str) -> Errors:
    if schema.type == "array" and schema.items is None:
        yield required(f"{path}.items", "must be specified")
    if schema.item is not None:
        yield from _declared(schema.item, f"{path}.items", ITEM)
    for key, inner in (schema.properties or {}).items():
        yield from _declared(inner, f"{path}.properties[{key}]", FIELD)
    if schema.additional_properties is not None:
        if level == ROOT:
            yield forbidden(f"{path}.additionalProperties", "must not be used at the root")
        if schema.others is not None:
            yield from _declared(schema.others, f"{path}.additionalProperties", FIELD)
    yield from _extensions(schema, path)
    yield from _junctors(schema, path)
    yield from _type(schema, path, level)
    yield from _meta_fields(schema, path, level)


def _extensions(schema: JSONSchemaProps, path: str) -> Errors:
    if schema.int_or_string and schema.preserve_unknown_fields:
        here = f"{path}.x-kubernetes-preserve-unknown-fields"
        yield invalid(here, True, "must be false if x-kubernetes-int-or-string is true")
    if schema.int_or_string and schema.embedded_resource:
        here = f"{path}.x-kubernetes-embedded-resource"
        yield invalid(here, True, "must be false if x-kubernetes-int-or-string is true")
    if schema.embedded_resource:
        if schema.additional_properties is not None:
            rule = "must not be used if x-kubernetes-embedded-resource is set"
            yield forbidden(f"{path}.additionalProperties", rule)
        if not schema.preserve_unknown_fields and not schema.properties:
            rule = (
                "must not be empty if x-kubernetes-embedded-resource is true without "
                "x-kubernetes-preserve-unknown-fields"
            )
            yield required(f"{path}.properties", rule)


def _type(schema: JSONSchemaProps, path: str, level: str) -> Errors:
    here = f"{path}.type"
    if schema.embedded_resource and schema.type != "object":
        rule = "must be object if x-kubernetes-embedded-resource is true"
        yield invalid(here, schema.type, rule) if schema.type else required(here, rule)
    elif not schema.type and not schema.int_or_string and not schema.preserve_unknown_fields:
        yield required(here, f"must not be empty {level}")
    if level == ROOT and schema.type not in ("", "object"):
        yield invalid(here, schema.type, "must be object at the root")


def _meta_fields(schema: JSONSchemaProps, path: str, level: str) -> Errors:
    properties = schema.properties or {}
    of_resource = level == ROOT or schema.embedded_resource
    for key in ("kind", "apiVersion"):
        if of_resource and key in properties and properties[key].type != "string":
            here = f"{path}.properties[{key}].type"
            yield invalid(here, properties[key].type, "must be string")
    meta = properties.get("metadata")
    if meta is None:
        return
    here = f"{path}.properties[metadata]"
    if of_resource and meta.type != "object":
        yield invalid(f"{here}.type", meta.type, "must be object")
    if level == ROOT and not _only_names(meta):
        rule = (
            "must not specify anything other than name and generateName, but metadata is "
            "implicitly specified"
        )
        yield forbidden(here, rule)


def _only_names(meta: JSONSchemaProps) -> bool:
    """Whether a schema of the metadata speaks of the object's name alone."""
    if not set(meta.properties or ()) <= {"name", "generateName"}:
        return False
    rest = msgspec.structs.replace(meta, type="", default=None, properties=None)
    return rest == JSONSchemaProps()


# The parts that only check values


def _junctors(schema: JSONSchemaProps, path: str) -> Errors:
    """The rules for `allOf` and its like; the two ways to write int-or-string are excepted."""
    skip = "anyOf" if schema.any_of == _INT_OR_STRING else ""
    nested = [
        (name, one) for name, one in schema.junctors() if not skip or not name.startswith(skip)
    ]
    for name, one in nested:
        yield from _checking(one, f"{path}.{name}", first=name == "allOf[0]")
    if schema.pattern and (wrong := problem(schema.pattern)):
        rule = f"must be a valid regular expression, but isn't: {wrong}"
        yield invalid(f"{path}.pattern", schema.pattern, rule)


def _checking(schema: JSONSchemaProps, path: str, first: bool = False) -> Errors:
    """What a schema under a junctor may not say: it declares nothing."""
    alone = first and schema.any_of == _INT_OR_STRING
    yield from _junctors(msgspec.structs.replace(schema, any_of=None) if alone else schema, path)
    if schema.item is not None:
        yield from _checking(schema.item, f"{path}.items")
    for key, inner in (schema.properties or {}).items():
        yield from _checking(inner, f"{path}.properties[{key}]")
    if "metadata" in (schema.properties or {}):
        rule = "must not be specified in a nested context"
        yield forbidden(f"{path}.properties[metadata]", rule)
    for name, said, rule in (
        ("type", schema.type, "empty"),
        ("additionalProperties", schema.others is not None, "undefined"),
        ("default", schema.default is not None, "undefined"),
        ("title", schema.title, "empty"),
        ("description", schema.description, "empty"),
        ("nullable", schema.nullable, "false"),
        ("x-kubernetes-preserve-unknown-fields", schema.preserve_unknown_fields, "false"),
        ("x-kubernetes-embedded-resource", schema.embedded_resource, "false"),
        ("x-kubernetes-int-or-string", schema.int_or_string, "false"),
        ("x-kubernetes-list-map-keys", schema.list_map_keys, "empty"),
        ("x-kubernetes-list-type", schema.list_type is not None, "undefined"),
        ("x-kubernetes-map-type", schema.map_type is not None, "undefined"),
    ):
        if said:
            yield forbidden(f"{path}.{name}", f"must be {rule} to be structural")


# What is checked must be declared


def _complete(
    checks: JSONSchemaProps, declared: JSONSchemaProps, path: str, checks_path: str
) -> Errors:
    for name, one in checks.junctors():
        yield from _complete_nested(one, declared, path, f"{checks_path}.{name}")


def _complete_nested(
    checks: JSONSchemaProps, declared: JSONSchemaProps | None, path: str, checks_path: str
) -> Errors:
    if declared is None:
        yield required(path, f"because it is defined in {checks_path}")
        return
    yield from _complete(checks, declared, path, checks_path)
    if checks.item is not None:
        here = f"{checks_path}.items"
        yield from _complete_nested(checks.item, declared.item, f"{path}.items", here)
    for key, inner in (checks.properties or {}).items():
        here = f"properties[{key}]"
        of_declared = (declared.properties or {}).get(key)
        yield from _complete_nested(inner, of_declared, f"{path}.{here}", f"{checks_path}.{here}")
