"""Which machines reach which: links between machines, which can be cut."""

from __future__ import annotations

from collections.abc import Iterable


class Links:
    """Links between machines by name; all are open until they are cut.

    >>> links = Links()
    >>> links.cut(["a"], ["b", "c"])
    >>> links.open("b", "a"), links.open("b", "c")
    (False, True)
    """

    def __init__(self) -> None:
        self._cut: set[frozenset[str]] = set()

    def open(self, one: str, other: str) -> bool:
        """Whether two machines reach each other."""
        return one == other or frozenset((one, other)) not in self._cut

    def isolated(self, one: str, machines: Iterable[str]) -> bool:
        """Whether a machine reaches no other."""
        others = [other for other in machines if other != one]
        return bool(others) and not any(self.open(one, other) for other in others)

    def cut(self, some: Iterable[str], others: Iterable[str]) -> None:
        """Two groups of machines do not reach each other any more."""
        others = list(others)
        self._cut |= {frozenset((one, other)) for one in some for other in others if one != other}

    def heal(self) -> None:
        """All links are open again."""
        self._cut.clear()
