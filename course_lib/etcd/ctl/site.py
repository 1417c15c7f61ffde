"""Where `etcdctl` is typed: etcd, and what a change of its members or files means there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from course_lib.etcd.cluster import EtcdCluster


class EtcdHost(Protocol):
    """What `etcdctl` and `etcdutl` need of the machine on which they are typed."""

    @property
    def etcd(self) -> EtcdCluster:
        """The members."""

    @property
    def machines(self) -> Sequence[str]:
        """The names that a member may have; the first is this machine (127.0.0.1)."""

    def add(self, name: str, learner: bool) -> None:
        """A member joins, and its process starts where its machine runs."""

    def remove(self, name: str) -> None:
        """A member leaves for good, and its process ends."""

    def check(self, key: str, value: str) -> None:
        """Raise `CourseError` for a value that those who read the key could not read."""


class Bare:
    """Members of `etcd` alone: nothing else reads their keys.

    A learner may be added with a name of `spare`, and nobody starts its process.
    """

    def __init__(self, etcd: EtcdCluster, spare: Sequence[str] = ()) -> None:
        self.etcd = etcd
        self.machines = [*etcd.members, *spare]

    def add(self, name: str, learner: bool) -> None:
        """A member joins: one with a vote runs."""
        self.etcd.add_learner(name)
        if learner:
            self.etcd.members[name].crash()
        else:
            self.etcd.promote(name)

    def remove(self, name: str) -> None:
        """A member leaves."""
        self.etcd.remove(name)

    def check(self, key: str, value: str) -> None:
        """Every value is right."""
