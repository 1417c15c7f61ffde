"""CSINode: the storage drivers of a node (Kubernetes API reference, `storage.k8s.io/v1`)."""

from __future__ import annotations

import msgspec

from course_lib.objects.field_rules import label_key, matching, needs, whole
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, Value
from course_lib.objects.names import is_subdomain
from course_lib.objects.rules import unique


class VolumeNodeResources(Value, frozen=True):
    """How many volumes a driver can have on a node."""

    count: int


class CSINodeDriver(Value, frozen=True):
    """A storage driver on a node."""

    name: str
    node_id: str = msgspec.field(default="", name="nodeID")
    topology_keys: list[str] | None = None
    allocatable: VolumeNodeResources | None = None


class CSINodeSpec(Value, frozen=True):
    """The drivers of a node."""

    drivers: list[CSINodeDriver] | None = None


class CSINode(Object, frozen=True, kw_only=True):
    """What a node's kubelet tells of its storage drivers."""

    UNKEPT = "status"

    spec: CSINodeSpec = CSINodeSpec()


def _relations(document: Document) -> Problems:
    drivers = document.get("spec", {}).get("drivers") or []
    yield from unique("spec.drivers", [each["name"] for each in drivers], "name")
    for position, each in enumerate(drivers):
        yield from unique(f"spec.drivers[{position}].topologyKeys", each.get("topologyKeys") or ())


CSI_NODE = Kind(
    "storage.k8s.io/v1",
    CSINode,
    namespaced=False,
    fields={
        "spec.drivers[*]": needs("name", "nodeID"),
        "spec.drivers[*].name": matching(
            lambda name: len(name) <= 63 and is_subdomain(name.lower()), "a DNS name of at most 63"
        ),
        "spec.drivers[*].topologyKeys[*]": label_key,
        "spec.drivers[*].allocatable.count": whole(0),
    },
    relations=_relations,
    first_status=lambda view: {},
    columns=table_columns("Name  Drivers:integer  Age"),
    row=lambda node, now: (node.name, len(node.spec.drivers or ())),
)
