"""Classes of storage: how volumes are made, and what of them can be changed.

Source: `describeStorageClass` and `describeVolumeAttributesClass` in `pkg/describe/describe.go` of
k8s.io/kubectl.
"""

from __future__ import annotations

from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.placement import terms
from course_lib.kubectl.describing.values import pairs, title_flag
from course_lib.kubectl.describing.writing import NONE, Lines, field, indented, stated, titled

DEFAULT_CLASS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)


def lines(storage_class: DescribedObject) -> Lines:
    """A StorageClass, all but the events."""
    document = storage_class.document
    notes = storage_class.metadata.get("annotations") or {}
    is_default = any(notes.get(key) == "true" for key in DEFAULT_CLASS)
    yield field("Name", storage_class.name)
    yield field("IsDefaultClass", "Yes" if is_default else "No")
    yield field("Annotations", pairs(notes))
    yield field("Provisioner", document.get("provisioner"))
    yield field("Parameters", pairs(document.get("parameters")))
    yield field("AllowVolumeExpansion", title_flag(document.get("allowVolumeExpansion")))
    if document.get("mountOptions"):
        yield from titled("MountOptions", document["mountOptions"])
    else:
        yield field("MountOptions", NONE)
    yield from stated(
        ("ReclaimPolicy", document.get("reclaimPolicy")),
        ("VolumeBindingMode", document.get("volumeBindingMode")),
    )
    if document.get("allowedTopologies") is not None:
        alternatives = document["allowedTopologies"]
        yield field("AllowedTopologies", "" if alternatives else NONE)
        yield from indented(terms(alternatives, "matchLabelExpressions"))


def lines_of_attributes_class(attributes: DescribedObject) -> Lines:
    """A VolumeAttributesClass, all but the events."""
    yield field("Name", attributes.name)
    yield field("Annotations", pairs(attributes.metadata.get("annotations")))
    yield field("DriverName", attributes.document.get("driverName"))
    yield field("Parameters", pairs(attributes.document.get("parameters")))
