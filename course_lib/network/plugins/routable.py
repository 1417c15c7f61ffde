"""Routable: the network below knows where each Pod is; no tunnel, no agent on the nodes.

Each node has a bridge and a block of addresses; the cloud's router has one route a node. It is
what Google Kubernetes Engine's routes-based clusters do (newer ones give each machine its block
as an alias address; the packets look the same). What limits it is the route table: every cloud
allows so many routes and no more.
Source: kubernetes.io "Cloud Controller Manager" (route controller, a round each 10 s);
cloud.google.com "Creating a routes-based cluster"; ip-masq-agent.
"""

from __future__ import annotations

from course_lib.network.cni import ensure_bridge, on_bridge
from course_lib.network.host import Attachment, NodeHost
from course_lib.network.plugins.base import Fabric, NetworkPlugin
from course_lib.network.routes import Route

BRIDGE = "cbr0"
ROUND = 10.0  # s between two rounds of the route controller


class Routable(NetworkPlugin):
    """One route a node, in the router; `limit` is how many the router takes."""

    name, place = "routable", 1
    join_seconds = ROUND

    def __init__(self, network: Fabric, limit: int | None = None) -> None:
        super().__init__(network)
        network.underlay.router.routes.limit = limit

    def start(self, host: NodeHost) -> None:
        """The node's bridge, and the rule for what leaves the cluster."""
        ensure_bridge(host, BRIDGE, self.mtu, host.blocks)
        for block in self.network.blocks:
            host.rules(":" in block).restore(masquerade_rules(block))

    def join(self, host: NodeHost, at_once: bool = False) -> None:
        """The route controller adds the node's route in its next round."""
        super().join(host, at_once)
        if at_once:
            self._add_routes(host)
        else:
            self.network.sim.at(self.network.sim.now + ROUND, lambda: self._add_routes(host))

    def _add_routes(self, host: NodeHost) -> None:
        router = self.network.underlay.router
        for block in host.blocks:
            six = ":" in block
            way = router.routes.lookup(host.address_of(six))
            assert way is not None
            router.routes.add(Route(block, way.device, host.address_of(six), protocol="static"))

    def learn(self, host: NodeHost, other: NodeHost) -> None:
        """Nothing: the router knows."""

    def forget(self, host: NodeHost, other: NodeHost) -> None:
        """Nothing: the router knows."""

    def come_back(self, host: NodeHost) -> None:
        """Its route is added again in the next round."""
        super().come_back(host)
        self.network.sim.at(self.network.sim.now + ROUND, lambda: self._add_routes(host))

    def leave(self, host: NodeHost) -> None:
        """The route controller takes the node's route away."""
        super().leave(host)
        for block in host.blocks:
            self.network.underlay.router.routes.remove(block)

    def add(self, host: NodeHost, container_id: str, pod: str) -> Attachment:
        """On the node's bridge."""
        return on_bridge(host, container_id, pod, self.mtu, host.pools, BRIDGE)


def masquerade_rules(block: str) -> str:
    """Packets from Pods to outside the cluster take the node's address; others pass unchanged."""
    return f"""*nat
:IP-MASQ - [0:0]
-A POSTROUTING -m comment --comment "ip-masq-agent" -m addrtype ! --dst-type LOCAL -j IP-MASQ
-A IP-MASQ -d {block} -m comment --comment "to Pods: as it is" -j RETURN
-A IP-MASQ -s {block} -m comment --comment "outbound" -j MASQUERADE
COMMIT"""
