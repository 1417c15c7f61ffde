"""What a kubelet does again and again: heartbeats, looks at the node's memory, garbage collection.

Each is a ticker that sleeps while nothing changes on the node: in its runtime, in its Pods, in its
Node object.
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.cri import CRIClient
from course_lib.engine import FOR_EVER, SOON, Simulation, Ticker


def ignore(time: float) -> None:
    """No-op."""


class Routine:
    """The tickers of one kubelet, which do nothing while the machine is not `powered`.

    `sim` has the time, `cri` reaches the runtime.
    """

    def __init__(self, sim: Simulation, cri: CRIClient, powered: Callable[[], bool]) -> None:
        self._sim, self._powered = sim, powered
        self._tickers: list[tuple[Ticker, Callable[[float], None]]] = []
        self._told = False  # whether the runtime says when it changes
        self.follow(cri)

    def follow(self, cri: CRIClient) -> None:
        """Be told of each change in this runtime from now on."""
        self._told = cri.transport.on_change(self.stir)

    def every(
        self,
        period: float,
        act: Callable[[], float],
        first: float = 0.0,
        slept: Callable[[float], None] = ignore,
    ) -> Ticker:
        """Call `act` every `period` seconds, the `first` time after so many seconds (0: a period).

        `act` returns until when (simulated s) it would do nothing, if nothing changes on the node.
        At the end of a sleep, `slept` gets the time of the last call that was not necessary.
        """

        def tick() -> float:
            if not self._powered():
                return FOR_EVER
            until = act()
            return until if self._told else SOON

        made = Ticker(self._sim, self._sim.now + (first or period), period, tick)
        self._tickers.append((made, slept))
        return made

    def stir(self) -> None:
        """Something has changed on the node: let each ticker look again."""
        for ticker, slept in self._tickers:
            if ticker.wake() and self._powered() and ticker.last is not None:
                slept(ticker.last)
