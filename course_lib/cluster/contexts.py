"""The clusters of this process as contexts of one kubeconfig: `%kubectl` speaks to one of them.

A cluster has the name that it is given, or `course-1`, `course-2`, ... in the order in which
clusters are made. The one that was made last is in use until `kubectl config use-context` chooses
another.
"""

from __future__ import annotations

import itertools
import weakref
from typing import TYPE_CHECKING

from course_lib.kubectl import Kubectl
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.kubeconfig import Kubeconfig
from course_lib.kubectl.local import LocalConnection, SimulatedTime

if TYPE_CHECKING:
    from course_lib.client.local import ServerClient
    from course_lib.kubectl.server import APIConnection, Time

USER = "learner"


class Contexts:
    """The clusters of a process by name, and kubectl for them.

    A cluster that nobody holds any more leaves.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._clients: weakref.WeakValueDictionary[str, ServerClient] = (
            weakref.WeakValueDictionary()
        )
        self.kubeconfig = Kubeconfig({"apiVersion": "v1", "kind": "Config"})
        self.kubectl = Kubectl(self.kubeconfig, self._connect)

    def add(self, client: ServerClient, name: str = "") -> str:
        """Add a cluster by the client that reaches it, and put it into use; returns its name.

        A cluster of the same `name` is replaced.
        """
        name = name or f"course-{next(self._numbers)}"
        self._forget_gone()
        self._clients[name] = client
        config = self.kubeconfig
        config.put("cluster", name, {"server": _address(name)})
        config.put("user", USER, {})
        config.put("context", name, {"cluster": name, "user": USER})
        config.use(name)
        return name

    def _connect(self, context: str) -> tuple[APIConnection, Time]:
        cluster = self.kubeconfig.entry("context", context).get("cluster", "") if context else ""
        client = self._clients.get(cluster)
        if client is None:
            raise CommandError("there is no cluster: make one, with cluster = Cluster()")
        return LocalConnection(client, _address(cluster)), SimulatedTime(client.sim)

    def _forget_gone(self) -> None:
        for name in self.kubeconfig.names("cluster"):
            if name not in self._clients:
                self.kubeconfig.remove("cluster", name)
                self.kubeconfig.remove("context", name)


def _address(name: str) -> str:
    return f"https://{name}:6443"


CONTEXTS = Contexts()
