"""A CSINode: the drivers of volumes that a node has.

Source: `describeCSINode` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.values import date, go_list
from course_lib.kubectl.describing.writing import Lines, field, indented
from course_lib.objects.manifests import Document


def lines(node: DescribedObject) -> Lines:
    """All but the events."""
    yield field("Name", node.name)
    yield from node.marks()
    yield field("CreationTimestamp", date(node.metadata.get("creationTimestamp")))
    yield "Spec:"
    drivers = node.spec.get("drivers")
    if drivers is not None:
        yield "  Drivers:"
        yield from indented((line for each in drivers for line in _driver(each)), 2)


def _driver(driver: Document) -> Lines:
    count = (driver.get("allocatable") or {}).get("count")
    yield f"{driver.get('name', '')}:"
    yield "  " + field("Node ID", driver.get("nodeID"))
    if count is not None:
        yield from ("  Allocatables:", "    " + field("Count", count))
    if driver.get("topologyKeys") is not None:
        yield "  " + field("Topology Keys", go_list(driver["topologyKeys"]))
