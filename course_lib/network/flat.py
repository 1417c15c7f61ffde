"""A flat network: every address reaches every other, without NAT, at once.

The rule that Kubernetes asks of any network, taken at its word; how real ones keep it is the
subject of chapters 08 and 09, whose devices and routes take this module's place.
"""

from __future__ import annotations

from typing import Protocol

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
