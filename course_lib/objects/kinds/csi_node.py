"""CSINode: the storage drivers of a node (Kubernetes API reference, `storage.k8s.io/v1`)."""

from __future__ import annotations

import msgspec

from course_lib.objects.field_errors import Errors, duplicate, invalid, required
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, Value
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid, not_negative, object_meta, unchanged
from course_lib.objects.validation.resources import driver_name


class VolumeNodeResources(Value, frozen=True):
    """How many volumes a driver can have on a node."""

    count: int | None = None


class CSINodeDriver(Value, frozen=True):
    """A storage driver on a node."""

    name: str = ""
    node_id: str = msgspec.field(default="", name="nodeID")
    topology_keys: list[str] | None = None
    allocatable: VolumeNodeResources | None = None


class CSINodeSpec(Value, frozen=True):
    """The drivers of a node."""

    drivers: list[CSINodeDriver] | None = None


class CSINode(Object, frozen=True, kw_only=True):
    """What a node's kubelet tells of its storage drivers."""

    spec: CSINodeSpec = CSINodeSpec()


MOST_ID = 256  # bytes of a node's name for a driver


def _validate(document: Document) -> Errors:
    """Source: `ValidateCSINode` in `pkg/apis/storage/validation`."""
    yield from object_meta(document, namespaced=False)
    drivers = (document.get("spec") or {}).get("drivers") or ()
    names: list[str] = []
    for position, driver in enumerate(drivers):
        here, name = f"spec.drivers[{position}]", driver.get("name", "")
        yield from driver_name(name, f"{here}.name")
        if not (node := driver.get("nodeID", "")):
            yield required(f"{here}.nodeID")
        if len(node.encode()) > MOST_ID:
            yield invalid(f"{here}.nodeID", node, f"must be {MOST_ID} characters or less")
        count = (driver.get("allocatable") or {}).get("count")
        yield from not_negative(f"{here}.allocatable.count", count)
        if name in names:
            yield duplicate(f"{here}.name", name)
        names.append(name)
        yield from _topology(driver.get("topologyKeys") or [], here)


def _topology(keys: list[str], path: str) -> Errors:
    for position, key in enumerate(keys):
        if not key:
            yield required(path)
        if key in keys[:position]:
            yield duplicate(path, key)
        yield from all_invalid(path, key, formats.label_key(key))


def _validate_update(new: Document, old: Document) -> Errors:
    """A driver stays as it is, but for how many volumes it can have (`ValidateCSINodeUpdate`)."""
    yield from _validate(new)
    known = {each.get("name"): each for each in (old.get("spec") or {}).get("drivers") or ()}
    for driver in (new.get("spec") or {}).get("drivers") or ():
        if before := known.get(driver.get("name")):
            yield from unchanged("spec.drivers", _own_form(driver), _own_form(before))


def _own_form(driver: Document) -> Document:
    """A driver without its allocatable volumes, as messages show it."""
    texts = driver.get("name", ""), driver.get("nodeID", ""), driver.get("topologyKeys") or None
    shown = dict(zip(("Name", "NodeID", "TopologyKeys"), texts, strict=True))
    return shown | {"Allocatable": None}


CSI_NODE = Kind(
    "storage.k8s.io/v1",
    CSINode,
    not_simulated=("spec.drivers[*].nodeID", "spec.drivers[*].topologyKeys"),
    namespaced=False,
    validate=_validate,
    validate_update=_validate_update,
    first_status=lambda view: {},
    columns=table_columns("Name  Drivers:integer  Age"),
    row=lambda node, now: (node.name, len(node.spec.drivers or ())),
)
