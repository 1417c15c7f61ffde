"""The clusters of this process as contexts of one kubeconfig: `%kubectl` speaks to one of them.

A cluster has the name that it is given, or `course-1`, `course-2`, ... in the order in which
clusters are made. The one that was made last is in use until `kubectl config use-context` chooses
another. Clusters that the course makes for itself (to check an answer, to measure) stay `aside`.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from course_lib.client.local import ServerClient
from course_lib.cluster.acts import Acts
from course_lib.cluster.containers import ContainerAccess
from course_lib.kubectl import Kubectl
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.kubeconfig import Kubeconfig
from course_lib.kubectl.local import LocalConnection, SimulatedTime

if TYPE_CHECKING:
    from course_lib.cluster.maintenance import Maintenance
    from course_lib.kubectl.server import APIConnection, Time

USER = "learner"
_ASIDE = "aside-"  # the names of clusters that the course makes for itself begin with it


class KnownCluster(Protocol):
    """What kubectl, etcdctl and crictl need of a cluster."""

    acts: Acts
    api: ServerClient
    containers: ContainerAccess
    maintenance: Maintenance


class Contexts:
    """The clusters of a process by name, and kubectl for them.

    A cluster that nobody holds any more leaves.
    """

    def __init__(self) -> None:
        self._numbers, self._numbers_aside = itertools.count(1), itertools.count(1)
        self._aside = False
        self._clusters: weakref.WeakValueDictionary[str, KnownCluster] = (
            weakref.WeakValueDictionary()
        )
        self.kubeconfig = Kubeconfig({"apiVersion": "v1", "kind": "Config"})
        self.kubectl = Kubectl(self.kubeconfig, self._connect)

    def add(self, cluster: KnownCluster, name: str = "") -> str:
        """Add a cluster, and put it into use; returns its name.

        A cluster of the same `name` is replaced.
        """
        name = name or self._next_name()
        self._forget_gone()
        self._clusters[name] = cluster
        config = self.kubeconfig
        config.put("cluster", name, {"server": _address(name)})
        config.put("user", USER, {})
        config.put("context", name, {"cluster": name, "user": USER})
        if not self._aside:
            config.use(name)
        return name

    @property
    def in_use(self) -> KnownCluster:
        """The cluster of the context in use; raises `CommandError` where none is."""
        named = self.kubeconfig.entry("context", self.kubeconfig.current)
        return self._cluster(named.get("cluster", ""))

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Within it, a cluster that is made does not come into use."""
        before, self._aside = self._aside, True
        try:
            yield
        finally:
            self._aside = before

    def _next_name(self) -> str:
        """The name of a cluster without one; those aside have numbers of their own."""
        return (
            f"{_ASIDE}{next(self._numbers_aside)}"
            if self._aside
            else f"course-{next(self._numbers)}"
        )

    def _connect(
        self, context: str, cluster: str = "", **others: str
    ) -> tuple[APIConnection, Time]:
        for name in ("server", "token"):
            if name in others:
                raise CommandError(f"--{name} is for a cluster that is served, on a command line")
        named = self.kubeconfig.entry("context", context).get("cluster", "") if context else ""
        cluster = cluster or named
        known = self._cluster(cluster)
        sim = known.api.sim
        way = LocalConnection(
            known.api,
            _address(cluster),
            known.containers.kubelets,
            lambda request: known.acts.sent(sim, request),
        )
        return way, SimulatedTime(sim)

    def _cluster(self, name: str) -> KnownCluster:
        known = self._clusters.get(name)
        if known is None:
            raise CommandError(self._missing(name))
        return known

    def _missing(self, name: str) -> str:
        """Why there is no cluster of this name, and what to do."""
        left = [each for each in self._clusters if not each.startswith(_ASIDE)]
        if not left:
            return "there is no cluster: make one, with cluster = Cluster()"
        return (
            f'there is no cluster "{name}": no variable holds it. '
            f"Choose another with kubectl config use-context: {', '.join(sorted(left))}"
        )

    def _forget_gone(self) -> None:
        for name in self.kubeconfig.names("cluster"):
            if name not in self._clusters:
                self.kubeconfig.remove("cluster", name)
                self.kubeconfig.remove("context", name)


def _address(name: str) -> str:
    return f"https://{name}:6443"


CONTEXTS = Contexts()
