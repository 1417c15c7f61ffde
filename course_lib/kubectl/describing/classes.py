"""Small kinds without a namespace: PriorityClass, ServiceCIDR, IPAddress.

Source: `describePriorityClass`, `describeServiceCIDRV1` and `describeIPAddressV1` in
`pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from course_lib.kubectl.describing import conditions
from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.values import flag, pairs
from course_lib.kubectl.describing.writing import Lines, field, titled


def lines_of_priority_class(priority: DescribedObject) -> Lines:
    """A PriorityClass, all but the events."""
    document = priority.document
    yield field("Name", priority.name)
    yield field("Value", document.get("value", 0))
    yield field("GlobalDefault", flag(document.get("globalDefault")))
    yield field("PreemptionPolicy", document.get("preemptionPolicy"))
    yield field("Description", document.get("description"))
    yield field("Annotations", pairs(priority.metadata.get("annotations")))


def lines_of_service_cidr(cidr: DescribedObject) -> Lines:
    """A ServiceCIDR: addresses for Services, all but the events."""
    yield field("Name", cidr.name)
    yield from cidr.marks()
    yield field("CIDRs", ", ".join(cidr.spec.get("cidrs") or ()))
    if cidr.status.get("conditions"):
        yield "Status:"
        yield from conditions.with_time(cidr.status["conditions"])


def lines_of_ip_address(address: DescribedObject) -> Lines:
    """An IPAddress: whose address it is, all but the events."""
    yield field("Name", address.name)
    yield from address.marks()
    parent = address.spec.get("parentRef")
    if parent:
        names = ("Group", "Resource", "Namespace", "Name")
        fields = (field(name, parent.get(name.lower())) for name in names)
        yield from titled("Parent Reference", fields)
