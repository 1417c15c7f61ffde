"""The work queue: each key once, never twice at a time, and failures later each time."""

from __future__ import annotations

from course_lib.client.workqueue import ExponentialFailureRateLimiter, WorkQueue
from course_lib.engine import Simulation


def drained(queue: WorkQueue[str]) -> list[str]:
    keys = []
    while queue:
        keys.append(queue.get())
        queue.done(keys[-1])
    return keys


def test_keys_come_out_in_the_order_in_which_they_went_in_and_once():
    queue = WorkQueue[str](Simulation())
    for key in ("a", "b", "a", "c", "b"):
        queue.add(key)
    assert drained(queue) == ["a", "b", "c"]


def test_a_key_that_is_added_while_it_is_processed_waits_until_it_is_done():
    queue = WorkQueue[str](Simulation())
    queue.add("a")
    assert queue.get() == "a"
    queue.add("a")
    queue.add("b")
    assert len(queue) == 1  # a second worker gets b, and not a
    queue.done("a")
    assert drained(queue) == ["b", "a"]


def test_a_key_that_is_done_and_was_not_added_again_is_gone():
    queue = WorkQueue[str](Simulation())
    queue.add("a")
    queue.done(queue.get())
    assert len(queue) == 0


def test_a_key_can_be_added_later():
    sim = Simulation()
    queue = WorkQueue[str](sim)
    queue.add_after("a", 10)
    queue.add_after("b", 0)
    assert drained(queue) == ["b"]
    sim.run(9.9)
    assert len(queue) == 0
    sim.run(0.2)
    assert drained(queue) == ["a"]


def test_a_failed_key_comes_again_later_each_time_and_at_most_so_late():
    sim = Simulation()
    queue = WorkQueue[str](sim, ExponentialFailureRateLimiter(first=1.0, last=5.0))
    waits = []
    for _ in range(5):
        began = sim.now
        queue.add_rate_limited("a")
        sim.run_until(lambda: len(queue) > 0)
        waits.append(sim.now - began)
        queue.done(queue.get())
    assert waits == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_a_success_lets_the_delays_begin_from_the_shortest():
    limiter = ExponentialFailureRateLimiter[str](first=1.0)
    assert [limiter.when("a"), limiter.when("a"), limiter.when("b")] == [1.0, 2.0, 1.0]
    limiter.forget("a")
    assert limiter.failures("a") == 0
    assert limiter.when("a") == 1.0


def test_a_worker_sleeps_until_there_is_a_key():
    sim = Simulation()
    queue = WorkQueue[str](sim)
    seen = []

    def work():
        while True:
            yield from queue.ready()
            key = queue.get()
            seen.append((key, sim.now))
            queue.done(key)

    sim.start(work())
    queue.add_after("a", 5)
    queue.add_after("b", 7)
    sim.run(10)
    assert seen == [("a", 5.0), ("b", 7.0)]


def test_of_several_delays_of_a_key_the_earliest_to_end_counts():
    sim = Simulation()
    queue = WorkQueue[str](sim)
    for seconds in (20, 10, 30):
        queue.add_after("a", seconds)
    sim.run(9)
    assert drained(queue) == []
    sim.run(2)
    assert drained(queue) == ["a"]
    sim.run(60)
    assert drained(queue) == []


def test_of_two_workers_that_wait_each_gets_a_key():
    sim = Simulation()
    queue = WorkQueue[str](sim)
    seen = []

    def work(worker):
        while True:
            yield from queue.ready()
            key = queue.get()
            seen.append((worker, key, sim.now))
            yield sim.sleep(10)
            queue.done(key)

    sim.start(work("first"))
    sim.start(work("second"))
    queue.add_after("a", 1)
    queue.add_after("b", 2)
    sim.run(5)
    assert seen == [("first", "a", 1.0), ("second", "b", 2.0)]
