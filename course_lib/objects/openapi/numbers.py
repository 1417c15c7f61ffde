"""Bounds of numbers, and the sizes that their formats have.

Source: `numberValidator` in `pkg/validation/validate/validator.go` and `values.go` of
k8s.io/kube-openapi.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from course_lib.objects.field_errors import FieldError, invalid, number
from course_lib.objects.openapi.schema import JSONSchemaProps

_BITS = {"int32": 31, "int64": 63}
_LARGEST_FLOAT32 = 3.4028234663852886e38


def number_errors(value: int | float, schema: JSONSchemaProps, path: str) -> Iterator[FieldError]:
    """What `schema` forbids of a number `value` at `path`; bounds of an integer are cut."""
    yield from _range_errors(value, schema, "Checked", path)
    yield from _multiple_errors(value, schema, path)
    for bound, exclusive, prefix, sign, word in (
        (schema.maximum, schema.exclusive_maximum, "Maximum boundary", 1, "less"),
        (schema.minimum, schema.exclusive_minimum, "Minimum boundary", -1, "greater"),
    ):
        if bound is None:
            continue
        misfits = list(_range_errors(float(bound), schema, prefix, path))
        yield from misfits
        least = int(bound) if isinstance(value, int) and not misfits else float(bound)
        over = (value - least) * sign
        if over > 0 or (exclusive and over == 0):
            equal = "" if exclusive else " or equal to"
            rule = f"{path} in body should be {word} than{equal} {number(least)}"
            yield invalid(path, value if not misfits else float(value), rule)


def _multiple_errors(
    value: int | float, schema: JSONSchemaProps, path: str
) -> Iterator[FieldError]:
    if schema.multiple_of is None:
        return
    misfits = list(_range_errors(float(schema.multiple_of), schema, "MultipleOf", path))
    yield from misfits
    native = isinstance(value, int) and not misfits
    factor = int(schema.multiple_of) if native else float(schema.multiple_of)
    if factor <= 0:
        rule = f"factor MultipleOf declared for {path} must be positive: {number(factor)}"
        yield invalid(path, factor, rule)
        return
    if native:
        whole = value % factor == 0
    else:
        ratio = 1 / factor * value if factor < 1 else value / factor
        whole = _is_whole(ratio)
    if not whole:
        rule = f"{path} in body should be a multiple of {number(factor)}"
        yield invalid(path, value, rule)


def _is_whole(value: float) -> bool:
    """Whether a quotient is whole but for what floating point loses."""
    if math.isinf(value) or math.isnan(value):
        return False
    difference = abs(value - math.trunc(value))
    return difference < 1e-9 * max(1.0, abs(value))


def _range_errors(
    value: int | float, schema: JSONSchemaProps, prefix: str, path: str
) -> Iterator[FieldError]:
    """A number that its type and format cannot hold."""
    type = "" if schema.int_or_string else schema.type
    if type == "integer":
        bits = _BITS.get(schema.format)
        most = 2 ** (bits or 63)
        fits = (isinstance(value, int) or value.is_integer()) and -most <= value < most
        how = f"with format {schema.format}" if bits else "(default format)"
    else:
        small = type == "number" and schema.format == "float"
        fits = not small or abs(value) <= _LARGEST_FLOAT32
        how = f"with format {schema.format}"
    if not fits:
        rule = f"{prefix} value must be of type {type} {how} in {path}"
        yield invalid("<nil>", "", rule)
