"""The network between members: it delays, it loses, and it can be cut, each way by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product

from course_lib.engine import Simulation
from course_lib.engine.simulation import Process
from course_lib.etcd.messages import Mail
from course_lib.etcd.roster import Roster

DELAY = 0.0005, 0.0015  # s between two members of one zone, the least and the most


class Peers:
    """Which member reaches which.

    In the time of `sim`, with a `delay` (least and most, s); `roster` has the members' IDs.
    """

    def __init__(
        self, sim: Simulation, delay: tuple[float, float] = DELAY, roster: Roster | None = None
    ) -> None:
        self.sim, self.delay, self.loss = sim, delay, 0.0
        self.roster = Roster() if roster is None else roster
        self._random = sim.random("etcd/peers")
        self._receive: dict[str, Callable[[Mail], None]] = {}
        self._cut: set[tuple[str, str]] = set()  # from, to

    def attach(self, name: str, receive: Callable[[Mail], None]) -> None:
        """Messages for a member go to this function from now on."""
        self._receive[name] = receive

    def detach(self, name: str) -> None:
        """Messages for a member are lost from now on."""
        self._receive.pop(name, None)

    def send(self, source: str, target: str, message: Mail) -> None:
        """Send a `message` from `source` to `target`; it may arrive, later, and out of order."""
        if (source, target) in self._cut or (self.loss and self._random.random() < self.loss):
            return
        arrives = self.sim.now + self._random.uniform(*self.delay)
        same = self._identities(source, target)

        def deliver() -> None:
            receive = self._receive.get(target)
            open_way = (source, target) not in self._cut
            if receive is not None and open_way and self._identities(source, target) == same:
                receive(message)

        self.sim.at(arrives, deliver)

    def forget(self, name: str) -> None:
        """A member was removed: what is still on its way from it or to it is lost.

        A later member of the same name is another one, as a new member ID says in etcd.
        """
        self.roster.forget(name)

    def _identities(self, *names: str) -> tuple[int, ...]:
        return tuple(map(self.roster.removals, names))

    def cut(self, source: str, target: str) -> None:
        """Nothing from one member reaches the other; the way back stays open."""
        self._cut.add((source, target))

    def part(self, group: Iterable[str], others: Iterable[str]) -> None:
        """Two groups of members do not hear each other any more."""
        group, others = list(group), list(others)
        self._cut |= {*product(group, others), *product(others, group)}

    def flap(self, group: Iterable[str], others: Iterable[str], period: float) -> Process:
        """Cut `group` and `others` off from each other for the half of each `period` (s)."""
        group, others = list(group), list(others)
        while True:
            self.part(group, others)
            yield self.sim.sleep(period / 2)
            self._cut -= {*product(group, others), *product(others, group)}
            yield self.sim.sleep(period / 2)

    def reaches(self, source: str, target: str) -> bool:
        """Whether messages from one member get to the other."""
        return (source, target) not in self._cut

    def heal(self) -> None:
        """Everybody reaches everybody."""
        self._cut.clear()
