"""ConfigMap: settings, as text by key (Kubernetes API reference, `core/v1`)."""

from __future__ import annotations

from typing import Any

from course_lib.objects.field_rules import config_key, encoded
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object
from course_lib.objects.names import Problem
from course_lib.objects.rules import immutable_data


class ConfigMap(Object, frozen=True, kw_only=True):
    """Settings, as text by key."""

    data: dict[str, str] | None = None
    binary_data: dict[str, str] | None = None
    immutable: bool = False


MAX_DATA = 1024 * 1024  # bytes of a ConfigMap or Secret (`MaxSecretSize`)


def _relations(document: Document) -> Problems:
    both = [*(document.get("data") or {}).items(), *(document.get("binaryData") or {}).items()]
    yield from data_size(both)
    for key in document.get("binaryData") or ():
        if key in (document.get("data") or ()):
            yield Problem(f"binaryData[{key}]", "a key that data does not have", key)


def data_size(items: list[tuple[str, Any]]) -> Problems:
    """Data that is too much for one object."""
    size = sum(len(str(value).encode()) for _, value in items)
    if size > MAX_DATA:
        yield Problem("data", f"Too long: may not be more than {MAX_DATA} bytes", f"{size} bytes")


CONFIG_MAP = Kind(
    "v1",
    ConfigMap,
    ("cm",),
    fields={"data.~": config_key, "binaryData.~": config_key, "binaryData.*": encoded},
    relations=_relations,
    transition=immutable_data,
    columns=table_columns("Name  Data  Age"),
    row=lambda c, now: (c.name, len(c.data or ()) + len(c.binary_data or ())),
    counted=True,
)
