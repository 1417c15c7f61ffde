"""StorageClass: a kind of storage, and who makes it (API reference, `storage.k8s.io/v1`)."""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.objects.field_rules import filled, label_key, matching, text, truth
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, Value
from course_lib.objects.rules import must_be_one_of, unique

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

    UNKEPT = "mountOptions"

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


def _rules(view: StorageClass) -> Problems:
    yield from must_be_one_of(
        "volumeBindingMode", view.volume_binding_mode, "Immediate", "WaitForFirstConsumer"
    )
    yield from must_be_one_of("reclaimPolicy", view.reclaim_policy, "Delete", "Retain")


def _relations(document: Document) -> Problems:
    for number, term in enumerate(document.get("allowedTopologies") or ()):
        here = f"allowedTopologies[{number}].matchLabelExpressions"
        labels = term.get("matchLabelExpressions") or []
        yield from unique(here, [each["key"] for each in labels], "key")
        for position, each in enumerate(labels):
            yield from unique(f"{here}[{position}].values", each["values"])


def _row(c: StorageClass, now: float) -> Row:
    how = c.reclaim_policy, c.volume_binding_mode, c.allow_volume_expansion
    return c.name, c.provisioner, *how


STORAGE_CLASS = Kind(
    "storage.k8s.io/v1",
    StorageClass,
    ("sc",),
    namespaced=False,
    removed_versions={"storage.k8s.io/v1beta1": "1.22"},
    defaults={"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"},
    fields={
        "allowVolumeExpansion": truth,
        "parameters.~": filled,
        "parameters.*": text,
        "allowedTopologies[*].matchLabelExpressions[*].key": label_key,
        "allowedTopologies[*].matchLabelExpressions[*].values": lambda v: "" if v else "a value",
        "provisioner": matching(lambda name: not label_key(name.lower()), "a qualified name"),
    },
    rules=_rules,
    relations=_relations,
    fixed=("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
    columns=table_columns(
        "Name  Provisioner  ReclaimPolicy  VolumeBindingMode  AllowVolumeExpansion  Age"
    ),
    row=_row,
    default_of=default_class,
)
