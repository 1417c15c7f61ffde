"""A bar shows how far a long run is, leaves nothing behind, and changes no history."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from course_lib import Cluster
from course_lib.cluster import progress
from course_lib.engine import Simulation
from course_lib.errors import CourseError


def kernel(watched: bool | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a notebook that a person watches, or that a program executes; None: in no notebook."""
    allowed = SimpleNamespace(_allow_stdin=watched)
    shell = None if watched is None else SimpleNamespace(kernel=allowed)
    monkeypatch.setattr(progress, "_shell", lambda: shell)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock on the wall, which stands still unless a test moves it."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("watched", "asked", "expected"),
    [
        (None, None, progress.NEVER),  # a program or a terminal
        (None, True, 0.0),
        (None, False, progress.NEVER),
        (True, None, progress.PATIENCE),  # a person at a notebook
        (True, True, 0.0),
        (True, False, progress.NEVER),
        (False, None, progress.NEVER),  # nbconvert or nbval: outputs are stored
        (False, True, progress.NEVER),
        (False, False, progress.NEVER),
    ],
)
def test_when_a_bar_appears(watched, asked, expected, monkeypatch):
    kernel(watched, monkeypatch)
    assert progress.patience(asked) == expected


@pytest.mark.parametrize(("seconds", "shown"), [(2.9, False), (3.0, True), (3.1, True)])
def test_a_bar_appears_after_three_seconds_of_real_time(seconds, shown, clock):
    sim = Simulation()
    with progress.RunBar(sim, 10.0, progress.PATIENCE) as bar:
        clock[0] = seconds
        for _ in range(progress.EACH):
            bar.look()
        assert (bar._bar is not None) == shown


def test_the_clock_is_read_once_in_64_events(clock):
    with progress.RunBar(Simulation(), 10.0, 0.0) as bar:
        for _ in range(progress.EACH - 1):
            bar.look()
        assert bar._bar is None
        bar.look()
        assert bar._bar is not None


def test_a_terminal_shows_a_line_and_then_nothing(capsys):
    Cluster(nodes=5).run(seconds=300, progress=True)
    told = capsys.readouterr()
    assert "of 300 simulated s" in told.err and not told.out
    assert told.err.endswith("\r") and not told.err.split("\r")[-2].strip()


def test_a_condition_is_waited_for_with_a_bar(capsys):
    cluster = Cluster(nodes=2)
    assert cluster.run_until(lambda: cluster.now >= 200, progress=True) >= 200
    assert "simulated s" in capsys.readouterr().err
    with pytest.raises(CourseError, match="a condition is a function"):
        cluster.run_until(3, progress=True)


def test_a_notebook_shows_one_line_and_then_nothing(monkeypatch):
    display = pytest.importorskip("IPython.display")
    shown: list[str] = []
    handle = SimpleNamespace(update=lambda data, raw: shown.append(data["text/plain"]))
    monkeypatch.setattr(display, "display", lambda data, raw, display_id: handle)
    kernel(True, monkeypatch)
    Cluster(nodes=5).run(seconds=300, progress=True)
    assert any("of 300 simulated s" in line for line in shown) and shown[-1] == ""


def test_the_history_is_the_same_with_and_without_a_bar(capsys):
    def history(shown: bool) -> list[str]:
        cluster = Cluster(nodes=3, seed=7)
        cluster.apply("data/web.yaml")
        cluster.run(seconds=120, progress=shown)
        cluster.run_until(lambda: cluster.now > 200, progress=shown)
        return cluster.sim.log.lines()

    assert history(True) == history(False)


def test_an_error_ends_the_bar_too(capsys):
    cluster = Cluster(nodes=3)
    with pytest.raises(CourseError, match="did not hold"):
        cluster.run_until(lambda: False, timeout=3000, progress=True)
    assert capsys.readouterr().err.endswith("\r")


def test_what_is_left_counts_the_time_before_the_bar(clock, monkeypatch):
    shown: list[str] = []
    cell = SimpleNamespace(write=shown.append, flush=lambda: None, encoding="utf-8")
    monkeypatch.setattr(progress.sys, "stderr", cell)
    sim = Simulation()
    with progress.RunBar(sim, 40.0, progress.PATIENCE) as bar:
        sim.run(10)
        clock[0] = 100.0
        for _ in range(progress.EACH):
            bar.look()
        assert bar._bar is not None
        told = str(bar._bar)
    assert "10 of 40 simulated s |███████▌" in told and "01:40 (left: 05:00)" in told


@pytest.mark.parametrize(("asked", "shown"), [(True, True), (None, False), (False, False)])
def test_the_cases_of_an_experiment_are_counted(asked, shown, capsys):
    assert list(progress.cases([3, 1, 2], asked)) == [3, 1, 2]
    told = capsys.readouterr()
    assert ("clusters:" in told.err) == shown and not told.out
    assert not shown or not told.err.split("\r")[-2].strip()
