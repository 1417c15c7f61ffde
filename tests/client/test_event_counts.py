"""Events: repeated ones are counted, old ones are forgotten."""

from __future__ import annotations

from course_lib.apiserver import APIServer
from course_lib.client import LocalClient
from course_lib.client.events import EventRecorder
from course_lib.engine import Simulation
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


class Elsewhere:
    """A client with a simulation of its own."""

    def __init__(self, api, sim):
        self.sim, self.find, self.create = sim, api.find, api.create
