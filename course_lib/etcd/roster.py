"""Who the members of etcd are to their clients and to each other: IDs and URLs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

Url = Callable[[str], str]
TOKEN = "etcd-cluster"  # --initial-cluster-token


class Roster:
    """The IDs and URLs of members by their names.

    `peer_url` and `client_url` make them from a name; on a control plane a name is a host's.
    """

    def __init__(
        self,
        peer_url: Url = lambda name: f"https://{name}:2380",
        client_url: Url = lambda name: f"https://{name}:2379",
    ) -> None:
        self._peer_url, self.client_url = peer_url, client_url
        self._removals: dict[str, int] = {}  # by member: how often it was removed
        self._changed: dict[str, tuple[str, ...]] = {}  # by member: other peer URLs

    def member_id(self, name: str) -> int:
        """The ID of the member that has this name now, as etcd makes it from its peer URL.

        Source: `server/etcdserver/api/membership/member.go`; in place of the time of joining it
        counts how often the name was removed.
        """
        text = f"{self._peer_url(name)}{TOKEN}{self.removals(name) or ''}"
        return int.from_bytes(hashlib.sha1(text.encode()).digest()[:8], "big")

    def cluster_id(self, names: Iterable[str]) -> int:
        """The ID of a cluster that begins with these members (`membership/cluster.go`)."""
        ids = b"".join(number.to_bytes(8, "big") for number in sorted(map(self.member_id, names)))
        return int.from_bytes(hashlib.sha1(ids).digest()[:8], "big")

    def peer_urls(self, name: str) -> tuple[str, ...]:
        """Where the other members reach this one."""
        return self._changed.get(name) or (self._peer_url(name),)

    def change(self, name: str, urls: Iterable[str]) -> None:
        """The others reach a member elsewhere from now on; its ID stays."""
        self._changed[name] = tuple(urls)

    def removals(self, name: str) -> int:
        """How often a member of this name was removed: the next one is another."""
        return self._removals.get(name, 0)

    def forget(self, name: str) -> None:
        """A member was removed; a later one of this name gets an ID of its own."""
        self._removals[name] = self.removals(name) + 1
        self._changed.pop(name, None)
