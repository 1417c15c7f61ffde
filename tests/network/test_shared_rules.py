"""kube-proxy's rules are derived once for all nodes, when somebody looks; they are the same."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.network.flat import FlatNetwork
from course_lib.node import KubeProxy
from course_lib.node.proxy import change_tracker
from course_lib.node.proxy.change_tracker import ChangeTrackers
from tests.controllers.endpoints_plane import EndpointsPlane, address

ZONES = ("zone-0", "zone-1")


class Proxies:
    """An API server, and a kube-proxy on each of some nodes."""

    def __init__(self, nodes: int, mode: str, plain: bool = False) -> None:
        self.plane = EndpointsPlane(plain=plain)
        self.network = FlatNetwork(self.plane.sim)
        self.trackers, self.proxies, self.mode = ChangeTrackers(), list[KubeProxy](), mode
        for _ in range(nodes):
            self.add_node()

    def add_node(self) -> None:
        number = len(self.proxies)
        host = self.network.add_machine(f"node-{number}", ip := f"172.18.0.{number + 2}")
        zone, pods = ZONES[number % 2], "10.0.0.0/8"
        self.proxies.append(
            KubeProxy(self.plane.api, host, ip, self.mode, pods, zone, self.trackers)
        )

    @property
    def rules(self) -> list[str]:
        return [proxy.rules for proxy in self.proxies]


def act(world: Proxies, seed: int, steps: int, look: bool) -> list[list[str]]:
    """Services of many kinds with Pods that come and go; the rules after each step."""
    rng, plane, found = random.Random(seed), world.plane, []
    pods: list[str] = []
    plane.add_service("web", {"app": "web"})
    plane.add_service("near", {"app": "web"}, trafficDistribution="PreferClose")
    plane.add_service("local", {"app": "db"}, type="NodePort", externalTrafficPolicy="Local")
    plane.add_service("sticky", {"app": "db"}, sessionAffinity="ClientIP")
    plane.add_service("inside", {"app": "db"}, internalTrafficPolicy="Local")
    ranges = {"loadBalancerSourceRanges": ["172.18.0.3/32"], "externalIPs": ["192.0.2.1"]}
    plane.add_service("outside", {"app": "web"}, type="LoadBalancer", **ranges)
    for step in range(steps):
        what = rng.randrange(8)
        if what < 4 or not pods:
            pods.append(f"pod-{step}")
            app, node = rng.choice(["web", "db"]), f"node-{rng.randrange(2)}"
            plane.add_pod(pods[-1], app, address(step + 1), node, rng.random() < 0.8)
        elif what < 6:
            plane.say(rng.choice(pods), rng.random() < 0.5)
        elif what == 6:
            pods.remove(gone := rng.choice(pods))
            plane.api.delete("Pod", gone, "default", grace_period=0)
        else:
            world.add_node()
        plane.run(seconds=rng.choice([0.01, 0.3, 1.5, 4.0]))
        if look:
            found.append(world.rules)
    plane.run(seconds=5)
    return [*found, world.rules]


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32), mode=st.sampled_from(["iptables", "nftables", "ipvs"]))
def test_shared_rules_are_those_that_each_node_derives_for_itself(seed: int, mode: str):
    plain, shared = (act(Proxies(2, mode, plain), seed, 15, True) for plain in (True, False))
    assert shared == plain
    assert act(Proxies(2, mode), seed, 15, look=False)[-1] == plain[-1]


def same(rules: list[str]) -> bool:
    """Whether all nodes have the same rules but for what is each node's own."""
    return len(set(rules)) == 1


def test_nodes_that_start_together_share_what_is_derived(monkeypatch):
    derived = []
    real = change_tracker.port_rules
    monkeypatch.setattr(
        change_tracker, "port_rules", lambda *a: derived.append(a[0].service) or real(*a)
    )
    world = Proxies(50, "iptables")
    world.plane.add_service("web", {"app": "web"})
    world.plane.add_pod("a", "web", "10.0.0.1")
    world.plane.run()
    assert derived == []  # nobody has looked
    assert same(world.rules) and "10.0.0.1:80" in world.rules[0]
    assert derived == ["web"]
    world.plane.say("a", ready=False)
    world.plane.run()
    assert same(world.rules) and "10.0.0.1:80" not in world.rules[0]
    assert derived == ["web", "web"]


def test_only_chains_of_what_changed_are_written():
    world = Proxies(1, "iptables")
    for name in ("web", "db"):
        world.plane.add_service(name, {"app": name})
        world.plane.add_pod(f"{name}-0", name, address(len(name)))
    world.plane.run()
    chains = dict(world.proxies[0].host.iptables.tables["nat"])
    lines = {name: chain.lines for name, chain in chains.items()}
    world.plane.add_pod("web-1", "web", "10.0.0.9")
    world.plane.run()
    now = world.proxies[0].host.iptables.tables["nat"]
    written = {name for name, chain in now.items() if chain.lines is not lines.get(name)}
    assert {name[:9] for name in written} == {"KUBE-SVC-", "KUBE-SEP-"}
    assert len([name for name in written if name.startswith("KUBE-SVC-")]) == 1


@pytest.mark.parametrize(("wait", "trackers"), [(0.01, 2), (0.9, 2), (3.0, 1)])
def test_a_node_that_starts_later_joins_the_others_when_it_is_in_step(wait: float, trackers: int):
    world = Proxies(3, "iptables")
    world.plane.run()
    world.plane.add_service("web", {"app": "web"})
    world.plane.run(seconds=0.5)
    world.add_node()
    assert len(world.trackers.of(world.plane.api)) == 2
    world.plane.run(seconds=wait)
    world.plane.add_pod("a", "web", "10.0.0.1")
    world.plane.run(seconds=0.5)
    assert len(world.trackers.of(world.plane.api)) == trackers
    world.plane.run()
    world.plane.add_pod("b", "web", "10.0.0.2")
    world.plane.run()
    assert len(world.trackers.of(world.plane.api)) == 1
    assert same(world.rules) and "10.0.0.2:80" in world.rules[3]


def test_in_the_plain_way_each_node_has_its_own():
    world = Proxies(3, "iptables", plain=True)
    assert len(world.trackers.of(world.plane.api)) == 3
