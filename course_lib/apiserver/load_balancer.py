"""A load balancer before the API servers: one address for all of them.

It looks at each server again and again; one that fails three times gets no new connections until
it has answered twice. Connections that stand are left alone. Source: kubeadm "Options for Software
Load Balancing" (HAProxy's `check fall 3 rise 2`, every two seconds).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from course_lib.apiserver.errors import Unreachable
from course_lib.engine import Simulation
from course_lib.engine.simulation import Process

PERIOD, FALL, RISE = 2.0, 3, 2


class LoadBalancer:
    """It stands before API servers, by name; `ready` tells whether one answers its health check.

    `sim` has the time, `address` is its own.
    """

    def __init__(
        self,
        sim: Simulation,
        servers: Iterable[str],
        ready: Callable[[str], bool],
        address: str = "",
    ) -> None:
        self.sim, self.servers = sim, tuple(servers)
        self.ready, self.address = ready, address
        self.up = True
        self.rotation = dict.fromkeys(self.servers, True)  # who gets connections
        self._streak = dict.fromkeys(self.servers, 0)  # of looks against the state
        self._next = 0
        sim.loop("load-balancer", self._check)

    def _check(self) -> Process:
        while True:
            yield self.sim.sleep(PERIOD)
            for name in self.servers:
                if self.ready(name) == self.rotation[name]:
                    self._streak[name] = 0
                    continue
                self._streak[name] += 1
                if self._streak[name] >= (FALL if self.rotation[name] else RISE):
                    self.rotation[name] = not self.rotation[name]
                    self._streak[name] = 0
                    state = "UP" if self.rotation[name] else "DOWN"
                    said = f"Server kube-apiserver/{name} is {state}"
                    self.sim.record("load-balancer", f"Server/{name}", "HealthCheck", said)

    def choose(self) -> str:
        """The server for a new connection, in turn; raises `Unreachable`."""
        names = [name for name, good in self.rotation.items() if good]
        if not self.up:
            raise refused(self.address)
        if not names:
            raise Unreachable(
                "Unable to connect to the server: EOF",
                do="the load balancer has no API server that is ready: look at etcd's quorum",
            )
        self._next += 1
        return names[self._next % len(names)]


def refused(address: str) -> Unreachable:
    """What kubectl says when nobody answers at an address."""
    return Unreachable(
        f"The connection to the server {address} was refused - "
        "did you specify the right host or port?",
        do="look whether an API server runs, and whether the load balancer knows of it",
    )
