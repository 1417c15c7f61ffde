"""Schemas and documents drawn at random, of all that a structural schema can say."""

from __future__ import annotations

import random
from typing import Any

from tests.oracles.custom_resources import Case

Schema = dict[str, Any]
TEXTS = ["", "a", "ab", "abc", "x-y", "10%", "2020-01-01", "10.0.0.1"]
HEAD = {"apiVersion": "example.com/v1", "kind": "A", "metadata": {"name": "a"}}


def draw(rng: random.Random, count: int) -> list[Case]:
    """Cases of new objects, and of updates; three of each schema."""
    found = []
    for _ in range(count):
        schema = {"type": "object", "properties": {"spec": _schema(rng, 0)}}
        for _ in range(3):
            before, after = _value(rng, 0), _value(rng, 0)
            if isinstance(before, dict) and isinstance(after, dict):
                after |= dict(list(before.items())[:2])  # so that something stays as it was
            case: Case = {"schema": schema, "object": HEAD | {"spec": after}}
            found.append(case | ({"before": HEAD | {"spec": before}} if rng.random() < 0.5 else {}))
    return found


def _value(rng: random.Random, depth: int) -> Any:
    kind = rng.randrange(10 if depth < 3 else 7)
    if kind == 7:
        return [_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind > 7:
        return {rng.choice("abcde"): _value(rng, depth + 1) for _ in range(rng.randrange(4))}
    simple = [rng.choice(TEXTS), rng.randrange(-3, 12), rng.choice([0.5, 1.0, 2.5, 10.0])]
    return [*simple, rng.random() < 0.5, None, rng.choice(["a", "b"]), rng.choice([1, 2])][kind]


def _checks(rng: random.Random, type: str) -> Schema:
    """Rules for values of a type, each there or not."""
    number = {
        "minimum": rng.choice([0, 1]), "maximum": rng.choice([5, 10]), "exclusiveMinimum": True,
        "multipleOf": 2, "format": "int32",
    }  # fmt: skip
    rules: dict[str, Schema] = {
        "string": {
            "minLength": rng.randrange(3), "maxLength": rng.randrange(1, 3), "enum": ["a", "b"],
            "pattern": rng.choice(["^a", "b$"]), "format": rng.choice(["date", "ipv4", "zzz"]),
        },
        "integer": number,
        "number": number | {"minimum": 0.5},
        "array": {"minItems": rng.randrange(3), "maxItems": rng.randrange(1, 3)},
        "object": {
            "minProperties": rng.randrange(3), "required": rng.sample("abcd", rng.randrange(1, 3)),
        },
    }  # fmt: skip
    return {name: rule for name, rule in rules.get(type, {}).items() if rng.random() < 0.25}


def _schema(rng: random.Random, depth: int) -> Schema:
    if rng.random() < 0.06:
        return {"x-kubernetes-int-or-string": True}
    deep = ["array", "object", "object"] if depth < 3 else []
    type = rng.choice(["string", "integer", "number", "boolean", *deep])
    schema = {"type": type} | _checks(rng, type)
    if type == "object":
        schema |= _object(rng, depth)
    elif type == "array":
        schema |= _array(rng, depth)
    elif rng.random() < 0.1:
        schema[rng.choice(["anyOf", "oneOf", "allOf"])] = [_checks(rng, type) for _ in range(2)]
    if rng.random() < 0.15:
        schema["nullable"] = True
    if rng.random() < 0.15:
        schema["default"] = _value(rng, 2)
    return schema


def _object(rng: random.Random, depth: int) -> Schema:
    schema: Schema = {}
    if rng.random() < 0.7:
        names = rng.sample("abcd", rng.randrange(1, 4))
        schema["properties"] = {name: _schema(rng, depth + 1) for name in names}
    elif rng.random() < 0.5:
        schema["additionalProperties"] = _schema(rng, depth + 1)
    if rng.random() < 0.15:
        schema["x-kubernetes-preserve-unknown-fields"] = True
    for junctor in ("anyOf", "oneOf", "allOf"):
        if rng.random() < 0.15:
            schema[junctor] = [_nested(rng, schema) for _ in range(rng.randrange(1, 4))]
    if rng.random() < 0.07:
        schema["not"] = _checks(rng, "object")
    return schema


def _nested(rng: random.Random, schema: Schema) -> Schema:
    inner = {
        name: _checks(rng, field.get("type", "string"))
        for name, field in list(schema.get("properties", {}).items())[:2]
    }
    return _checks(rng, "object") | ({"properties": inner} if inner else {})


def _array(rng: random.Random, depth: int) -> Schema:
    item = _schema(rng, depth + 1)
    if rng.random() < 0.2:
        return {"items": item, "x-kubernetes-list-type": "set"}
    if item.get("type") == "object" and rng.random() < 0.6:
        keys = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"]}
        return {"items": item} | keys
    return {"items": item}
