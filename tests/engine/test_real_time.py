"""Simulated time that follows the clock."""

from __future__ import annotations

import time

from course_lib.engine import Simulation
from course_lib.engine.real_time import RealTime


def test_simulated_time_passes_with_the_clock_at_its_speed():
    sim = Simulation(start=1000.0)
    real = RealTime(sim, speed=100.0)
    began = time.monotonic()
    real.start()
    time.sleep(0.2)
    with real.locked():
        passed, most = sim.now - 1000.0, 100 * (time.monotonic() - began)
    real.end()
    real.join()
    assert 20.0 <= passed <= most
    ended = sim.now
    time.sleep(0.02)
    assert sim.now == ended


def test_it_ends_soon_though_the_simulation_cannot_keep_up():
    sim = Simulation()

    def slow():
        while True:
            yield sim.sleep(0.01)
            time.sleep(0.02)

    sim.start(slow())
    real = RealTime(sim, speed=100.0)
    real.start()
    time.sleep(0.5)
    began = time.monotonic()
    real.end()
    real.join()
    assert time.monotonic() - began < 5.0
    assert sim.now < 10.0
