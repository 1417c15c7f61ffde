"""The older Endpoints object has a thousand addresses at most, and says when it leaves some out."""

from __future__ import annotations

import pytest

from course_lib.controllers.endpoint_ports import OfferedPort
from course_lib.controllers.subset_packing import Addresses, InSubset
from tests.controllers.endpoints_plane import EndpointsPlane, address

OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"
HTTP, ADMIN = (OfferedPort("http", 80, "TCP"),), (OfferedPort("http", 81, "TCP"),)


def counts(**sizes: int) -> list[tuple[int, int]]:
    """Addresses of two subsets, ready and not, that fit into one object."""
    addresses = Addresses()
    for name, ports in (("http", HTTP), ("admin", ADMIN)):
        for ready, kind in ((True, "ready"), (False, "waiting")):
            for number in range(sizes.get(f"{name}_{kind}", 0)):
                ip = {"ip": address(number), "targetRef": {"uid": f"{name}-{kind}"}}
                addresses.put(f"{name}-{kind}-{number}", InSubset(ports, ready), ip)
    return [
        (len(subset.get("addresses", ())), len(subset.get("notReadyAddresses", ())))
        for subset in addresses.subsets()
    ]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"http_ready": 999}, [(999, 0)]),
        ({"http_ready": 1000}, [(1000, 0)]),
        ({"http_ready": 1001}, [(1000, 0)]),
        ({"http_ready": 900, "http_waiting": 100}, [(900, 100)]),
        ({"http_ready": 900, "http_waiting": 101}, [(900, 100)]),
        ({"http_ready": 1000, "http_waiting": 5}, [(1000, 0)]),
        ({"http_ready": 1500, "admin_ready": 500}, [(750, 0), (250, 0)]),
        # Each share is rounded up, so that the last subset may get less than its own.
        ({"http_ready": 1000, "admin_ready": 2}, [(999, 0), (1, 0)]),
        ({"http_ready": 100, "http_waiting": 900, "admin_waiting": 900}, [(100, 450), (0, 450)]),
    ],
)
def test_ready_addresses_come_first_and_each_subset_has_its_share(sizes, expected):
    assert counts(**sizes) == expected


def test_the_object_says_that_it_leaves_addresses_out_until_they_fit():
    plane = EndpointsPlane()
    plane.add_service("web", {"app": "web"})
    for number in range(1001):
        plane.add_pod(f"web-{number:04}", "web", address(number + 1))
    plane.run()
    found = plane.api.get("Endpoints", "web", "default")
    assert (len(found.subsets[0].addresses), found.annotations[OVER_CAPACITY]) == (
        1000,
        "truncated",
    )
    assert TRIGGER_TIME in found.annotations
    plane.add_pod("web-9999", "web", "10.9.9.9")  # it does not fit: all addresses stay
    plane.run()
    kept = plane.api.get("Endpoints", "web", "default")
    assert kept.subsets is found.subsets
    assert kept.annotations == {OVER_CAPACITY: "truncated"}  # such an object is always written
    for name in ("web-0000", "web-9999"):
        plane.api.delete("Pod", name, "default", grace_period=0)
    plane.run()
    found = plane.api.get("Endpoints", "web", "default")
    assert len(found.subsets[0].addresses) == 1000
    assert OVER_CAPACITY not in found.annotations
