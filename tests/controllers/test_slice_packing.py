"""EndpointSlices as upstream's reconciler packs them: only slices that change are written."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.controllers.endpoints_plane import EndpointsPlane, address


def plane_with(pods: int, **settings) -> EndpointsPlane:
    plane = EndpointsPlane(**settings)
    plane.add_service("web", {"app": "web"})
    for number in range(pods):
        plane.add_pod(f"web-{number:04}", "web", address(number + 1))
    plane.run()
    return plane


@pytest.mark.parametrize(
    ("pods", "sizes"), [(0, [0]), (1, [1]), (99, [99]), (100, [100]), (101, [1, 100])]
)
def test_a_slice_has_a_hundred_endpoints_at_most(pods: int, sizes: list[int]):
    assert plane_with(pods).sizes() == sizes


def test_one_endpoint_changes_one_slice():
    plane = plane_with(250)
    before = plane.revisions()
    assert plane.sizes() == [50, 100, 100]
    plane.say("web-0007", ready=False)
    plane.run()
    after = plane.revisions()
    assert len(before.items() - after.items()) == 1
    plane.run(seconds=60)
    assert plane.revisions() == after  # the controller's own write is no reason to look again


def test_new_endpoints_go_into_the_fullest_slice_that_has_room_for_all():
    plane = plane_with(250)
    for name in ("web-0000", "web-0001", "web-0100"):  # two slices have room: for two, and for one
        plane.api.delete("Pod", name, "default", grace_period=0)
    plane.run()
    assert plane.sizes() == [50, 98, 99]
    plane.add_pod("new-0", "web", "10.9.9.9")
    plane.run()
    assert plane.sizes() == [50, 98, 100]
    for number in range(3):  # together they fit in the smallest alone
        plane.add_pod(f"more-{number}", "web", f"10.9.8.{number}")
    plane.run()
    assert plane.sizes() == [53, 98, 100]


def test_endpoints_that_fit_nowhere_get_a_slice_of_their_own():
    plane = plane_with(190)
    for number in range(11):
        plane.add_pod(f"more-{number}", "web", f"10.9.8.{number}")
    plane.run()
    assert plane.sizes() == [11, 90, 100]


def test_a_slice_that_is_written_anyway_is_filled_first():
    plane = plane_with(150)
    plane.say("web-0000", ready=False)
    plane.api.delete("Pod", "web-0001", "default", grace_period=0)
    plane.add_pod("new", "web", "10.9.9.9")
    plane.run()
    assert plane.sizes() == [50, 100]


def test_a_slice_without_endpoints_is_deleted_unless_it_is_the_last():
    plane = plane_with(101)
    plane.api.delete("Pod", "web-0100", "default", grace_period=0)
    plane.run()
    assert plane.sizes() == [100]
    (last,) = plane.slices()
    for number in range(100):
        plane.api.delete("Pod", f"web-{number:04}", "default", grace_period=0)
    plane.run()
    assert [(p.name, p.endpoints or []) for p in plane.slices()] == [(last.name, [])]


def test_pods_whose_named_port_has_another_number_are_in_a_slice_of_their_own():
    plane = EndpointsPlane()
    plane.add_service("web", {"app": "web"}, port="p")
    plane.add_pod("a", "web", "10.0.0.1", port=8080)
    plane.add_pod("b", "web", "10.0.0.2", port=9090)
    plane.run()
    found = {p.ports[0].port: [e.addresses[0] for e in p.endpoints] for p in plane.slices()}
    assert found == {8080: ["10.0.0.1"], 9090: ["10.0.0.2"]}


def test_a_pod_that_loses_its_label_leaves_its_service():
    plane = plane_with(2)
    labels = {"metadata": {"labels": {"app": "other"}}}
    plane.api.patch("Pod", "web-0000", "default", labels)
    plane.run()
    assert plane.sizes() == [1]
    (subset,) = plane.api.get("Endpoints", "web", "default").subsets
    assert [each.ip for each in subset.addresses] == [address(2)]


def test_a_pod_on_a_node_that_is_not_known_has_no_endpoint_until_it_is():
    plane = plane_with(1)
    plane.add_pod("far", "web", "10.9.9.9", node="node-9")
    plane.run()
    assert plane.sizes() == [1]
    plane.add_node("node-9", "zone-9")
    plane.run(seconds=60)
    assert plane.sizes() == [2]
    assert {e.zone for p in plane.slices() for e in p.endpoints} == {"zone-0", "zone-9"}


def act(plane: EndpointsPlane, rng: random.Random, steps: int) -> None:
    """Pods that come, change and go, Services that change, slices that somebody edits."""
    pods: dict[str, bool] = {}
    for step in range(steps):
        what, app = rng.randrange(10), rng.choice(["web", "db"])
        name = rng.choice(sorted(pods)) if pods else ""
        if what < 4 or not pods:
            for number in range(rng.choice([1, 3, 120])):
                new = f"{app}-{step:02}-{number:03}"
                node = f"node-{rng.randrange(2)}"
                pods[new] = rng.random() < 0.7
                plane.add_pod(new, app, address(step * 200 + number + 1), node, pods[new])
        elif what < 6:
            for each in rng.sample(sorted(pods), min(len(pods), rng.choice([1, 40]))):
                pods[each] = not pods[each]
                plane.say(each, pods[each])
        elif what == 6:
            for each in rng.sample(sorted(pods), len(pods) // rng.choice([2, 20]) or 1):
                del pods[each]
                plane.api.delete("Pod", each, "default", grace_period=0)
        elif what == 7:
            other = {"metadata": {"labels": {"app": rng.choice(["web", "db", "none"])}}}
            plane.api.patch("Pod", name, "default", other)
        elif what == 8:
            labels = {"metadata": {"labels": {"step": str(step)}}}
            plane.api.patch("Service", app, "default", labels)
        elif pieces := plane.slices(app):
            piece = rng.choice(pieces)
            fewer = {"endpoints": plane.api.document("EndpointSlice", piece.name, "default")}
            fewer = {"endpoints": (fewer["endpoints"].get("endpoints") or [])[1:]}
            plane.api.patch("EndpointSlice", piece.name, "default", fewer)
        plane.run(seconds=rng.choice([0.001, 0.02, 2.0]))
    plane.run(seconds=10)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32))
def test_looking_at_the_pods_that_changed_writes_what_looking_at_all_writes(seed: int):
    found = []
    for plain in (True, False):
        plane = EndpointsPlane(plain=plain)
        plane.add_service("web", {"app": "web"})
        plane.add_service("db", {"app": "db"}, trafficDistribution="PreferClose")
        act(plane, random.Random(seed), steps=12)
        found.append((plane.documents(), plane.server.store.revision))
    assert found[0] == found[1]


@pytest.mark.parametrize(("pods", "second"), [(333, True), (334, False), (600, False)])
def test_a_look_at_many_pods_takes_longer(pods: int, second: bool):
    """At 15 us a Pod, 333 take less than the 5 ms of any look, and 334 take more."""
    plane = plane_with(pods)
    plane.run(seconds=10)
    plane.say("web-0000", ready=False)
    plane.run(seconds=0.005_005)  # the first look was at 5 ms
    plane.say("web-0001", ready=False)
    plane.run(seconds=0.005_002)
    unready = [e for p in plane.slices() for e in p.endpoints if not e.conditions.ready]
    assert len(unready) == (2 if second else 1)
    plane.run(seconds=0.1)
    unready = [e for p in plane.slices() for e in p.endpoints if not e.conditions.ready]
    assert len(unready) == 2
