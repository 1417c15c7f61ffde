"""The agents of network plugins: what a node that joins costs, and what it is told later."""

from __future__ import annotations

import pytest

from course_lib.network.pod_network import PodNetwork

LATER = 20  # s: more than any plugin needs
PLUGINS = ("flannel-host-gw", "flannel-vxlan", "calico", "calico-ipip", "weave")


def complete(network: PodNetwork) -> bool:
    """Whether each node with power knows all others."""
    names = {name for name, host in network.hosts.items() if host.alive}
    return all(names - {name} <= {*network.plugin.known[name]} for name in names)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_node_that_joins_costs_one_look_at_each_other_node(plugin: str, monkeypatch):
    network, asked = PodNetwork(plugin), []
    tell = network.plugin._tell
    monkeypatch.setattr(network.plugin, "_tell", lambda *pair: asked.append(pair) or tell(*pair))
    for number in range(30):
        network.add_node(f"node-{number}")
        network.sim.run(LATER)
    assert complete(network)
    assert len(asked) == 30 * 29


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_node_that_was_without_power_learns_of_those_that_came_meanwhile(plugin: str):
    network = PodNetwork(plugin, nodes=3)
    network.power_off("node-2")
    network.sim.run(200)
    network.add_node("late")
    network.sim.run(LATER)
    assert complete(network)
    assert "late" not in network.plugin.known["node-2"]
    network.power_on("node-2")
    network.sim.run(LATER)
    assert complete(network)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_node_behind_a_cut_link_learns_when_it_is_open_again(plugin: str):
    network = PodNetwork(plugin, nodes=3)
    network.cut(["node-1"], ["node-2", "node-3", "late", "later", network.control_plane])
    network.sim.run(200)
    for name in ("late", "later"):
        network.add_node(name)
        network.sim.run(LATER)
    network.heal()
    network.sim.run(LATER)
    assert complete(network)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_node_that_is_taken_out_and_comes_back_is_known_again(plugin: str):
    network = PodNetwork(plugin, nodes=3)
    network.sim.run(LATER)
    network.forget_node("node-2")
    assert all("node-2" not in network.plugin.known[name] for name in ("node-1", "node-3"))
    network.remember_node("node-2")
    network.sim.run(LATER)
    assert complete(network)
