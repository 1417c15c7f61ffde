"""Tickers: a sleep changes neither the times nor the order of what happens."""

import random
from functools import partial

import pytest

from course_lib.engine import FOR_EVER, SOON, Lifetime, Simulation, Ticker


@pytest.fixture(params=[True, False], ids=["plain", "asleep"])
def sim(request, monkeypatch) -> Simulation:
    monkeypatch.setattr(Simulation, "plain", request.param)
    return Simulation()


def ticks(sim: Simulation, first: float, period: float, until: float) -> list[float]:
    heard: list[float] = []

    def tick() -> float:
        heard.append(sim.now)
        return until

    Ticker(sim, first, period, tick)
    return heard


def test_a_ticker_ticks_at_its_phase_and_period(sim):
    heard = ticks(sim, 0.3, 0.1, SOON)
    sim.run(0.75)
    assert heard == [0.3, 0.4, 0.5, 0.6000000000000001, 0.7]


def test_a_first_tick_that_is_over_happens_now(sim):
    sim.run(5)
    heard = ticks(sim, 2, 10, SOON)
    sim.run(10.5)
    assert heard == [5, 15]


@pytest.mark.parametrize(("until", "next_tick"), [(10.9, 11), (11, 11), (11.1, 21), (21.0, 21)])
def test_a_ticker_sleeps_until_the_first_tick_at_which_something_may_change(until, next_tick):
    sim = Simulation()
    heard = ticks(sim, 1, 10, until)
    sim.run(next_tick + 1)
    assert heard == [1, next_tick]


@pytest.mark.parametrize(("wakes_at", "next_tick"), [(20.9, 21), (21, 21), (21.1, 31)])
def test_a_ticker_that_is_woken_goes_on_at_its_phase(wakes_at, next_tick):
    sim = Simulation()
    heard: list[float] = []
    ticker = Ticker(sim, 1, 10, lambda: heard.append(sim.now) or FOR_EVER)
    sim.at(wakes_at, ticker.wake)
    sim.run(50)
    assert heard == [1, next_tick]
    assert ticker.last == 41


def test_a_ticker_that_is_woken_before_its_time_forgets_the_later_tick():
    sim = Simulation()
    heard: list[float] = []
    ticker = Ticker(sim, 0, 10, lambda: heard.append(sim.now) or 45)
    sim.at(15, ticker.wake)
    sim.run(100)
    assert heard == [0, 20, 50, 60, 70, 80, 90]


def test_a_change_during_a_tick_is_seen_by_the_next_one():
    sim = Simulation()
    heard: list[float] = []

    def tick() -> float:
        heard.append(sim.now)
        if len(heard) < 3:
            ticker.wake()
        return FOR_EVER

    ticker = Ticker(sim, 0, 1, tick)
    sim.run(10)
    assert heard == [0, 1, 2]


def test_ticks_come_after_all_else_at_their_instant_in_the_order_of_their_tickers(sim):
    said: list[str] = []
    second = Ticker(sim, 1, 10, lambda: said.append("ticker 1") or FOR_EVER)
    Ticker(sim, 2, 1, lambda: said.append("ticker 2") or SOON)
    sim.at(20, second.wake)
    sim.at(21, lambda: said.append("event"))
    sim.run(21)
    said.clear()
    sim.run(0.5)
    assert said == ["event", "ticker 1", "ticker 2"]


@pytest.mark.parametrize(("waker", "next_tick"), [("earlier", 11), ("later", 21)])
def test_a_tick_wakes_a_later_ticker_of_its_instant_and_not_an_earlier_one(waker, next_tick):
    sim = Simulation()
    heard: list[float] = []

    def wake() -> float:
        if sim.now == 11:
            sleeper.wake()
        return SOON

    if waker == "earlier":
        Ticker(sim, 1, 10, wake)
    sleeper = Ticker(sim, 1, 10, lambda: heard.append(sim.now) or FOR_EVER)
    if waker == "later":
        Ticker(sim, 1, 10, wake)
    sim.run(40)
    assert heard == [1, next_tick]


@pytest.mark.parametrize(("whole_instant", "next_tick"), [(False, 11), (True, 21)])
def test_what_is_done_between_two_runs_is_before_or_after_the_ticks(whole_instant, next_tick):
    sim = Simulation()
    heard: list[float] = []
    sleeper = Ticker(sim, 1, 10, lambda: heard.append(sim.now) or FOR_EVER)
    sim.at(11, lambda: None)
    sim.advance(11) if whole_instant else sim.run(11)
    assert sim.now == 11
    sleeper.wake()
    sim.run(40)
    assert heard == [1, next_tick]


def test_a_ticker_stops(sim):
    heard: list[float] = []
    ticker = Ticker(sim, 0, 1, lambda: heard.append(sim.now) or FOR_EVER)
    sim.run(0.5)
    ticker.stop()
    ticker.wake()
    sim.run(5)
    assert heard == [0]


def test_a_ticker_ends_with_its_process(sim):
    life = Lifetime(sim)
    heard = ticks(life, 0, 1, SOON)
    sim.run(2.5)
    life.end()
    sim.run(5)
    assert heard == [0, 1, 2]


def test_a_tick_that_fails_is_not_the_last(monkeypatch):
    monkeypatch.setattr(Simulation, "strict", False)
    sim, heard = Simulation(), []

    def tick() -> float:
        heard.append(sim.now)
        raise ValueError("broken")

    Ticker(sim, 0, 1, tick)
    with pytest.warns(RuntimeWarning, match="broken"):
        sim.run(1.5)
    assert heard == [0, 1]


def story(seed: int, plain: bool, monkeypatch) -> list[str]:
    """What some tickers say that watch counters, which events raise now and then."""
    monkeypatch.setattr(Simulation, "plain", plain)
    sim, rng = Simulation(), random.Random(seed)
    counters = [0, 0, 0]
    tickers: list[Ticker] = []

    def raised(which: int) -> None:
        counters[which] += 1
        for ticker in tickers:
            ticker.wake()

    def look(number: int, which: int, seen: list[int]) -> float:
        if counters[which] != seen[-1]:
            seen.append(counters[which])
            sim.record(f"ticker-{number}", str(which), "Seen", str(seen[-1]))
            if seen[-1] % 3 == 0:  # one tick's work is what another looks at
                raised((which + 1) % 3)
            if seen[-1] % 5 == 0:
                sim.at(sim.now, lambda: raised((which + 2) % 3))
        return FOR_EVER

    for number in range(8):
        which, seen = rng.randrange(3), [0]
        first, period = rng.choice([0, 0, 1, 0.5]), rng.choice([1, 2, 2, 5, 0.7])

        def tick(number=number, which=which, seen=seen) -> float:
            return look(number, which, seen)

        tickers.append(Ticker(sim, first, period, tick))
    for _ in range(40):
        at, which = rng.choice([rng.uniform(0, 60), rng.randrange(60)]), rng.randrange(3)
        sim.at(at, partial(raised, which))
    sim.run(30)
    raised(0)
    sim.run_until(lambda: sum(counters) > 30, timeout=600)
    raised(1)
    sim.run(60)
    return sim.log.lines()


@pytest.mark.parametrize("seed", range(40))
def test_nobody_can_see_whether_tickers_sleep(seed, monkeypatch):
    plain = story(seed, True, monkeypatch)
    assert plain == story(seed, False, monkeypatch)
    assert len(plain) > 20
