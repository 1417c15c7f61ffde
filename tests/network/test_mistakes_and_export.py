"""Mistakes are found, healthy networks are not accused; exports are complete scripts."""

from __future__ import annotations

import subprocess

import pytest

from course_lib import Cluster
from course_lib.errors import CourseError
from course_lib.network import PLUGINS, PodNetwork, to_linux
from course_lib.network.mistakes import MISTAKES, broken, diagnose, findings

FOUND = {
    "overlapping-cidrs": "CIDRs overlap",
    "wrong-mtu": "MTU too large",
    "blocked-port": "packets are lost",
    "masquerade": "the source is translated between Pods",
    "two-subnets": "packets are lost",
    "source-check": "packets are lost",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_found_and_says_what_to_do(mistake: str):
    table = diagnose(broken(mistake))
    assert table.FINDING[0] == FOUND[mistake]
    assert all(table.DO)


@pytest.mark.parametrize("plugin", ["flannel-vxlan", "calico"])
def test_masquerading_is_found_on_every_node_whatever_gives_out_the_addresses(plugin: str):
    network = broken("masquerade", plugin=plugin, pods=1)
    for sender in network.pods:
        receiver = next(pod for pod in network.pods if pod != sender)
        assert network.trace(sender, receiver).seen != network.address(sender)
    assert findings(network)[0].finding == FOUND["masquerade"]


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_healthy_network_is_not_accused(plugin: str):
    assert findings(PodNetwork(plugin, nodes=3, pods=2)) == []


def test_a_mistake_that_does_not_exist_is_refused():
    with pytest.raises(CourseError, match="no such mistake"):
        broken("typo")


def test_the_wrong_mtu_lets_small_packets_through_and_loses_large_ones():
    network = broken("wrong-mtu")
    assert network.trace("pod-1", "pod-3", size=1000).ok
    assert "fragments" in network.trace("pod-1", "pod-3", size=1460).reason


@pytest.mark.parametrize("plugin", [name for name in PLUGINS if name != "weave"])
def test_a_script_names_every_namespace_and_bash_can_read_it(plugin: str):
    network = PodNetwork(plugin, nodes=2, pods=2, subnets=1)
    script = to_linux(network, prefix="x-")
    for name in (*network.pods, *network.hosts, "router", "outside"):
        assert f"ip netns add {script.names[name]}" in script.up
        assert f"ip netns del {script.names[name]}" in script.down
    for text in (script.up, script.down):
        subprocess.run(["bash", "-n"], input=text, text=True, check=True)


def test_a_cluster_is_exported_with_its_rules_in_every_mode():
    for mode, word in (
        ("iptables", "KUBE-SVC-"),
        ("nftables", "nft -f -"),
        ("ipvs", "ipvsadm-restore"),
    ):
        cluster = Cluster(nodes=1, network="calico", proxy=mode)
        cluster.apply("data/web.yaml")
        cluster.run(seconds=30)
        assert word in cluster.linux().up


def test_what_a_kernel_cannot_do_is_said():
    with pytest.raises(CourseError, match="Weave's router is a program"):
        to_linux(PodNetwork("weave", nodes=1))
    with pytest.raises(CourseError, match="flat network has no devices"):
        Cluster(nodes=1).linux()
