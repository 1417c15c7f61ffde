"""ConfigMap: settings, as text by key (Kubernetes API reference, `core/v1`)."""

from __future__ import annotations

from course_lib.objects.field_errors import Errors, forbidden, invalid, too_long
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid, object_meta, object_meta_update


class ConfigMap(Object, frozen=True, kw_only=True):
    """Settings, as text by key."""

    data: dict[str, str] | None = None
    binary_data: dict[str, str] | None = None
    immutable: bool = False


MAX_DATA = 1024 * 1024  # bytes of a ConfigMap or Secret (`MaxSecretSize`)
FIXED = "field is immutable when `immutable` is set"


def _validate(document: Document) -> Errors:
    """Source: `ValidateConfigMap` in `pkg/apis/core/validation`."""
    yield from object_meta(document)
    data, binary = document.get("data") or {}, document.get("binaryData") or {}
    for key in data:
        yield from all_invalid(f"data[{key}]", key, formats.config_key(key))
        if key in binary:
            yield invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
    for key in binary:
        yield from all_invalid(f"binaryData[{key}]", key, formats.config_key(key))
    size = sum(len(text.encode()) for text in data.values())
    if size + sum(decoded_size(text) for text in binary.values()) > MAX_DATA:
        yield too_long("", MAX_DATA)


def decoded_size(text: str) -> int:
    """The bytes that a text in base64 stands for."""
    return len(text) * 3 // 4 - text.count("=", -2)


def _validate_update(new: Document, old: Document) -> Errors:
    """Source: `ValidateConfigMapUpdate` in `pkg/apis/core/validation`."""
    yield from object_meta_update(new, old)
    if old.get("immutable"):
        if not new.get("immutable"):
            yield forbidden("immutable", FIXED)
        for field in ("data", "binaryData"):
            if (new.get(field) or {}) != (old.get(field) or {}):
                yield forbidden(field, FIXED)
    yield from _validate(new)


CONFIG_MAP = Kind(
    "v1",
    ConfigMap,
    ("cm",),
    validate=_validate,
    validate_update=_validate_update,
    columns=table_columns("Name  Data  Age"),
    row=lambda c, now: (c.name, len(c.data or ()) + len(c.binary_data or ())),
    counted=True,
)
