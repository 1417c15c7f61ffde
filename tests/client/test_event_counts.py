"""Events: repeated ones are counted, old ones are forgotten."""

from __future__ import annotations

import pytest

from course_lib.apiserver import APIServer
from course_lib.client import LocalClient
from course_lib.client.events import EventRecorder
from course_lib.engine import Simulation
from course_lib.objects.kinds.event import Event
from course_lib.objects.kinds.pod import Pod
from tests.conftest import container, pod


def test_events_are_counted_and_forgotten_after_an_hour(cluster):
    cluster.apply(pod(containers=[container(image="registry.invalid/x:1")]))
    cluster.run(seconds=600)
    events = cluster.get("events", wide=True)
    assert events.query("REASON == 'BackOff'").COUNT.iloc[0] > 1
    cluster.delete("pod", "web")
    cluster.run(seconds=3700)
    cluster.apply(pod("other"))
    cluster.run(seconds=20)
    assert "BackOff" not in set(cluster.get("events").REASON)


def test_two_processes_give_their_events_different_names():
    """Each counts for itself; the time, which both put into the name, tells them apart."""
    api = LocalClient(APIServer(Simulation()))
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
    api.create(space)
    about = api.create(pod())
    for start in (100.0, 100.5):
        recorder = EventRecorder(Elsewhere(api, Simulation(start=start)))
        recorder.normal("tester", about, "Seen", f"at {start}")
    assert len({event.name for event in api.list("Event")}) == 2


def recorder() -> tuple[LocalClient, EventRecorder, Pod]:
    api = LocalClient(APIServer(Simulation()))
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    return api, EventRecorder(api), api.create(pod())


@pytest.mark.parametrize(("seconds", "there"), [(3599, True), (3600, True), (3601, False)])
def test_an_event_lives_for_an_hour(seconds, there):
    api, events, about = recorder()
    events.normal("tester", about, "First", "seen")
    api.sim.run(seconds)
    events.normal("tester", about, "Last", "seen")
    assert ("First" in {each.reason for each in api.list(Event)}) == there


def test_an_event_that_is_counted_lives_for_another_hour():
    api, events, about = recorder()
    for reason in ("Often", "Once"):
        events.normal("tester", about, reason, "seen")
    api.sim.run(3000)
    events.normal("tester", about, "Often", "seen")
    api.sim.run(3000)
    events.normal("tester", about, "Last", "seen")
    found = {each.reason: each.count for each in api.list(Event)}
    assert found == {"Often": 2, "Last": 1}


def test_events_expire_though_somebody_has_deleted_one():
    api, events, about = recorder()
    for reason in ("Deleted", "Kept"):
        events.normal("tester", about, reason, "seen")
    first = next(each for each in api.list(Event) if each.reason == "Deleted")
    api.delete(Event, first.name, first.namespace)
    api.sim.run(3601)
    events.normal("tester", about, "Last", "seen")
    assert [each.reason for each in api.list(Event)] == ["Last"]


class Elsewhere:
    """A client with a simulation of its own."""

    def __init__(self, api, sim):
        self.sim, self.find, self.create = sim, api.find, api.create
