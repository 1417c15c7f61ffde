import os
import subprocess
import sys

import pytest

from course_lib.engine import Lifetime, Simulation
from course_lib.engine.timestamps import micro_timestamp, seconds_at, timestamp
from course_lib.errors import CourseError, SimulationTimeout
from tests.conftest import ROOT

STORY = """
from course_lib import Cluster
cluster = Cluster(nodes=4, zones=("a", "b"), seed={seed})
cluster.apply("data/web.yaml")
cluster.apply("data/web-autoscaler.yaml")
cluster.run(seconds=40)
load = cluster.load("web", requests_per_second=40)
cluster.kill_node("node-2")
cluster.run(seconds=200)
cluster.kubectl("set image deployment/web *=registry.invalid/web:v2")
cluster.run(seconds=200)
cluster.kubectl("rollout undo deployment/web")
cluster.restore_node("node-2")
cluster.kubectl("drain node-1")
cluster.run(seconds=200)
print("\\n".join(cluster.sim.log.lines()))
print(load.times, load.latencies, load.backends)
print(cluster.get("pods", wide=True).to_csv())
"""


def history(seed: int, hash_seed: str) -> str:
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", STORY.format(seed=seed)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment
    )
    return done.stdout


def test_one_seed_one_history_byte_for_byte_in_two_processes():
    first, second = history(7, "1"), history(7, "424242")
    assert first.count("\n") > 60
    assert first == second


def test_another_seed_another_history():
    assert history(7, "1") != history(8, "1")


def test_time_runs_only_when_it_is_asked_to():
    sim = Simulation()
    heard: list[float] = []
    sim.at(5, lambda: heard.append(sim.now))
    sim.run(seconds=4)
    assert (sim.now, heard) == (4.0, [])
    sim.run(seconds=6)
    assert (sim.now, heard) == (10.0, [5.0])


def test_step_lets_one_event_happen():
    sim = Simulation()
    heard: list[str] = []
    sim.at(1, lambda: heard.append("one"))
    sim.at(2, lambda: heard.append("two"))
    assert sim.step() == 1.0
    assert heard == ["one"]
    assert (sim.step(), sim.step()) == (2.0, 2.0)


def test_run_until_stops_at_the_instant_at_which_the_condition_holds():
    sim = Simulation()
    heard: list[int] = []
    for second in (1, 2, 3):
        sim.at(second, lambda second=second: heard.append(second))
    assert sim.run_until(lambda: 2 in heard, timeout=10) == 2.0
    assert heard == [1, 2]


def test_a_timeout_says_what_was_still_pending():
    sim = Simulation()
    sim.reports_pending(lambda: ["Pod web: Pending"])
    sim.at(100, lambda: None)
    with pytest.raises(SimulationTimeout, match="Pod web: Pending"):
        sim.run_until(lambda: False, timeout=30)
    assert sim.now == 30.0


def test_what_one_component_draws_does_not_move_another():
    alone, both = Simulation(seed=3), Simulation(seed=3)
    both.random("b").random()
    assert alone.random("a").random() == both.random("a").random()
    assert Simulation(seed=4).random("a").random() != Simulation(seed=3).random("a").random()


def test_time_does_not_run_backwards():
    with pytest.raises(CourseError, match="forwards"):
        Simulation().run(seconds=-1)


def test_timestamps_can_be_read_again():
    assert seconds_at(timestamp(3661.9)) == 3661
    assert seconds_at(micro_timestamp(12.345678)) == pytest.approx(12.345678)


def test_errors_that_nobody_handled_surface():
    sim = Simulation()

    def broken():
        yield sim.sleep(1)
        raise RuntimeError("nobody caught me")

    sim.start(broken())
    with pytest.raises(RuntimeError, match="nobody caught me"):
        sim.run(seconds=2)


def test_a_clock_that_stands_still_is_noticed_and_what_runs_is_named():
    sim = Simulation()

    def chatter() -> None:
        sim.at(sim.now, chatter)

    def restless(other):
        while True:
            yield other.sleep(0)

    sim.at(5, chatter)
    sim.run(4)
    with pytest.raises(CourseError, match="the simulated clock stands still") as raised:
        sim.run(10)
    assert raised.value.where == "simulated time 5 s"
    assert "chatter (1000)" in raised.value.found
    with pytest.raises(CourseError, match="stands still"):
        sim.run(10)
    other = Simulation()
    other.start(restless(other))
    with pytest.raises(CourseError, match="restless"):
        other.run_until(lambda: False)


def test_many_steps_at_one_instant_are_no_standing_clock():
    sim = Simulation()
    heard = []
    for number in range(50_000):
        sim.at(1, lambda number=number: heard.append(number))
    sim.run(2)
    assert (sim.now, len(heard)) == (2.0, 50_000)


def test_what_is_to_happen_soon_waits_for_the_end_of_the_step_and_comes_before_the_next():
    sim, order = Simulation(), []

    def first():
        sim.soon(lambda: order.append("soon"))
        order.append("first")

    sim.at(1, first)
    sim.at(1, lambda: order.append("second"))
    sim.run(2)
    assert order == ["first", "soon", "second"]


def test_what_is_to_happen_soon_happens_when_time_passes_next_or_at_once_when_asked():
    sim, order = Simulation(), []
    sim.soon(lambda: order.append((sim.now, "a")))
    sim.run(1)
    sim.soon(lambda: order.append((sim.now, "b")))
    assert order == [(0, "a")]
    sim.settle()
    assert order == [(0, "a"), (1, "b")]
    assert sim.now == 1


def test_what_is_to_happen_soon_for_ever_is_an_endless_loop():
    sim = Simulation()

    def again():
        sim.soon(again)

    again()
    with pytest.raises(CourseError, match="clock stands still"):
        sim.settle()


def test_what_a_process_wants_soon_ends_with_it():
    world, happened = Simulation(), []
    life = Lifetime(world)
    life.soon(lambda: happened.append("while it lives"))
    world.settle()
    life.soon(lambda: happened.append("after its end"))
    life.end()
    world.settle()
    assert happened == ["while it lives"]


def test_what_waited_before_time_passes_is_no_sign_of_a_clock_that_stands_still(monkeypatch):
    monkeypatch.setattr("course_lib.engine.simulation.MOST_STEPS", 10)
    sim, done = Simulation(), []
    for number in range(50):
        sim.soon(lambda number=number: done.append(number))
    sim.settle()
    assert done == list(range(50))


def test_what_waits_for_itself_for_ever_is_reported(monkeypatch):
    monkeypatch.setattr("course_lib.engine.simulation.MOST_STEPS", 10)
    sim = Simulation()

    def again() -> None:
        sim.soon(again)

    sim.soon(again)
    with pytest.raises(CourseError, match="stands still"):
        sim.settle()


@pytest.mark.parametrize("timeout", [100.0, 1000.0, 2100.0, 4300.0, 7777.7])
def test_a_condition_is_asked_until_its_timeout_whatever_the_period(timeout):
    sim = Simulation()
    assert sim.run_until(lambda: sim.now >= 0.9 * timeout, timeout) <= timeout
    with pytest.raises(SimulationTimeout):
        sim.run_until(lambda: False, timeout)
    assert sim.now == pytest.approx(1.9 * timeout, rel=0.01)
