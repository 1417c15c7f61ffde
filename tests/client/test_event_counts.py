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


@pytest.mark.parametrize(("messages", "shown"), [(9, 9), (10, 10), (12, 10)])
def test_from_the_tenth_on_events_that_differ_by_their_message_are_one(messages, shown):
    api, events, about = recorder()
    for number in range(messages):
        api.sim.run(1)
        events.warning("tester", about, "Failed", f"try {number}")
    found = sorted(api.list(Event), key=lambda each: each.first_timestamp)
    assert len(found) == shown
    assert [each.message for each in found[:9]] == [f"try {number}" for number in range(9)]
    if messages > 9:
        last = messages - 1
        assert found[9].message == f"(combined from similar events): try {last}"
        assert found[9].count == messages - 9


@pytest.mark.parametrize(("pause", "combined"), [(599, True), (600, True), (601, False)])
def test_after_ten_minutes_similar_events_are_told_apart_again(pause, combined):
    api, events, about = recorder()
    for number in range(9):
        events.warning("tester", about, "Failed", f"try {number}")
    api.sim.run(pause)
    events.warning("tester", about, "Failed", "try again")
    messages = [each.message for each in api.list(Event)]
    assert any("combined" in message for message in messages) == combined


@pytest.mark.parametrize(("pause", "written"), [(299, 25), (300, 26)])
def test_of_many_events_about_an_object_25_are_written_and_one_each_five_minutes(pause, written):
    api, events, about = recorder()
    for _ in range(25):
        events.normal("tester", about, "Often", "seen")
    api.sim.run(pause)
    events.normal("tester", about, "Often", "seen")
    (event,) = api.list(Event)
    assert event.count == written
    events.warning("tester", about, "Other", "warnings have a budget of their own")
    assert len(api.list(Event)) == 2


def test_events_that_were_dropped_are_counted_all_the_same():
    api, events, about = recorder()
    for _ in range(30):
        events.normal("tester", about, "Often", "seen")
    api.sim.run(300)
    events.normal("tester", about, "Often", "seen")
    (event,) = api.list(Event)
    assert event.count == 31


class Elsewhere:
    """A client with a simulation of its own."""

    def __init__(self, api, sim):
        self.sim, self.find, self.create = sim, api.find, api.create
