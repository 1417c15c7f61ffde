"""StorageClass: a kind of storage, and who makes it (API reference, `storage.k8s.io/v1`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from course_lib.objects.field_errors import (
    Errors,
    duplicate,
    invalid,
    not_supported,
    required,
    too_long,
)
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, Value
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import (
    IMMUTABLE,
    all_invalid,
    object_meta,
    object_meta_update,
)
from course_lib.objects.validation.node_labels import OLD_LABELS

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
BETA_DEFAULT_CLASS = "storageclass.beta.kubernetes.io/is-default-class"


class TopologySelectorLabelRequirement(Value, frozen=True):
    """A label of nodes, and the values that will do."""

    key: str
    values: list[str]


class TopologySelectorTerm(Value, frozen=True):
    """Labels that must all fit."""

    match_label_expressions: list[TopologySelectorLabelRequirement] | None = None


class StorageClass(Object, frozen=True, kw_only=True):
    """A kind of storage, and who makes it on demand."""

    provisioner: str
    reclaim_policy: str = "Delete"
    volume_binding_mode: str = "Immediate"
    allow_volume_expansion: bool = False
    parameters: dict[str, str] | None = None
    allowed_topologies: list[TopologySelectorTerm] | None = None

    @property
    def marked_default(self) -> bool:
        """Whether an annotation says that claims which name no class get this one."""
        marks = (self.annotations.get(mark) for mark in (DEFAULT_CLASS, BETA_DEFAULT_CLASS))
        return "true" in marks


def default_class(classes: Sequence[StorageClass]) -> StorageClass | None:
    """The class that claims get which name none: the newest that is marked so.

    Of two of one age, the one whose name is first (`getEffectiveDefaultStorageClass`).
    """
    marked = sorted((each for each in classes if each.marked_default), key=lambda c: c.name)
    return max(marked, key=lambda c: c.metadata.creation_timestamp or "", default=None)


POLICIES = ("Delete", "Retain")
MODES = ("Immediate", "WaitForFirstConsumer")
MOST_PARAMETERS, MOST_PARAMETER_BYTES = 512, 256 * 1024


def _complete(document: Document) -> None:
    """Source: `pkg/apis/storage/v1/defaults.go`; what is empty text stays."""
    for field, value in (("reclaimPolicy", "Delete"), ("volumeBindingMode", "Immediate")):
        if document.get(field) is None:
            document[field] = value


def _validate(document: Document) -> Errors:
    """Source: `ValidateStorageClass` in `pkg/apis/storage/validation`."""
    yield from _judge(document)
    if not document.get("provisioner"):
        yield required("provisioner")


def _judge(document: Document) -> Errors:
    yield from object_meta(document, namespaced=False)
    yield from provisioner_form(document.get("provisioner", ""), "provisioner")
    yield from parameter_errors(document.get("parameters") or {}, "parameters")
    policy, mode = document.get("reclaimPolicy"), document.get("volumeBindingMode")
    if policy and policy not in POLICIES:
        yield not_supported("reclaimPolicy", policy, POLICIES)
    if mode is None:
        yield required("volumeBindingMode")
    elif mode not in MODES:
        yield not_supported("volumeBindingMode", mode, MODES)
    yield from _topologies(document.get("allowedTopologies") or [])


def provisioner_form(name: str, path: str) -> Errors:
    """The name of a driver, if there is one; that it is there is asked for last."""
    if name:
        yield from all_invalid(path, name.lower(), formats.label_key(name.lower()))


def parameter_errors(parameters: dict[str, str], path: str) -> Errors:
    """What a driver is told: keys that are not empty, and not too much (`validateParameters`)."""
    if len(parameters) > MOST_PARAMETERS:
        yield too_long(path, MOST_PARAMETERS)
        return
    if "" in parameters:
        yield invalid(path, "", "field can not be empty.")
    size = sum(len(f"{key}{value}".encode()) for key, value in parameters.items())
    if size > MOST_PARAMETER_BYTES:
        yield too_long(path, MOST_PARAMETER_BYTES)


def _topologies(terms: list[Document]) -> Errors:
    """Where volumes can be: terms that differ, of labels that differ."""
    # The API server holds each term against as many empty ones as there are terms, too.
    seen: list[dict[str, set[str]]] = [{} for _ in terms]
    for number, term in enumerate(terms):
        here, labels = f"allowedTopologies[{number}].matchLabelExpressions", dict[str, set[str]]()
        for position, label in enumerate(term.get("matchLabelExpressions") or ()):
            yield from _label(label, f"{here}[{position}]")
            if (key := label.get("key", "")) in labels:
                yield duplicate(f"{here}[{position}].key", key)
            labels[key] = set(label.get("values") or ())
        yield from (duplicate(here, "") for other in seen if other == labels)
        seen.append(labels)


def _label(label: Document, path: str) -> Errors:
    values: list[str] = label.get("values") or []
    if not values:
        yield required(f"{path}.values")
    for position, value in enumerate(values):
        if value in values[:position]:
            yield duplicate(f"{path}.values[{position}]", value)
    key = label.get("key", "")
    yield from all_invalid(f"{path}.key", key, formats.label_key(key))


def _validate_update(new: Document, old: Document) -> Errors:
    """Source: `ValidateUpdate` in `pkg/registry/storage/storageclass/strategy.go`."""
    yield from _judge(new)
    yield from object_meta_update(new, old)
    for field in ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"):
        if (new.get(field) or None) != (old.get(field) or None):
            if field == "provisioner" and not new.get(field):
                yield required(field)
            yield invalid(field, None, IMMUTABLE)


def _warnings(new: Document, old: Document | None) -> Iterator[str]:
    """Source: `GetWarningsForStorageClass` in `pkg/api/storage`."""
    for number, term in enumerate(new.get("allowedTopologies") or ()):
        for position, label in enumerate(term.get("matchLabelExpressions") or ()):
            if message := OLD_LABELS.get(label.get("key", "")):
                path = f"allowedTopologies[{number}].matchLabelExpressions[{position}].key"
                yield f"{path}: {message}"


def _row(c: StorageClass, now: float) -> Row:
    how = c.reclaim_policy, c.volume_binding_mode, c.allow_volume_expansion
    return c.name, c.provisioner, *how


STORAGE_CLASS = Kind(
    "storage.k8s.io/v1",
    StorageClass,
    ("sc",),
    namespaced=False,
    removed_versions={"storage.k8s.io/v1beta1": "1.22"},
    complete=_complete,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    columns=table_columns(
        "Name  Provisioner  ReclaimPolicy  VolumeBindingMode  AllowVolumeExpansion  Age"
    ),
    row=_row,
    default_of=default_class,
)
