"""The network of a cluster: made by name, and kept informed of the cluster's nodes."""

from __future__ import annotations

from typing import Any

from course_lib.apiserver import WatchEvent
from course_lib.client import Client
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.network import FlatNetwork, Network, PodNetwork
from course_lib.network.addresses import NODE_CIDR

# The warning for an object of a kind that a flat network ignores.
NOT_ACTED_ON = (
    "kept, but a flat network does not act on it: make the cluster with a plugin, "
    'such as Cluster(network="calico")'
)


def network_named(
    sim: Simulation, name: str, settings: dict[str, Any], policies: bool | None
) -> Network[PodNetwork]:
    """A flat network, or one with a plugin and its settings.

    Raises `CourseError` for a name that is not known, for settings that the network does not have,
    and for `policies` that it cannot enforce. `sim` has the time.
    """
    if name == "flat":
        if settings or policies:
            raise CourseError(
                "a flat network has no settings, and enforces no policies",
                found=", ".join([*settings, *(["policies"] if policies else [])]),
                do='choose a plugin: Cluster(network="flannel-vxlan", ...)',
            )
        return FlatNetwork(sim)
    settings = {"node_cidr": str(NODE_CIDR)} | settings
    try:
        return PodNetwork(name, sim=sim, **settings)
    except (TypeError, ValueError) as problem:
        raise CourseError(
            f"the network {name} does not take these settings",
            found=f"{', '.join(f'{key}={value!r}' for key, value in settings.items())}: {problem}",
            do="see course_lib.network.PodNetwork and the plugin for what can be set",
        ) from None


def follow_nodes(network: Network, client: Client) -> None:
    """Have the network's agents forget a node whose object goes, and learn of one that is back."""

    def changed(event: WatchEvent) -> None:
        if event.type == "DELETED":
            network.forget_node(event.object.name)
        elif event.type == "ADDED":
            network.remember_node(event.object.name)

    client.watch("Node", changed)
