"""Refusals of single fields, in apimachinery's words (`pkg/util/validation/field/errors.go`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from course_lib.errors import InvalidManifest

REQUIRED, INVALID, UNSUPPORTED = "Required value", "Invalid value", "Unsupported value"
DUPLICATE, FORBIDDEN, TOO_LONG, TOO_MANY = "Duplicate value", "Forbidden", "Too long", "Too many"
NOT_FOUND, TOO_FEW, TOO_SHORT, INTERNAL = "Not found", "Too few", "Too short", "Internal error"
_WITHOUT_VALUE = (REQUIRED, FORBIDDEN, TOO_LONG, TOO_SHORT, INTERNAL)
# The reason of a cause in a Status object.
CAUSES = {
    REQUIRED: "FieldValueRequired",
    INVALID: "FieldValueInvalid",
    UNSUPPORTED: "FieldValueNotSupported",
    DUPLICATE: "FieldValueDuplicate",
    FORBIDDEN: "FieldValueForbidden",
    TOO_LONG: "FieldValueTooLong",
    TOO_MANY: "FieldValueTooMany",
    NOT_FOUND: "FieldValueNotFound",
    TOO_FEW: "FieldValueTooFew",
    TOO_SHORT: "FieldValueTooShort",
    INTERNAL: "InternalError",
}


class Omitted(msgspec.Struct, frozen=True):
    """In place of a value that a message leaves out (`field.OmitValueType`)."""


OMITTED = Omitted()


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with the field at `path`; `value` is what the document has there.

    >>> print(FieldError("spec.replicas", INVALID, -1, "must not be negative"))
    spec.replicas: Invalid value: -1: must not be negative
    """

    path: str
    type: str
    value: object = ""
    detail: str = ""
    reason: str = ""  # of its cause, where the type does not say it

    def __str__(self) -> str:
        return f"{self.path}: {self.body}"

    @property
    def cause(self) -> str:
        """The reason of the cause in a Status object."""
        return self.reason or CAUSES[self.type]

    @property
    def body(self) -> str:
        """The error without the path, as a cause in a Status object has it."""
        said = self.type
        if self.type not in _WITHOUT_VALUE and self.value is not OMITTED:
            said += f": {shown(self.value)}"
        return f"{said}: {self.detail}" if self.detail else said


Errors = Iterator[FieldError]


def no_errors(*documents: object) -> Errors:
    """Nothing is wrong with the documents."""
    return iter(())


def required(path: str, detail: str = "") -> FieldError:
    """A field that must be there is missing."""
    return FieldError(path, REQUIRED, "", detail)


def invalid(path: str, value: object, detail: str) -> FieldError:
    """The `value` at `path` breaks a rule: `detail`."""
    return FieldError(path, INVALID, value, detail)


def type_invalid(path: str, value: object, detail: str) -> FieldError:
    """The `value` at `path` is of another type than a schema says: `detail`."""
    return FieldError(path, INVALID, value, detail, "FieldValueTypeInvalid")


def forbidden(path: str, detail: str) -> FieldError:
    """A field that may not be set here."""
    return FieldError(path, FORBIDDEN, "", detail)


def duplicate(path: str, value: object) -> FieldError:
    """A value that may be there once only."""
    return FieldError(path, DUPLICATE, value)


def not_found(path: str, value: object) -> FieldError:
    """The `value` at `path` names something that is not there."""
    return FieldError(path, NOT_FOUND, value)


def not_supported(path: str, value: object, allowed: Sequence[str]) -> FieldError:
    """The `value` at `path` is none of those `allowed`."""
    quoted = ", ".join(json.dumps(text, ensure_ascii=False) for text in allowed)
    return FieldError(path, UNSUPPORTED, value, f"supported values: {quoted}" if quoted else "")


def too_long(path: str, most: int) -> FieldError:
    """Text of more than `most` bytes; the message leaves the text out."""
    return FieldError(path, TOO_LONG, "", f"may not be more than {most} byte{'s'[: most != 1]}")


def too_many(path: str, count: int, most: int) -> FieldError:
    """`count` items at `path` where at most `most` are allowed."""
    return FieldError(path, TOO_MANY, count, f"must have at most {most} item{'s'[: most != 1]}")


def together(errors: Sequence[FieldError]) -> str:
    """Several errors as one message: one by itself, more in brackets."""
    texts = list(dict.fromkeys(str(error) for error in errors))
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def number(value: int | float) -> str:
    """A number as Go prints it: without `.0`, with an exponent from 1e+21 on."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e21
    return str(int(value)) if whole else repr(value)


def shown(value: object) -> str:
    """A value as it stands in a message: text in quotes, lists and mappings as JSON.

    The fields of an object stand in the order of their type, the keys of a map sorted: as documents
    have them.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    text = json.dumps(_whole(value), ensure_ascii=False, separators=(",", ":"))
    for mark in "<>&":  # as Go's encoder does, for texts inside of web pages
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def _whole(value: object) -> object:
    """The value with numbers such as 1.0 written as 1."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {k: _whole(v) for k, v in value.items()} if isinstance(value, dict) else value


class InvalidObject(InvalidManifest):
    """An object with fields that the API server refuses; `errors` says which and why.

    `kind`, `group` and `name` are those of the object. The message is the API server's; below it
    stands where the first fault is, what was expected there, and what was found.
    """

    def __init__(self, document: Mapping[str, Any], errors: Sequence[FieldError]) -> None:
        self.kind: str = document.get("kind", "")
        self.group: str = document.get("apiVersion", "").rpartition("/")[0]
        meta = document.get("metadata") or {}
        self.name: str = meta.get("name", "")
        title = f"{self.kind}.{self.group}" if self.group else self.kind
        first, named = errors[0], meta.get("namespace", "") and f"{meta['namespace']}/"
        # The detail of FORBIDDEN is a reason, and no rule for a value.
        rule = "" if first.type == FORBIDDEN else first.detail.partition(" (e.g.")[0]
        hidden = first.type in _WITHOUT_VALUE or first.value is OMITTED
        super().__init__(
            f'{title} "{self.name}" is invalid: {together(errors)}',
            where=f"{self.kind} {named}{self.name or '(no name)'}: {first.path}".removesuffix(": "),
            expected=rule or _EXPECTED.get(first.type, ""),
            found="" if hidden else shown(first.value),
        )
        self.errors = list(errors)


_EXPECTED = {
    REQUIRED: "a value",
    DUPLICATE: "each value only once",
    NOT_FOUND: "the name of something that exists",
    FORBIDDEN: "the field left out, or as it was before",
}
