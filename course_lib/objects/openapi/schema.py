"""The schema of a custom resource: the part of OpenAPI v3 that CustomResourceDefinitions take.

Source: `JSONSchemaProps` in `pkg/apis/apiextensions/v1/types_jsonschema.go` of
k8s.io/apiextensions-apiserver; kubernetes.io "Extend the Kubernetes API with
CustomResourceDefinitions".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from course_lib.objects.meta import Value

JSON = Any  # any value that JSON has


class JSONSchemaProps(Value, frozen=True):
    """What a value and the values inside it may be; `default` null is no default."""

    type: str = ""
    format: str = ""
    title: str = ""
    description: str = ""
    default: JSON = None
    example: JSON = None
    nullable: bool = False
    enum: list[JSON] | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    exclusive_minimum: bool = False
    exclusive_maximum: bool = False
    multiple_of: int | float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    items: JSONSchemaProps | list[JSONSchemaProps] | None = None
    min_items: int | None = None
    max_items: int | None = None
    unique_items: bool = False
    properties: dict[str, JSONSchemaProps] | None = None
    additional_properties: JSONSchemaProps | bool | None = None
    min_properties: int | None = None
    max_properties: int | None = None
    required: list[str] | None = None
    all_of: list[JSONSchemaProps] | None = None
    any_of: list[JSONSchemaProps] | None = None
    one_of: list[JSONSchemaProps] | None = None
    not_: JSONSchemaProps | None = msgspec.field(default=None, name="not")
    preserve_unknown_fields: bool | None = msgspec.field(
        default=None, name="x-kubernetes-preserve-unknown-fields"
    )
    embedded_resource: bool = msgspec.field(default=False, name="x-kubernetes-embedded-resource")
    int_or_string: bool = msgspec.field(default=False, name="x-kubernetes-int-or-string")
    list_type: str | None = msgspec.field(default=None, name="x-kubernetes-list-type")
    list_map_keys: list[str] | None = msgspec.field(default=None, name="x-kubernetes-list-map-keys")
    map_type: str | None = msgspec.field(default=None, name="x-kubernetes-map-type")
    external_docs: dict[str, str] | None = None
    # Parts of OpenAPI that a CustomResourceDefinition may not use.
    id: str = ""
    schema_: str = msgspec.field(default="", name="$schema")
    ref: str | None = msgspec.field(default=None, name="$ref")
    additional_items: JSON = None
    pattern_properties: dict[str, JSONSchemaProps] | None = None
    definitions: dict[str, JSONSchemaProps] | None = None
    dependencies: JSON = None

    @property
    def item(self) -> JSONSchemaProps | None:
        """The schema of a list's items."""
        return self.items if isinstance(self.items, JSONSchemaProps) else None

    @property
    def others(self) -> JSONSchemaProps | None:
        """The schema of the values that `properties` does not name."""
        extra = self.additional_properties
        return extra if isinstance(extra, JSONSchemaProps) else None

    def of(self, key: str) -> JSONSchemaProps | None:
        """The schema of a field, if there is one."""
        return (self.properties or {}).get(key) or self.others

    def junctors(self) -> Iterator[tuple[str, JSONSchemaProps]]:
        """The schemas under `allOf`, `anyOf`, `oneOf` and `not`, each with its path."""
        for name, schemas in (
            ("allOf", self.all_of), ("anyOf", self.any_of), ("oneOf", self.one_of)
        ):  # fmt: skip
            for position, schema in enumerate(schemas or ()):
                yield f"{name}[{position}]", schema
        if self.not_ is not None:
            yield "not", self.not_

    def below(self) -> Iterator[tuple[str, JSONSchemaProps]]:
        """All schemas right inside this one, each with its path."""
        for key, schema in sorted((self.properties or {}).items()):
            yield f"properties[{key}]", schema
        if self.others is not None:
            yield "additionalProperties", self.others
        if self.item is not None:
            yield "items", self.item
        yield from self.junctors()


def below(path: str, key: str) -> str:
    """The path of a field inside of another; the root's is empty.

    >>> below("spec", "replicas"), below("", "spec")
    ('spec.replicas', 'spec')
    """
    return f"{path}.{key}" if path else key


def same(one: object, other: object) -> bool:
    """Whether two JSON values are equal; true is not 1, and the order of keys does not count."""
    if one is other:
        return True
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def key_of(item: object, schema: JSONSchemaProps) -> dict[str, object]:
    """The values by which a list of type `map` tells an item from the others."""
    if not isinstance(item, Mapping):
        return {}
    return {key: item[key] for key in schema.list_map_keys or () if key in item}
