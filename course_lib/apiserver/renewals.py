"""Leases whose renewals are written when somebody reads them.

A holder renews its Lease every few seconds, and nobody looks at most of these renewals. A holder
whose API server always answers says how a reader gets the last one (`keep`); from then on the
store has it written before it is read. Who relies on the renewals hears when they end. As soon as
somebody watches such a Lease, its holder is asked to write each renewal.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class _Kept(msgspec.Struct):
    """One Lease: how its last renewal is written, and who hears of what."""

    renew: Callable[[], None]
    each: Callable[[], None]
    ended: list[Callable[[], object]] = []


class Renewals:
    """The Leases of a store, by key, whose renewals are not written one by one."""

    def __init__(self) -> None:
        self.kept: dict[str, _Kept] = {}
        self._folders: dict[str, None] = {}  # in which such Leases are, or were
        self._watched: dict[str, int] = {}  # prefixes, and how many watches hear of each renewal

    def keep(self, key: str, renew: Callable[[], None], each: Callable[[], None]) -> bool:
        """From now on call `renew` before a Lease is read, until its holder calls `end`.

        `each` is called when each renewal has to be written again: somebody watches, or the Lease
        at `key` is deleted. Returns False where somebody watches already.
        """
        if any(key.startswith(prefix) for prefix in self._watched):
            return False
        self.kept[key] = _Kept(renew, each)
        self._folders[key[: key.rindex("/") + 1]] = None
        return True

    def end(self, key: str) -> None:
        """The holder renews a Lease no more: write the last renewal, and tell who relies on it."""
        if kept := self.kept.pop(key, None):
            kept.renew()
            for ended in kept.ended:
                ended()

    def lose(self, key: str) -> None:
        """A Lease is deleted, or somebody watches it from now on."""
        if kept := self.kept.get(key):
            self.end(key)
            kept.each()

    def rely(self, key: str, ended: Callable[[], object]) -> bool:
        """Whether a Lease is renewed in time from now on, until `ended` is called."""
        if key not in self.kept:
            return False
        self.kept[key].ended.append(ended)
        return True

    def write(self, key: str) -> None:
        """Write the last renewal of a Lease, before it is read."""
        self.kept[key].renew()

    def write_below(self, prefix: str) -> None:
        """Write the last renewals of the Leases whose keys begin with a prefix."""
        for key in self._below(prefix):
            self.write(key)

    def watch(self, prefix: str) -> None:
        """Somebody hears of each renewal of the Leases below a prefix."""
        self._watched[prefix] = self._watched.get(prefix, 0) + 1
        for key in self._below(prefix):
            self.lose(key)

    def unwatch(self, prefix: str) -> None:
        """One watch less hears of these renewals."""
        self._watched[prefix] -= 1
        if not self._watched[prefix]:
            del self._watched[prefix]

    def _below(self, prefix: str) -> list[str]:
        """The Leases below a prefix; in most places there are none."""
        for folder in self._folders:
            if folder.startswith(prefix) or prefix.startswith(folder):
                return [key for key in self.kept if key.startswith(prefix)]
        return []
