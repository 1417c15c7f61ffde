"""A flat network: every address reaches every other, without NAT, at once.

The rule that Kubernetes asks of any network, taken at its word; how real ones keep it is the
subject of chapters 08 and 09, whose devices and routes take this module's place.
"""

from __future__ import annotations

import ipaddress
from typing import Protocol

from course_lib.errors import CourseError

POD_CIDR = ipaddress.ip_network("10.244.0.0/16")  # as kubeadm with Flannel
NODE_CIDR = ipaddress.ip_network("192.168.49.0/24")  # as Minikube


class AddressPool:
    """The addresses of one block, given out in turn and not again while in use.

    >>> pool = AddressPool("10.244.1.0/29")
    >>> [pool.take(), pool.take()]
    ['10.244.1.2', '10.244.1.3']
    """

    def __init__(self, cidr: str) -> None:
        self.network = ipaddress.ip_network(cidr)
        self._used: set[int] = set()
        self._next = 2  # 0 is the network, 1 the bridge

    def take(self) -> str:
        """The next free address; raises `CourseError` when the block is used up."""
        last = self.network.num_addresses - 1  # broadcast
        for step in range(last - 2):
            offset = 2 + (self._next - 2 + step) % (last - 2)
            if offset not in self._used:
                self._used.add(offset)
                self._next = offset + 1
                return str(self.network[offset])
        raise CourseError(
            "no addresses are left",
            where=str(self.network),
            found=f"{len(self._used)} in use",
            do="give each node a larger block, or run fewer Pods on it",
        )

    def release(self, address: str) -> None:
        """Give an address back."""
        self._used.discard(int(ipaddress.ip_address(address)) - int(self.network[0]))


class Endpoint(Protocol):
    """Who answers at an address."""

    def connect(self, port: int) -> float | None:
        """Answer one request; its latency (s), or None when it is refused."""

    def knock(self, port: int) -> float | None:
        """How long a request would wait (s; inf: for ever); None when it would be refused."""


class FlatNetwork:
    """Who answers at which address."""

    def __init__(self) -> None:
        self._endpoints: dict[str, Endpoint] = {}

    def attach(self, address: str, endpoint: Endpoint) -> None:
        """From now on an endpoint answers for an address."""
        self._endpoints[address] = endpoint

    def detach(self, address: str) -> None:
        """Nobody answers there any more."""
        self._endpoints.pop(address, None)

    def at(self, address: str) -> Endpoint | None:
        """Who answers at an address."""
        return self._endpoints.get(address)

    def connect(self, address: str, port: int) -> float | None:
        """Send one request to an address and port; its latency (s), or None if it failed."""
        endpoint = self._endpoints.get(address)
        return endpoint.connect(port) if endpoint else None

    def knock(self, address: str, port: int) -> float | None:
        """How long a request would wait for its answer (s; inf: for ever); None: refused.

        Nothing is sent: a probe does not use up the CPU of what it looks at.
        """
        endpoint = self._endpoints.get(address)
        return endpoint.knock(port) if endpoint else float("inf")
