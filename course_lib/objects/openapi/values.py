"""What a schema does to a document: unknown fields are pruned, defaults are filled in.

Each function gives a new value and leaves the old one as it is. Source:
`pkg/apiserver/schema/pruning` and `pkg/apiserver/schema/defaulting` of
k8s.io/apiextensions-apiserver.
"""

from __future__ import annotations

from copy import deepcopy

from course_lib.objects.manifests import Document
from course_lib.objects.openapi.schema import JSONSchemaProps, below

META_FIELDS = ("apiVersion", "kind", "metadata")  # of every object; no schema prunes them


def prune(document: Document, schema: JSONSchemaProps) -> tuple[Document, list[str]]:
    """The document without the fields that its schema does not name, and their paths.

    >>> import msgspec
    >>> schema = msgspec.convert({"properties": {"spec": {"type": "object"}}}, JSONSchemaProps)
    >>> prune({"kind": "A", "spec": {"size": 1}}, schema)
    ({'kind': 'A', 'spec': {}}, ['spec.size'])
    """
    unknown: list[str] = []
    kept = bool(schema.preserve_unknown_fields)
    return _pruned_map(document, schema, "", unknown, resource=True, kept=kept), sorted(unknown)


def prune_value(value: object, schema: JSONSchemaProps) -> object:
    """A value inside of a document, without the fields that its schema does not name."""
    return _pruned(value, schema, "", [])


def _pruned(
    value: object, schema: JSONSchemaProps | None, path: str, unknown: list[str], kept: bool = False
) -> object:
    """One value pruned; `kept` says that a schema above keeps unknown fields."""
    kept = bool(schema and schema.preserve_unknown_fields) or kept
    if isinstance(value, dict):
        embedded = schema is not None and schema.embedded_resource
        return _pruned_map(value, schema, path, unknown, embedded, kept)
    if isinstance(value, list):
        item = schema.item if schema else None
        if kept and item is None:
            return value
        return [_pruned(v, item, f"{path}[{i}]", unknown, kept) for i, v in enumerate(value)]
    return value


def _pruned_map(
    value: Document,
    schema: JSONSchemaProps | None,
    path: str,
    unknown: list[str],
    resource: bool = False,
    kept: bool = False,
) -> Document:
    kept = bool(schema and schema.preserve_unknown_fields) or kept
    result: Document = {}
    for key, item in value.items():
        here = below(path, key)
        known = schema is not None and (
            key in (schema.properties or {}) or schema.additional_properties is not None
        )
        if resource and key in META_FIELDS:
            result[key] = item
        elif known:
            assert schema is not None
            result[key] = _pruned(item, schema.of(key), here, unknown)
        elif kept:
            result[key] = item
        else:
            unknown.append(here)
    return result


def drop_nulls(value: object, schema: JSONSchemaProps | None) -> object:
    """The value without nulls where the schema allows none and has no default for them."""
    if isinstance(value, dict):
        result = {}
        for key, item in value.items():
            inner = schema.of(key) if schema else None
            refused = item is None and inner is not None and not inner.nullable
            if not (refused and inner is not None and inner.default is None):
                result[key] = drop_nulls(item, inner)
        return result
    if isinstance(value, list):
        return [drop_nulls(item, schema.item if schema else None) for item in value]
    return value


def with_defaults(value: object, schema: JSONSchemaProps | None) -> object:
    """The value with the schema's defaults where fields are missing.

    A default fills an object that is there; it does not make one that is missing.
    """
    if schema is None:
        return value
    if isinstance(value, dict):
        result = dict(value)
        for key, inner in (schema.properties or {}).items():
            missing = key not in value or _unwanted_null(value[key], inner)
            if missing and inner.default is not None:
                result[key] = deepcopy(inner.default)
        return {key: _defaulted(item, schema.of(key)) for key, item in result.items()}
    if isinstance(value, list):
        return [_defaulted(item, schema.item) for item in value]
    return value


def _defaulted(value: object, schema: JSONSchemaProps | None) -> object:
    if schema is not None and schema.default is not None and _unwanted_null(value, schema):
        value = deepcopy(schema.default)
    return with_defaults(value, schema)


def _unwanted_null(value: object, schema: JSONSchemaProps) -> bool:
    return value is None and not schema.nullable


def read(document: Document, schema: JSONSchemaProps) -> tuple[Document, list[str]]:
    """A document as the API server takes it in: pruned and defaulted; the fields pruned."""
    pruned, unknown = prune(document, schema)
    filled = with_defaults(drop_nulls(pruned, schema), schema)
    assert isinstance(filled, dict)
    return filled, unknown
