"""A network plugin in one file: the cluster works with it, from inside and from outside."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.errors import CourseError
from course_lib.network import PLUGINS, PodNetwork, register
from course_lib.network.plugins import Attachment, NetworkPlugin, NodeHost, on_bridge
from course_lib.network.routes import Route


class HostRoutes(NetworkPlugin):
    """A bridge on each node, and a route to each other node's block; `bridge` is its name."""

    name = "host-routes"
    enforces_policies = True

    def __init__(self, network, bridge: str = "br0") -> None:
        super().__init__(network)
        self.bridge = bridge

    def start(self, host: NodeHost) -> None:
        """What leaves the cluster takes the node's address."""
        rule = f"-A POSTROUTING -s {host.blocks[0]} ! -d {self.network.blocks[0]} -j MASQUERADE"
        host.iptables.restore(f"*nat\n{rule}\nCOMMIT")

    def learn(self, host: NodeHost, other: NodeHost) -> None:
        """A route to the other's block, by way of the other."""
        host.namespace.add_route(Route(other.blocks[0], "eth0", other.address))

    def forget(self, host: NodeHost, other: NodeHost) -> None:
        """The route goes."""
        host.namespace.routes.remove(other.blocks[0])

    def add(self, host: NodeHost, container_id: str, pod: str) -> Attachment:
        """On the node's bridge."""
        return on_bridge(host, container_id, pod, self.mtu, host.pools, self.bridge)


NODE_PORT = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "door"},
    "spec": {
        "type": "NodePort",
        "selector": {"app": "web"},
        "ports": [{"port": 80, "nodePort": 30080}],
    },
}
NOBODY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "nobody"},
    "spec": {"podSelector": {"matchLabels": {"app": "web"}}},
}


@pytest.fixture
def host_routes():
    before = dict(PLUGINS)
    register(HostRoutes)
    yield
    PLUGINS.clear()
    PLUGINS.update(before)


@pytest.fixture
def cluster(host_routes):
    cluster = Cluster(nodes=3, network="host-routes", cloud=True)
    cluster.apply("data/web.yaml")
    cluster.apply(NODE_PORT)
    cluster.run(seconds=30)
    return cluster


def far_apart(cluster: Cluster) -> tuple[str, str]:
    """Two Pods on two nodes."""
    pods = cluster.get("pods", wide=True)
    first = pods.iloc[0]
    return first.NAME, pods[pods.NODE != first.NODE].NAME.iloc[0]


def test_pods_reach_pods_of_other_nodes_and_services(cluster):
    one, other = far_apart(cluster)
    there = cluster.trace(one, other)
    assert there.ok and there.seen == cluster.pod_network.address(f"default/{one}")
    assert cluster.trace(one, "service/web").ok
    nodes = {host.address for host in cluster.pod_network.hosts.values()}
    assert cluster.trace(one, "outside").seen in nodes  # the node lends its address


def test_outside_traffic_comes_in_by_every_nodes_port_and_by_the_load_balancer(cluster):
    at = {
        cluster.trace("outside", host.address, 30080).at.partition("/")[0]
        for host in cluster.pod_network.hosts.values()
        for _ in range(8)
    }
    assert at == {"default"}  # a Pod answers, whichever node was asked
    load = cluster.load("door", requests_per_second=20, outside=True)
    cluster.run(seconds=5)
    assert load.sent and not load.failed
    cluster.api.patch("Service", "door", "default", {"spec": {"type": "LoadBalancer"}})
    cluster.run(seconds=15)
    (address,) = cluster.network.balanced
    assert cluster.trace("outside", address, 80).ok


def test_a_policy_is_enforced_as_the_plugin_says(cluster, monkeypatch):
    cluster.apply(NOBODY)
    cluster.run(seconds=5)
    assert cluster.trace(*far_apart(cluster)).outcome == "dropped"
    monkeypatch.setattr(HostRoutes, "enforces_policies", False)
    lax = Cluster(nodes=2, network="host-routes")
    lax.apply(["data/web.yaml", NOBODY])
    lax.run(seconds=30)
    assert lax.trace(*far_apart(lax)).ok


def test_a_node_that_comes_later_is_learned_and_one_that_goes_is_forgotten(cluster):
    name = cluster.add_node()
    cluster.run(seconds=15)
    block = cluster.document("node", name)["spec"]["podCIDR"]
    routes = cluster.pod_network.hosts["node-1"].namespace.routes
    assert routes.lookup(block.replace(".0/24", ".9")).device == "eth0"
    cluster.delete("node", name)
    cluster.run(seconds=1)
    assert block not in str(routes)


def test_its_own_settings_are_taken_and_others_refused_in_words(host_routes):
    network = PodNetwork("host-routes", nodes=2, pods=1, bridge="own0")
    assert "own0" in network.hosts["node-1"].namespace.devices
    assert Cluster(nodes=1, network="host-routes", bridge="own0")
    with pytest.raises(CourseError, match="does not take these settings"):
        Cluster(nodes=1, network="host-routes", ipip="Always")
    assert list(PLUGINS)[-1] == "host-routes"  # and it is offered after the course's own


def test_a_name_is_given_once(host_routes):
    class Other(NetworkPlugin):
        name = "host-routes"

    with pytest.raises(CourseError, match="of this name already"):
        register(Other)
    register(HostRoutes)  # the same class again, as when a cell runs twice


class Unrelated:
    name = "unrelated"


@pytest.mark.parametrize(
    "wrong",
    [
        Unrelated,
        "host-routes",
        type("Numbered", (NetworkPlugin,), {"name": 3}),
        type("Listed", (NetworkPlugin,), {"name": ["a"]}),
        type("Placed", (NetworkPlugin,), {"name": "placed", "place": "first"}),
    ],
    ids=repr,
)
def test_what_is_no_plugin_is_refused_and_later_ones_register(host_routes, wrong):
    before = dict(PLUGINS)
    with pytest.raises(CourseError, match="a network plugin"):
        register(wrong)
    assert before == PLUGINS
    register(HostRoutes)
