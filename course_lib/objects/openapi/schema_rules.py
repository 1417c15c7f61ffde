"""What a CustomResourceDefinition's schema may say, beside being structural.

Source: `ValidateCustomResourceDefinitionOpenAPISchema` in
`pkg/apis/apiextensions/validation/validation.go` and `pkg/apiserver/schema/defaulting` of
k8s.io/apiextensions-apiserver. Rules in CEL are kept, and not evaluated.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import msgspec

from course_lib.objects.field_errors import FieldError, forbidden, invalid, not_supported, required
from course_lib.objects.openapi.schema import JSONSchemaProps, same
from course_lib.objects.openapi.structural import structural_errors
from course_lib.objects.openapi.validation import validate
from course_lib.objects.openapi.values import META_FIELDS, prune_value

Errors = Iterator[FieldError]
TYPES = ("array", "boolean", "integer", "number", "object", "string")
# A root with a status subresource: the schema of the status is taken out of it.
ROOT_FIELDS = (
    "Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength "
    "MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties "
    "ExternalDocs Example XPreserveUnknownFields XValidations"
)
_NOT_AT_ROOT = (
    "enum", "default", "nullable", "additional_properties", "min_properties", "max_properties",
    "all_of", "any_of", "one_of", "not_", "embedded_resource", "int_or_string", "list_type",
    "list_map_keys", "map_type",
)  # fmt: skip


def schema_errors(schema: JSONSchemaProps, path: str, status: bool) -> list[FieldError]:
    """What is wrong with a version's `schema` at `path`; `status`: it has that subresource."""
    found = list(_root(schema, path)) if status else []
    if schema.nullable:
        found.append(forbidden(f"{path}.nullable", "nullable cannot be true at the root"))
    # What cannot be written as a structural schema at all is not held against its rules.
    if not _has_unsupported(schema):
        found += structural_errors(schema, path) or _defaults(schema, path)
    return found + list(_node(schema, path, root=True))


def _has_unsupported(schema: JSONSchemaProps) -> bool:
    return any(said for _, said in _never(schema)) or any(
        _has_unsupported(inner) for _, inner in schema.below()
    )


def _never(schema: JSONSchemaProps) -> list[tuple[str, object]]:
    """Fields that no schema may have, and whether this one has them."""
    return [
        ("id", schema.id),
        ("additionalItems", schema.additional_items is not None),
        ("patternProperties", schema.pattern_properties),
        ("definitions", schema.definitions),
        ("dependencies", schema.dependencies is not None),
        ("$ref", schema.ref is not None),
    ]


def _root(schema: JSONSchemaProps, path: str) -> Errors:
    if schema.type != "object":
        rule = (
            'only "object" is allowed as the type at the root of the schema if the status '
            "subresource is enabled"
        )
        if schema.type:
            yield invalid(f"{path}.type", schema.type, rule)
        return
    empty = JSONSchemaProps()
    if any(getattr(schema, name) != getattr(empty, name) for name in _NOT_AT_ROOT):
        rule = (
            f"only [{ROOT_FIELDS}] fields are allowed at the root of the schema if the status "
            "subresource is enabled"
        )
        yield invalid(path, msgspec.to_builtins(schema), rule)


def _node(schema: JSONSchemaProps, path: str, root: bool = False, meta: str = "") -> Errors:
    """The rules for one schema and all inside it.

    `meta` says why defaults are forbidden: in the metadata of an object.
    """
    yield from _unsupported(schema, path, meta)
    if schema.unique_items:
        rule = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield forbidden(f"{path}.uniqueItems", rule)
    extra = schema.additional_properties
    if schema.properties and extra is not None and extra is not True:
        rule = "additionalProperties and properties are mutual exclusive"
        yield forbidden(f"{path}.additionalProperties", rule)
    for name, inner in schema.below():
        key = name.removeprefix("properties[").removesuffix("]")
        top = root and name.startswith("properties[") and key in META_FIELDS
        yield from _node(inner, f"{path}.{name}", meta=f"in top-level {key}" if top else meta)
    if schema.preserve_unknown_fields is False:
        here = f"{path}.x-kubernetes-preserve-unknown-fields"
        yield invalid(here, False, "must be true or undefined")
    yield from _map_type(schema, path)
    yield from _list_type(schema, path)


def _unsupported(schema: JSONSchemaProps, path: str, meta: str) -> Errors:
    if schema.type and schema.type not in TYPES:
        yield not_supported(f"{path}.type", schema.type, TYPES)
    if schema.default is not None and meta:
        yield forbidden(f"{path}.default", f"must not be set {meta}")
    for name, said in _never(schema):
        if said:
            yield forbidden(f"{path}.{name}", f"{name} is not supported")
    if schema.type == "null":
        rule = "type cannot be set to null, use nullable as an alternative"
        yield forbidden(f"{path}.type", rule)
    if isinstance(schema.items, list):
        yield forbidden(f"{path}.items", "items must be a schema object and not an array")


def _map_type(schema: JSONSchemaProps, path: str) -> Errors:
    if schema.map_type is None:
        return
    if schema.type != "object":
        yield _must_be(schema, path, "object", "x-kubernetes-map-type")
    if schema.map_type not in ("atomic", "granular"):
        kinds = ("atomic", "granular")
        yield not_supported(f"{path}.x-kubernetes-map-type", schema.map_type, kinds)


def _must_be(schema: JSONSchemaProps, path: str, type: str, said: str) -> FieldError:
    rule = f"must be {type} if {said} is specified"
    here = f"{path}.type"
    return invalid(here, schema.type, rule) if schema.type else required(here, rule)


def _list_type(schema: JSONSchemaProps, path: str) -> Errors:
    kind, item, here = schema.list_type, schema.item, f"{path}.x-kubernetes-list-type"
    if kind is not None and schema.type != "array":
        yield _must_be(schema, path, "array", "x-kubernetes-list-type")
    elif kind == "set" and item is not None:
        rule = "must be atomic as item of a list with x-kubernetes-list-type=set"
        if item.type == "array" and item.list_type not in (None, "atomic"):
            yield invalid(f"{path}.items.x-kubernetes-list-type", item.list_type, rule)
        elif item.type == "object" and item.map_type != "atomic":
            yield invalid(f"{path}.items.x-kubernetes-map-type", item.list_type, rule)
    if kind not in (None, "atomic", "set", "map"):
        yield not_supported(here, kind, ("atomic", "set", "map"))
    if schema.list_map_keys and kind != "map":
        rule = "must be map if x-kubernetes-list-map-keys is non-empty"
        yield required(here, rule) if kind is None else invalid(here, kind, rule)
    if kind in ("set", "map") and item is not None and item.nullable:
        rule = f"cannot be nullable when x-kubernetes-list-type is {kind}"
        yield forbidden(f"{path}.items.nullable", rule)
    if kind == "map":
        yield from _map_list(schema, path)


def _map_list(schema: JSONSchemaProps, path: str) -> Errors:
    keys, item = schema.list_map_keys or [], schema.item
    here = f"{path}.x-kubernetes-list-map-keys"
    if not keys:
        yield required(here, "must not be empty if x-kubernetes-list-type is map")
    if schema.items is None:
        rule = "must have a schema if x-kubernetes-list-type is map"
        yield required(f"{path}.items", rule)
    if item is None:
        return
    if item.type != "object":
        rule = "must be object if parent array's x-kubernetes-list-type is map"
        yield invalid(f"{path}.items.type", item.type, rule)
        return
    for position, key in enumerate(keys):
        if key in keys[:position]:
            yield invalid(here, keys, "must not contain duplicate entries")
        field = (item.properties or {}).get(key)
        if field is None:
            yield invalid(here, keys, "entries must all be names of item properties")
        else:
            needed, at = key in (item.required or ()), f"{path}.items.properties[{key}]"
            yield from _map_key(field, needed, at)


def _map_key(field: JSONSchemaProps, needed: bool, path: str) -> Errors:
    if field.type in ("array", "object"):
        rule = "must be a scalar type if parent array's x-kubernetes-list-type is map"
        yield invalid(f"{path}.type", "object", rule)
    said = "this property is in x-kubernetes-list-map-keys, so it"
    if not needed and field.default is None:
        yield required(f"{path}.default", f"{said} must have a default or be a required property")
    if field.nullable:
        yield forbidden(f"{path}.nullable", f"{said} cannot be nullable")


def _defaults(schema: JSONSchemaProps, path: str) -> list[FieldError]:
    """Defaults that break their own schema, or have fields that it would prune."""
    found: list[FieldError] = []
    if schema.default is not None:
        here, value = f"{path}.default", deepcopy(schema.default)
        if not same(prune_value(value, schema), value):
            found.append(invalid(here, value, "must not have unknown fields"))
        found += validate(value, schema, prefix=here)
    inner = list((schema.properties or {}).items())
    for key, each in inner:
        found += _defaults(each, f"{path}.properties[{key}]")
    if schema.item is not None:
        found += _defaults(schema.item, f"{path}.items")
    return found
