"""An error inside one component: logged with its name, tried again later, and the rest goes on."""

from __future__ import annotations

from itertools import pairwise

import pytest

from course_lib.cluster import Cluster
from course_lib.engine import Simulation
from course_lib.node.pod_worker import PodWorker
from course_lib.node.proxy import change_tracker
from course_lib.scheduler.scheduler import Scheduler
from tests.conftest import pod, service, status_of


@pytest.fixture
def lenient(monkeypatch):
    """Errors inside components as a learner has them: they end no run."""
    monkeypatch.setattr(Simulation, "strict", False)


def failing(first: int, whom: str, real):
    """A step that fails its first times for one object, and then does what it should."""
    count = 0

    def step(self, *args, **kwargs):
        nonlocal count
        if whom in str(args) + str(getattr(self, "pod", "")) and count < first:
            count += 1
            raise ZeroDivisionError("division by zero")
        return real(self, *args, **kwargs)

    return step


def faults(cluster: Cluster) -> list[tuple[str, str, str]]:
    found = cluster.log(reason="InternalError")
    return list(zip(found.COMPONENT, found.OBJECT, found.MESSAGE, strict=True))


def test_a_scheduler_that_fails_at_one_pod_schedules_the_others_and_tries_again(
    cluster, lenient, monkeypatch
):
    real = Scheduler.schedule_one
    monkeypatch.setattr(Scheduler, "schedule_one", failing(2, "name='bad'", real))
    cluster.apply([pod("bad"), pod("good")])
    with pytest.warns(RuntimeWarning, match="scheduler failed and goes on: ZeroDivisionError"):
        cluster.run(seconds=60)
    assert status_of(cluster) == ["Running", "Running"]
    assert faults(cluster) == [("scheduler", "Pod/bad", "ZeroDivisionError: division by zero")] * 2


def test_a_kubelet_that_fails_at_one_pod_runs_the_others_and_tries_again(
    cluster, lenient, monkeypatch
):
    monkeypatch.setattr(PodWorker, "sync", failing(3, "name='bad'", PodWorker.sync))
    cluster.apply([pod("bad"), pod("good")])
    with pytest.warns(RuntimeWarning, match="kubelet/node-"):
        cluster.run(seconds=60)
    assert status_of(cluster) == ["Running", "Running"]
    times = list(cluster.log(reason="InternalError").TIME)
    assert [round(later - sooner) for sooner, later in pairwise(times)] == [
        2,
        4,
    ]


def test_a_proxy_that_fails_at_one_service_writes_the_others_and_tries_again(lenient, monkeypatch):
    cluster = Cluster(nodes=1, network="flannel-vxlan")
    real, count = change_tracker.service_ports, 0

    def once(of, slices):
        nonlocal count
        if of.name == "bad" and count < 1:
            count += 1
            raise ValueError("invalid literal for int()")
        return real(of, slices)

    monkeypatch.setattr(change_tracker, "service_ports", once)
    cluster.apply([service("bad"), service("good")])
    rules = cluster.proxies["node-1"]
    with pytest.warns(RuntimeWarning, match="kube-proxy/node-1"):
        cluster.run(seconds=10)
        assert ("default", "good") in rules.ports
    assert ("default", "bad") not in rules.ports
    cluster.run(seconds=40)
    assert ("default", "bad") in rules.ports


def test_a_loop_begins_again_later_each_time(lenient):
    sim, began = Simulation(), []

    def loop():
        began.append(sim.now)
        yield sim.sleep(0.5)
        raise KeyError("gone")

    sim.loop("janitor", loop)
    with pytest.warns(RuntimeWarning, match="janitor failed and goes on: KeyError: 'gone'"):
        sim.run(20)
    assert began == [0, 2.5, 7.0, 15.5]


def test_an_error_in_a_timer_or_a_process_is_logged_by_the_name_of_its_module(lenient):
    sim = Simulation()

    def broken() -> None:
        raise OSError("disk")

    def process():
        yield sim.sleep(1)
        broken()

    sim.at(2, broken)
    sim.start(process())
    with pytest.warns(RuntimeWarning, match="test_faults_of_components"):
        sim.run(3)
    assert [entry.message for entry in sim.log.entries] == ["OSError: disk"] * 2


def test_a_listener_that_fails_does_not_fail_the_writer(cluster, lenient):
    def broken(event) -> None:
        raise RuntimeError("lost the thread")

    cluster.api.watch("Pod", broken)
    with pytest.warns(RuntimeWarning, match="lost the thread"):
        cluster.apply(pod())
        cluster.run(seconds=20)
    assert status_of(cluster) == ["Running"]


def test_in_tests_such_an_error_is_raised():
    sim = Simulation()
    assert sim.strict

    def broken() -> None:
        raise OSError("disk")

    sim.at(1, broken)
    with pytest.raises(OSError, match="disk"):
        sim.run(3)


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan"), 1e300, "60", None, True, [60]])
def test_time_runs_forwards_and_not_for_ever(seconds):
    from course_lib.errors import CourseError

    sim = Simulation()
    for act in (sim.run, lambda s: sim.run_until(lambda: True, timeout=s)):
        with pytest.raises(CourseError, match="time runs forwards"):
            act(seconds)
    with pytest.raises(CourseError, match="a condition is a function"):
        sim.run_until(5)
