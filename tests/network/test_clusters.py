"""Clusters with a network of devices: nodes that die, come back, are cut off."""

from __future__ import annotations

import ipaddress

import pytest

from course_lib import Cluster
from course_lib.cluster.layout import single_master
from course_lib.network import PLUGINS


def web(cluster: Cluster) -> dict[str, str]:
    """Three web Pods, one a node; their names by node."""
    cluster.apply("data/web.yaml")
    cluster.run(seconds=40)
    table = cluster.get("pods", wide=True)
    return dict(zip(table.NODE, table.NAME, strict=True))


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_node_that_dies_and_comes_back_is_reached_again(plugin: str):
    cluster = Cluster(nodes=3, network=plugin)
    pods = web(cluster)
    cluster.kill_node("node-3")
    assert not cluster.trace(pods["node-1"], "node-3").ok
    cluster.run(seconds=30)
    cluster.restore_node("node-3")
    cluster.run(seconds=60)
    for one in cluster.get("pods").NAME:
        for other in cluster.get("pods").NAME:
            assert cluster.trace(one, other).ok, (one, other)


@pytest.mark.parametrize("plugin", ["routable", "flannel-vxlan", "calico"])
def test_a_node_whose_object_is_deleted_is_forgotten(plugin: str):
    cluster = Cluster(nodes=3, network=plugin)
    pods = web(cluster)
    address = cluster.pod_network.address(f"default/{pods['node-3']}")
    cluster.kill_node("node-3")
    cluster.delete("node", "node-3")
    cluster.run(seconds=5)
    hosts = cluster.pod_network.hosts
    assert hosts["node-1"].namespace.routes.lookup(address).destination == "default"
    assert "no route" in cluster.trace("node-1", address).reason


def test_cutting_a_link_cuts_pods_too_and_all_is_well_after_healing():
    cluster = Cluster.single_master(workers=3, network="flannel-vxlan")
    pods = web(cluster)
    one, other = pods["worker-1"], pods["worker-2"]
    assert cluster.trace(one, other).ok
    cluster.cut("worker-1", "worker-2")
    assert not cluster.trace(one, other).ok
    assert cluster.trace(one, pods["worker-3"]).ok
    cluster.heal()
    cluster.run(seconds=5)
    assert cluster.trace(one, other).ok


def test_rules_stay_while_a_node_has_no_api_and_follow_when_it_is_back():
    cluster = Cluster.ha_etcd(workers=2, network="calico")
    pods = web(cluster)
    cluster.cut("worker-1", ["load-balancer"])
    cluster.kubectl("scale deployment/web --replicas=1")
    cluster.run(seconds=20)
    stale = {cluster.trace("worker-1", "service/web").outcome for _ in range(40)}
    fresh = {cluster.trace("worker-2", "service/web").outcome for _ in range(40)}
    assert fresh == {"answered"} and len(stale) > 1, (stale, pods)
    cluster.heal()
    cluster.run(seconds=20)
    assert {cluster.trace("worker-1", "service/web").outcome for _ in range(40)} == {"answered"}


def test_a_sandbox_that_is_made_anew_gets_a_cable_and_the_old_one_is_gone():
    cluster = Cluster(nodes=1, network="flannel-vxlan")
    cluster.apply("data/web.yaml")
    cluster.run(seconds=30)
    host = cluster.pod_network.hosts["node-1"]
    cluster.swap_runtime("node-1", "rkt")
    cluster.run(seconds=90)
    assert len(host.pods) == len(cluster.get("pods")) == 3
    assert sum(d.kind == "veth" for d in host.namespace.devices.values()) == 3
    assert cluster.trace("node-1", "service/web").ok


@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.parametrize("layout", [None, single_master(2)])
def test_pods_have_addresses_of_the_clusters_own_block_and_leave_it_masqueraded(plugin, layout):
    settings = {"cidr": "10.200.0.0/16", "node_mask": 25}
    machines = {"layout": layout} if layout else {"nodes": 2}
    cluster = Cluster(network=plugin, **machines, **settings)
    cluster.apply("data/web.yaml")
    cluster.run(seconds=40)
    one, other = cluster.get("pods", wide=True).NAME[:2]
    nodes = {host.address for host in cluster.pod_network.hosts.values()}
    block = ipaddress.ip_network("10.200.0.0/16")
    assert ipaddress.ip_address(cluster.trace(one, other).seen) in block
    assert cluster.trace(one, "outside").seen in nodes
    traces = [cluster.trace(one, "service/web") for _ in range(8)]
    seen = {trace.seen for trace in traces if trace.at != f"default/{one}"}
    assert seen == {cluster.pod_network.address(f"default/{one}")}  # no NAT inside the cluster
    masks = {node.spec.pod_cidr.partition("/")[2] for node in cluster.api.list("Node")}
    assert masks == {"25"}
