"""Leases whose renewals are written when somebody reads them.

A holder renews its Lease every few seconds, and most of these renewals are never read. A holder
whose API server always answers registers a function that writes the last renewal (`keep`). The
store calls it before the Lease is read. A caller that relies on the renewals is told when they end
(`rely`). When a watch on such a Lease begins, its holder has to write each renewal again.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from course_lib.apiserver.entries import folder_of, overlap


class _Kept(msgspec.Struct):
    """One Lease: functions that write its last renewal, and that are called when this ends."""

    renew: Callable[[], None]
    each: Callable[[], None]
    ended: list[Callable[[], object]] = []


class Renewals:
    """The Leases of a store, by key, whose renewals are not written one by one."""

    def __init__(self) -> None:
        self.kept: dict[str, _Kept] = {}
        self._folders: dict[str, None] = {}  # in which such Leases are, or were
        self._watched: dict[str, int] = {}  # prefixes, and how many watches get each renewal

    def keep(self, key: str, renew: Callable[[], None], each: Callable[[], None]) -> bool:
        """From now on call `renew` before a Lease is read, until its holder calls `end`.

        `each` is called when each renewal has to be written again: somebody watches, or the Lease
        at `key` is deleted. Returns False where somebody watches already.
        """
        if any(key.startswith(prefix) for prefix in self._watched):
            return False
        self.kept[key] = _Kept(renew, each)
        self._folders[folder_of(key)] = None
        return True

    def end(self, key: str) -> None:
        """The holder stops: write the last renewal of a Lease, and tell those that rely on it."""
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
        """Have each renewal of the Leases below a prefix written, for a watch that begins."""
        self._watched[prefix] = self._watched.get(prefix, 0) + 1
        for key in self._below(prefix):
            self.lose(key)

    def unwatch(self, prefix: str) -> None:
        """A watch that got these renewals has ended."""
        self._watched[prefix] -= 1
        if not self._watched[prefix]:
            del self._watched[prefix]

    def _below(self, prefix: str) -> list[str]:
        """The Leases below a prefix; in most places there are none."""
        for folder in self._folders:
            if overlap(folder, prefix):
                return [key for key in self.kept if key.startswith(prefix)]
        return []
