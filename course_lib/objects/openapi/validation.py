"""Whether a document is as its schema says, in the API server's words.

An update may keep what was wrong before: a value that did not change is not refused
(kubernetes.io "Validation ratcheting"). Source: `pkg/validation/validate` of
k8s.io/kube-openapi; `pkg/apiserver/validation` of k8s.io/apiextensions-apiserver.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from course_lib.objects import field_errors as errors
from course_lib.objects.field_errors import FieldError, invalid, number, shown
from course_lib.objects.openapi import lists
from course_lib.objects.openapi.formats import has_format, known_format
from course_lib.objects.openapi.numbers import number_errors
from course_lib.objects.openapi.patterns import compiled
from course_lib.objects.openapi.schema import JSONSchemaProps, below, same

NOWHERE = "<nil>"  # the path of an error that names its field in its text
_TYPES = {bool: "boolean", str: "string", int: "integer", float: "number", list: "array",
          dict: "object"}  # fmt: skip
_SIZES = {"integer": "int64", "number": "float64"}  # the formats of numbers as they are read


class _Result:
    """The errors of one check, and how many checks passed: the best of several is shown."""

    def __init__(self, *found: FieldError) -> None:
        self.errors = list(found)
        self.matches = 0

    def add(self, other: _Result) -> None:
        self.errors += [error for error in other.errors if error not in self.errors]
        self.matches += other.matches


def validate(
    value: object, schema: JSONSchemaProps, old: object = UNSET, prefix: str = ""
) -> list[FieldError]:
    """What `schema` forbids of a `value`; `old` is the value before an update.

    `prefix` is its path in the document. Lists that are sets or maps hold each item once, unless
    one of them did not before.
    """
    found = _check(value, schema, "", old).errors
    told = [_placed(error, prefix) for error in found]
    if old is not UNSET and lists.duplicates(old, schema):
        return told
    return told + lists.duplicates(value, schema, prefix)


def _placed(error: FieldError, prefix: str) -> FieldError:
    path = error.path.removeprefix(".")
    if path in ("", NOWHERE):
        path = prefix or NOWHERE
    elif prefix:
        path = f"{prefix}.{path}"
    return FieldError(path, error.type, error.value, error.detail, error.reason)


def _check(value: object, schema: JSONSchemaProps, path: str, old: object) -> _Result:
    result = _checks(value, schema, path, old)
    if result.errors and path not in ("kind", "apiVersion") and _unchanged(value, old, schema):
        return _Result()
    return result


def _unchanged(value: object, old: object, schema: JSONSchemaProps) -> bool:
    """Whether an update leaves a value as it was; fields that no schema has do not compare."""
    if isinstance(value, dict) and isinstance(old, dict):
        return len(value) == len(old) and all(
            key in old and (inner := schema.of(key)) and _unchanged(item, old[key], inner)
            for key, item in value.items()
        )
    if isinstance(value, list) and isinstance(old, list) and schema.list_type == "map":
        before = lists.correlated(value, old, schema)
        return len(value) == len(old) and all(
            schema.item is not None and _unchanged(item, was, schema.item)
            for item, was in zip(value, before, strict=True)
        )
    return old is not UNSET and same(value, old)


def _checks(value: object, schema: JSONSchemaProps, path: str, old: object) -> _Result:
    result = _Result()
    typed = _type_errors(value, schema, path)
    if typed is not None:
        result.add(_Result(*typed))
    if value is None:
        result.add(_Result(*_enum_errors(value, schema, path)))
        result.matches += not typed
        return result
    if typed is not None:
        result.matches += 1 + (not typed)
    result.add(_junctors(value, schema, path, old))
    if isinstance(value, str):
        result.add(_Result(*_text_errors(value, schema, path)))
        result.matches += 1 + known_format(schema.format, _type_of(schema))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        result.add(_Result(*number_errors(value, schema, path)))
        result.matches += 2
    elif isinstance(value, list):
        result.add(_list_errors(value, schema, path, old))
        result.matches += 2
    result.add(_Result(*_enum_errors(value, schema, path)))
    if isinstance(value, dict):
        result.add(_map_errors(value, schema, path, old))
        result.matches += 1
    result.matches += 3  # the schema, its junctors, its enum
    return result


# Types


def _type_of(schema: JSONSchemaProps) -> str:
    return "integer,string" if schema.int_or_string else schema.type


def _wrong_type(path: str, wanted: str, found: str) -> FieldError:
    return errors.type_invalid(
        path, found, f"{path} in body must be of type {wanted}: {shown(found)}"
    )


def _type_errors(value: object, schema: JSONSchemaProps, path: str) -> list[FieldError] | None:
    """The type's errors; None where the schema says neither type nor format."""
    wanted = _type_of(schema)
    types = wanted.split(",") if wanted else []
    format = schema.format if known_format(schema.format, wanted) else ""
    if not types and not format:
        return None
    if value is None:
        wrong = bool(types) and not schema.nullable
        return [_wrong_type(path, wanted, "null")] if wrong else []
    found = _TYPES[type(value)]
    whole = isinstance(value, float) and value.is_integer() and "integer" in types
    right = found in types or whole or (found == "integer" and "number" in types)
    textual = isinstance(value, str | list)
    if format and not textual and not right:
        return [_wrong_type(path, format, _SIZES.get(found, ""))]
    if format and textual and not {"number", "integer"} & set(types):
        return []  # the format is checked instead
    return [] if right else [_wrong_type(path, wanted, found)]


def _enum_errors(value: object, schema: JSONSchemaProps, path: str) -> Iterator[FieldError]:
    if schema.enum and not any(_equal(value, one) for one in schema.enum):
        texts = [one if isinstance(one, str) else shown(one) for one in schema.enum]
        yield errors.not_supported(path, value, texts)


def _equal(one: object, other: object) -> bool:
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (one, other))
    return one == other if numbers else same(one, other)


def _text_errors(value: str, schema: JSONSchemaProps, path: str) -> Iterator[FieldError]:
    if schema.max_length is not None and len(value) > schema.max_length:
        yield errors.too_long(path, schema.max_length)
    elif schema.min_length is not None and len(value) < schema.min_length:
        rule = f"{path} in body should be at least {schema.min_length} chars long"
        yield invalid(path, value, rule)
    elif schema.pattern and compiled(schema.pattern).search(value) is None:
        yield invalid(path, value, f"{path} in body should match '{schema.pattern}'")
    known = known_format(schema.format, _type_of(schema))
    if known and not has_format(value, schema.format):
        rule = f"{path} in body must be of type {schema.format}: {shown(value)}"
        yield errors.type_invalid(path, value, rule)


# Lists and mappings


def _list_errors(value: list[object], schema: JSONSchemaProps, path: str, old: object) -> _Result:
    result = _Result()
    item = schema.item
    if item is not None:
        before = lists.correlated(value, old, schema)
        for position, each in enumerate(value):
            result.add(_check(each, item, f"{path}[{position}]", before[position]))
    size = len(value)
    found = []
    if schema.min_items is not None and size < schema.min_items:
        rule = f"{path} in body should have at least {schema.min_items} items"
        found.append(invalid(path, size, rule))
    if schema.max_items is not None and size > schema.max_items:
        found.append(errors.too_many(path, size, schema.max_items))
    twice = (same(each, other) for i, each in enumerate(value) for other in value[:i])
    if schema.unique_items and any(twice):
        found.append(invalid(path, "", f"{path} in body shouldn't contain duplicates"))
    result.add(_Result(*found))
    return result


def _map_errors(
    value: dict[str, object], schema: JSONSchemaProps, path: str, old: object
) -> _Result:
    result = _Result(*_size_errors(value, schema, path))
    before = old if isinstance(old, dict) else {}
    properties = schema.properties or {}
    for key, item in value.items():
        inner = schema.of(key)
        if key in properties or inner is not None:
            assert inner is not None
            here = below(path, key) if key in properties else f"{path}.{key}"
            result.add(_check(item, inner, here, before.get(key, UNSET)))
        elif schema.additional_properties is False:
            rule = f"{path}.{key} in body is a forbidden property"
            result.add(_Result(invalid(path, key, rule)))
    missing = [key for key in schema.required or () if key not in value]
    result.add(_Result(*(errors.required(f"{path}.{key}") for key in missing)))
    return result


def _size_errors(
    value: dict[str, object], schema: JSONSchemaProps, path: str
) -> Iterator[FieldError]:
    size = len(value)
    if schema.min_properties is not None and size < schema.min_properties:
        rule = f"{path} in body should have at least {number(schema.min_properties)} properties"
        yield invalid(path, size, rule)
    if schema.max_properties is not None and size > schema.max_properties:
        yield errors.too_many(path, size, schema.max_properties)


# allOf, anyOf, oneOf, not


def _junctors(value: object, schema: JSONSchemaProps, path: str, old: object) -> _Result:
    result = _Result()
    quoted = shown(path)
    if schema.any_of:
        tried = [_check(value, one, path, old) for one in schema.any_of]
        passed = [one for one in tried if not one.errors]
        if not passed:
            rule = f"{quoted} must validate at least one schema (anyOf)"
            result.add(_Result(invalid(NOWHERE, "", rule)))
        result.add(passed[0] if passed else _best(tried))
    if schema.one_of:
        tried = [_check(value, one, path, old) for one in schema.one_of]
        passed = [one for one in tried if not one.errors]
        if len(passed) != 1:
            how = f"Found {len(passed)} valid alternatives" if passed else "Found none valid"
            rule = f"{quoted} must validate one and only one schema (oneOf). {how}"
            result.add(_Result(invalid(NOWHERE, "", rule)))
        if len(passed) < 2:
            result.add(passed[0] if passed else _best(tried))
    if schema.all_of:
        tried = [_check(value, one, path, old) for one in schema.all_of]
        for one in tried:
            result.add(one)
        if any(one.errors for one in tried):
            how = ". None validated" if all(one.errors for one in tried) else ""
            rule = f"{quoted} must validate all the schemas (allOf){how}"
            result.add(_Result(invalid(NOWHERE, "", rule)))
    if schema.not_ is not None and not _check(value, schema.not_, path, old).errors:
        result.add(_Result(invalid(NOWHERE, "", f"{quoted} must not validate the schema (not)")))
    result.matches += 1
    return result


def _best(tried: list[_Result]) -> _Result:
    """Of several failures the one that got furthest; the first of equals."""
    return max(tried, key=lambda one: one.matches)
