"""A progress bar for runs that take long in real time.

The simulation does not know of it: between two events it looks at the clock on the wall, only to
decide whether to draw. When a run has ended, nothing of the bar is left. A notebook that a program
executes (nbconvert, nbval) never shows one: its stored outputs are the same on every machine.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn, Protocol, Self, TypeVar

from course_lib.engine import Simulation

if TYPE_CHECKING:
    from tqdm.std import tqdm

T = TypeVar("T")
NEVER = float("inf")
PATIENCE = 3.0  # s of real time, before a bar appears by itself
EACH = 64  # events from one look at the clock to the next
FORMAT = "{desc}: {n:,.0f} of {total:,.0f} simulated s |{bar:30}| {elapsed} (left: {remaining})"
OPEN_FORMAT = "{desc}: {n:,.0f} simulated s, {elapsed}"


class LineWriter(Protocol):
    """Where tqdm writes its lines."""

    def write(self, text: str) -> object:
        """Show a line in place of the one before."""

    def flush(self) -> object:
        """No-op: no line is buffered."""


class ShownOutput(Protocol):
    """What IPython's `display` returns: an output that can be replaced."""

    def update(self, data: dict[str, str], raw: bool) -> None:
        """Show this in place of what was shown."""


class CellLine:
    """The output of a notebook's cell: one line, which is replaced, and empty in the end."""

    encoding = "utf-8"  # else tqdm draws the end of its bar as a digit

    def __init__(self, display: Callable[..., ShownOutput]) -> None:
        self._handle = display({"text/plain": ""}, raw=True, display_id=True)

    def write(self, text: str) -> None:
        """Show a line in place of the one before."""
        line = text.strip()
        if line or text.endswith("\r"):  # tqdm clears a line by spaces
            self._handle.update({"text/plain": line}, raw=True)

    def flush(self) -> None:
        """No-op: no line is buffered."""


def in_notebook() -> bool:
    """Whether this is the kernel of a notebook."""
    return hasattr(_shell(), "kernel")


def watched() -> bool:
    """Whether a person is in front of this kernel: a program allows no input (`allow_stdin`)."""
    return bool(getattr(getattr(_shell(), "kernel", None), "_allow_stdin", False))


def _shell() -> object:
    """IPython's shell, if this is one; IPython is not imported for it."""
    return getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()


class RunBar:
    """A bar over one run: `with RunBar(sim, 3600) as bar: sim.run(3600, bar.look)`.

    `seconds` is how long the run is (simulated s), or None where its end is not known; the bar
    appears after `patience` (s of real time), which may be infinite.
    """

    def __init__(self, sim: Simulation, seconds: float | None, patience: float) -> None:
        self._sim, self._seconds, self._patience = sim, seconds, patience
        self._began = sim.now
        self._looks = 0
        self._since = time.monotonic()
        self._bar: tqdm[NoReturn] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def look(self) -> None:
        """Between two events: draw how far simulated time has come."""
        self._looks += 1
        if self._looks % EACH == 0 and time.monotonic() - self._since >= self._patience:
            self._draw()

    def watching(self, condition: Callable[[], bool]) -> Callable[[], bool]:
        """A condition that is watched: a look each time that it is asked."""
        if not callable(condition):
            return condition  # `Simulation.run_until` reports the mistake

        def asked() -> bool:
            self.look()
            return condition()

        return asked

    def _draw(self) -> None:
        if self._bar is None:
            self._bar = self._made()
        self._bar.update(self._sim.now - self._began - self._bar.n)

    def _made(self) -> tqdm[NoReturn]:
        from tqdm.std import tqdm

        made: tqdm[NoReturn] = tqdm(
            desc="cluster",
            total=self._seconds,
            leave=False,
            file=screen(),
            bar_format=OPEN_FORMAT if self._seconds is None else FORMAT,
            smoothing=0,  # what is left follows from the whole run
        )
        made.start_t -= time.monotonic() - self._since  # the run began before its bar
        return made


def screen() -> LineWriter:
    """Where a bar is drawn: the output of a cell, or the terminal."""
    if not in_notebook():
        return sys.stderr
    from IPython.display import display

    return CellLine(display)


def patience(progress: bool | None) -> float:
    """After how long a bar appears (s of real time): at once, in a moment, or never.

    `progress` says so; with None, by itself where a person watches a notebook.
    """
    if progress is False or (in_notebook() and not watched()):
        return NEVER
    if progress:
        return 0.0
    return PATIENCE if watched() else NEVER


def run(sim: Simulation, seconds: float, progress: bool | None = None) -> None:
    """Let simulated time pass, with a bar if one is due.

    `sim` has the time, `seconds` are simulated, `progress` is as for `patience`.
    """
    wait = patience(progress)
    if wait == NEVER:
        sim.run(seconds)
        return
    with RunBar(sim, seconds, wait) as bar:
        sim.run(seconds, bar.look)


def run_until(
    sim: Simulation,
    condition: Callable[[], bool],
    timeout: float = 600.0,
    progress: bool | None = None,
) -> float:
    """Run until a condition holds, with a bar if one is due; see `Simulation.run_until`.

    `sim` has the time, `timeout` is in simulated seconds, `progress` is as for `patience`.
    """
    wait = patience(progress)
    if wait == NEVER:
        return sim.run_until(condition, timeout)
    with RunBar(sim, None, wait) as bar:
        return sim.run_until(bar.watching(condition), timeout)


def cases(of: Sequence[T], progress: bool | None = None) -> Iterator[T]:
    """The cases of an experiment, with a bar that counts them if one is due.

    `progress` is as for `patience`.
    """
    wait = patience(progress)
    if wait == NEVER:
        yield from of
        return
    from tqdm.std import tqdm

    yield from tqdm(of, desc="clusters", leave=False, file=screen(), delay=wait)
