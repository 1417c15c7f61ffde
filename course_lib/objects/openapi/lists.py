"""Lists that hold each item once: those of type `set`, and of type `map` by their keys.

Source: `pkg/apiserver/schema/listtype` of k8s.io/apiextensions-apiserver.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from msgspec import UNSET

from course_lib.objects.field_errors import FieldError, duplicate, invalid
from course_lib.objects.openapi.schema import JSONSchemaProps, below, key_of, same


def duplicates(value: object, schema: JSONSchemaProps, path: str = "") -> list[FieldError]:
    """The items of `value` (at `path`) that a set or map of its `schema` has twice."""
    found: list[FieldError] = []
    if isinstance(value, dict):
        for key, item in value.items():
            inner = schema.of(key)
            if inner is not None:
                named = key in (schema.properties or {})
                found += duplicates(item, inner, below(path, key) if named else f"{path}[{key}]")
    elif isinstance(value, list):
        if schema.list_type == "set":
            found += _repeated(value, path)
        elif schema.list_type == "map":
            found += _repeated_keys(value, schema, path)
        if schema.item is not None:
            for position, item in enumerate(value):
                found += duplicates(item, schema.item, f"{path}[{position}]")
    return found


def _repeated(items: Sequence[object], path: str) -> list[FieldError]:
    seen: Counter[str] = Counter()
    found = []
    for position, item in enumerate(items):
        text = json.dumps(item, sort_keys=True)
        seen[text] += 1
        if seen[text] == 2:  # a third one is not told again
            found.append(duplicate(f"{path}[{position}]", item))
    return found


def _repeated_keys(items: Sequence[object], schema: JSONSchemaProps, path: str) -> list[FieldError]:
    for position, item in enumerate(items):
        if item is not None and not isinstance(item, dict):
            rule = "must be an object for an array of list-type map"
            return [invalid(f"{path}[{position}]", item, rule)]
    return _repeated([key_of(item, schema) for item in items], path)


def correlated(items: Sequence[object], old: object, schema: JSONSchemaProps) -> list[object]:
    """For each of `items` of a list with this `schema` the one of `old`, before an update, that it
    was; UNSET where unknown.

    Only the items of a map can be told apart.
    """
    unknown: list[object] = [UNSET] * len(items)
    if schema.list_type != "map" or not isinstance(old, list):
        return unknown
    return [
        next((o for o in old if same(key_of(o, schema), key_of(item, schema))), UNSET)
        for item in items
    ]
