"""The network of a cluster: made by name, and kept informed of the cluster's nodes."""

from __future__ import annotations

from typing import Any

from course_lib.apiserver import WatchEvent
from course_lib.apiserver.allocation import SERVICE_CIDR
from course_lib.client import Client
from course_lib.cluster.arguments import count
from course_lib.cluster.layout import Layout
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.network import FlatNetwork, Network, PodNetwork
from course_lib.network.addresses import (
    host_range,
    no_range,
    node_cidr_for,
    overlaps,
    pod_cidr_for,
)

# The warning for an object of a kind that a flat network ignores.
NOT_ACTED_ON = (
    "kept, but a flat network does not act on it: make the cluster with a plugin, "
    'such as Cluster(network="calico")'
)

LARGEST_RANGE, SMALLEST_RANGE = 8, 30  # prefix lengths
MOST_SUBNETS = 64  # of four addresses each: the subnet's, the router's, a machine's, and broadcast


def ranges(nodes: int | Layout, pod_cidr: str = "", subnets: int = 1) -> dict[str, str]:
    """The addresses of a cluster: `cidr` for Pods, `node_cidr` for machines.

    `nodes` is their number or their layout, and they are on so many `subnets`; `pod_cidr` is the
    range that was asked for, or empty for one with a block for each node. Raises
    `CourseError` for what is no range, and for one that collides with others.
    """
    count(subnets, "subnets", least=1, most=MOST_SUBNETS)
    number = len(nodes.nodes) if isinstance(nodes, Layout) else nodes
    node_cidr = node_cidr_for(number, subnets)
    if not pod_cidr:
        return {"cidr": pod_cidr_for(number), "node_cidr": node_cidr}
    block = host_range(pod_cidr, "pod_cidr")
    if not LARGEST_RANGE <= block.prefixlen <= SMALLEST_RANGE:
        expected = f"a prefix length from {LARGEST_RANGE} to {SMALLEST_RANGE}"
        raise no_range("pod_cidr", expected, str(block))
    taken = {"Services": str(SERVICE_CIDR), "nodes": node_cidr}
    for _, other in overlaps({"Pods": pod_cidr} | taken):
        expected = f"a range without {taken[other]}, which is that of the {other}"
        raise no_range("pod_cidr", expected, pod_cidr)
    return {"cidr": str(block), "node_cidr": node_cidr}


def network_named(
    sim: Simulation,
    name: str,
    addresses: dict[str, str],
    settings: dict[str, Any],
    policies: bool | None,
) -> Network[PodNetwork]:
    """A flat network, or one with a plugin and its settings.

    Raises `CourseError` for a name that is not known, for settings that the network does not have,
    and for `policies` that it cannot enforce. `sim` has the time, `addresses` are its `ranges`.
    """
    if name == "flat":
        if settings or policies:
            raise CourseError(
                "a flat network has no settings, and enforces no policies",
                found=", ".join([*settings, *(["policies"] if policies else [])]),
                do='choose a plugin: Cluster(network="flannel-vxlan", ...)',
            )
        return FlatNetwork(sim, **addresses)
    settings = addresses | settings
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
            network.registered.pop(event.object.name, None)
            network.forget_node(event.object.name)
        elif event.type == "ADDED":
            network.registered.setdefault(event.object.name)
            network.remember_node(event.object.name)

    client.watch("Node", changed, renewals=False)
