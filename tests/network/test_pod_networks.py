"""The four challenges, on random clusters with every plugin; and what each plugin is known for."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.errors import CourseError
from course_lib.experiments import networking
from course_lib.network import PLUGINS, PodNetwork
from course_lib.network.packet import ESP, IP, VXLAN, Sleeve

ACROSS = ("routable", "flannel-vxlan", "calico-ipip", "weave")  # ways that a router does not stop


@st.composite
def clusters(draw: st.DrawFn) -> PodNetwork:
    plugin = draw(st.sampled_from(sorted(PLUGINS)))
    families = ("IPv4",) if plugin == "weave" else draw(
        st.sampled_from([("IPv4",), ("IPv4", "IPv6")])
    )  # fmt: skip
    only_four = families == ("IPv4",)
    subnets = draw(st.integers(1, 3)) if plugin in ACROSS and only_four else 1
    network = PodNetwork(
        plugin,
        nodes=draw(st.integers(1, 5)),
        subnets=subnets,
        families=families,
        mtu=draw(st.sampled_from([1400, 1500, 9000])),
        **({"encrypted": draw(st.booleans())} if plugin == "weave" else {}),
    )
    hosts = list(network.hosts)
    for number in range(draw(st.integers(1, 7))):
        network.add_pod(f"pod-{number}", draw(st.sampled_from(hosts)))
    if draw(st.booleans()):  # one goes, another comes
        network.delete_pod("pod-0")
        network.add_pod("late", draw(st.sampled_from(hosts)))
    return network


@settings(max_examples=60, deadline=None)
@given(clusters(), st.sampled_from([0, 100, 1300]))
def test_no_pair_of_pods_breaks_the_four_challenges(network: PodNetwork, size: int):
    addresses = [a for pod in network.pods.values() for a in pod.addresses]
    assert len(set(addresses)) == len(addresses)  # a unique IP for each
    for name, pod in network.pods.items():
        assert network.trace(name, "127.0.0.1").at == name  # containers of a Pod
        for other, target in network.pods.items():
            for own, address in zip(pod.addresses, target.addresses, strict=True):
                trace = network.trace(name, address, 80, size=size)
                assert trace.ok and trace.at == other, trace
                assert trace.seen == own, trace  # and nobody translates
        for host in network.hosts.values():
            assert network.trace(host.name, name).ok
            assert network.trace(name, host.name).ok
        out = network.trace(name, "outside")  # the external world sees the node
        assert out.ok and out.seen == network.hosts[pod.node].address
    for host in network.hosts.values():
        assert len(host.filter.conntrack) == 0  # each trace tidied up behind it


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_pod_that_is_gone_leaves_nothing_behind(plugin: str):
    network = PodNetwork(plugin, nodes=2, pods=1)
    host = network.host("node-1")
    before = set(host.namespace.devices), len(host.namespace.routes)
    made = network.add_pod("extra", "node-1")
    network.check("extra")
    assert network.trace("pod-2", "extra").ok
    network.delete_pod("extra")
    assert (set(host.namespace.devices), len(host.namespace.routes)) == before
    assert not network.trace("pod-2", made.address).ok
    network.plugin.delete(host, "extra")  # done twice is done
    with pytest.raises(CourseError, match="not attached"):
        network.plugin.check(host, "extra")


@pytest.mark.parametrize("plugin", PLUGINS)
def test_check_finds_a_cable_that_somebody_pulled(plugin: str):
    network = PodNetwork(plugin, nodes=1, pods=1)
    network.host("node-1").namespace.detach(network.pods["pod-1"].host_device)
    with pytest.raises(CourseError, match="cable is unplugged"):
        network.check("pod-1")


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_full_node_refuses_and_nothing_is_half_done(plugin: str):
    network = PodNetwork(plugin, nodes=1, cidr="10.244.0.0/26", node_mask=26)
    host = network.host("node-1")
    with pytest.raises(CourseError, match=r"no (addresses|block)"):
        for number in range(100):
            network.add_pod(f"pod-{number}", "node-1")
    devices = [d for d in host.namespace.devices.values() if d.kind == "veth"]
    assert len(network.pods) == len(host.pods) == len(devices) > 50
    assert network.trace("pod-0", f"pod-{len(network.pods) - 1}").ok


HEADERS = {  # what stands before the inner packet, and how many bytes that is
    "routable": ([], 0),
    "flannel-host-gw": ([], 0),
    "flannel-vxlan": ([VXLAN], 50),
    "calico": ([], 0),
    "calico-ipip": ([IP], 20),
    "weave": ([VXLAN], 50),
}


@pytest.mark.parametrize("plugin", PLUGINS)
def test_what_is_on_the_wire(plugin: str):
    network = PodNetwork(plugin, nodes=2, pods=1)
    packet = network.trace("pod-1", "pod-2", size=100).on_the_wire
    kinds, added = HEADERS[plugin]
    assert packet.size == 14 + 20 + 20 + 100 + added
    outer = packet.headers[1:-2]
    assert all(any(isinstance(header, kind) for header in outer) for kind in kinds)
    assert packet.inner.source == network.address("pod-1")


def test_weave_takes_the_sleeve_where_the_fast_datapath_is_blocked_and_encrypts_if_told():
    network = PodNetwork("weave", nodes=2, pods=1)
    fast = network.trace("pod-1", "pod-2")
    network.underlay.blocked["udp", 6784] = None
    slow = network.trace("pod-1", "pod-2")
    assert any(isinstance(header, Sleeve) for header in slow.on_the_wire.headers)
    assert slow.ok and slow.seconds > fast.seconds
    secret = PodNetwork("weave", nodes=2, pods=1, encrypted=True).trace("pod-1", "pod-2")
    assert any(isinstance(header, ESP) for header in secret.on_the_wire.headers)
    assert secret.on_the_wire.size - fast.on_the_wire.size == 34


def test_a_large_payload_fits_the_mtu_of_each_plugin():
    for name, network in networking.networks(nodes=2, pods=1).items():
        trace = network.trace("pod-1", "pod-2", size=5000)
        assert trace.ok and trace.on_the_wire.fragments == 1, name
        assert trace.on_the_wire.size - 14 <= 1500


def test_udp_is_cut_and_tcp_is_told():
    small = PodNetwork("flannel-vxlan", nodes=2, pods=1, pod_mtu=1500, tunnel_mtu=1450)
    told = small.trace("pod-1", "pod-2", size=1460)
    assert told.ok and told.mtu == 1450
    assert any("fragmentation needed" in hop.rule for hop in told.hops)
    assert told.on_the_wire.size - 14 == 1500
    cut = small.trace("pod-1", "pod-2", protocol="udp", size=3000)
    assert cut.ok and any("fragment into" in hop.action for hop in cut.hops)


def test_nobody_is_told_where_icmp_is_blocked():
    network = PodNetwork("flannel-vxlan", nodes=2, pods=1, pod_mtu=1500, tunnel_mtu=1450)
    network.underlay.blocked["icmp", 0] = None
    assert network.trace("pod-1", "pod-2").ok
    assert network.trace("pod-1", "pod-2", size=1460).outcome == "too big"


def test_host_gateways_need_one_wire():
    network = PodNetwork("flannel-host-gw", nodes=2, pods=1, subnets=2)
    assert "no route" in network.trace("pod-1", "pod-2").reason
    assert network.sim.log.select(component="flanneld")


def test_calico_claims_another_block_when_one_is_full_and_the_others_hear_of_it():
    network = PodNetwork("calico", nodes=2, pods=1)
    before = len(network.host("node-2").namespace.routes)
    for number in range(70):
        network.add_pod(f"more-{number}", "node-1")
    assert len(network.plugin.own["node-1"]) == 2
    assert len(network.host("node-2").namespace.routes) == before + 1
    assert network.trace("pod-2", "more-69").seen == network.address("pod-2")


def test_calico_gives_pods_all_64_addresses_of_a_block_the_first_too():
    network = PodNetwork("calico", nodes=1)
    pods = [network.add_pod(f"pod-{number}", "node-1").address for number in range(65)]
    assert pods[0] == "10.244.0.0" and pods[63] == "10.244.0.63" and pods[64] == "10.244.0.64"
    assert network.trace("pod-63", "pod-0").ok


@pytest.mark.parametrize("plugin", ["calico", "calico-ipip"])
def test_calico_borrows_addresses_of_other_nodes_when_no_block_is_free(plugin):
    network = PodNetwork(plugin, nodes=2, pods=1, cidr="10.0.0.0/25", node_mask=26)
    for number in range(63 if plugin == "calico" else 62):
        network.add_pod(f"own-{number}", "node-1")
    routes = [str(network.host(node).namespace.routes) for node in ("node-1", "node-2")]
    borrowed = network.add_pod("more", "node-1")
    assert ipaddress.ip_address(borrowed.address) in network.plugin.own["node-2"][0].network
    way = network.host("node-2").namespace.routes.lookup(borrowed.address)
    assert way.destination == f"{borrowed.address}/32" and way.protocol == "bird"
    assert network.trace("pod-2", "more").ok and network.trace("more", "pod-2").ok
    network.delete_pod("more")
    after = [str(network.host(node).namespace.routes) for node in ("node-1", "node-2")]
    assert after == routes and network.add_pod("again", "node-2").address != borrowed.address


def test_a_node_that_joins_later_learns_of_borrowed_addresses():
    network = PodNetwork("calico", nodes=2, pods=1, cidr="10.0.0.0/25", node_mask=26)
    for number in range(64):
        network.add_pod(f"more-{number}", "node-1")
    network.add_node("node-3", blocks=["10.0.0.0/26"], at_once=True)
    network.add_pod("late", "node-3")
    assert network.trace("late", "more-63").ok and network.trace("more-63", "late").ok


def test_a_block_of_which_addresses_are_borrowed_is_not_given_to_a_new_node():
    network = PodNetwork("calico", nodes=2, pods=1, cidr="10.0.0.0/25", node_mask=26)
    for number in range(64):
        network.add_pod(f"more-{number}", "node-1")
    network.remove_node("node-2")
    network.add_node("node-3", at_once=True)
    late = network.add_pod("late", "node-3")
    assert late.address != network.address("more-63") and network.trace("late", "more-63").ok
    network.delete_pod("more-63")
    assert not network.trace("late", "10.0.0.65").ok


@pytest.mark.parametrize("plugin", ["calico", "calico-ipip"])
def test_calicos_pool_is_used_up_when_all_addresses_of_all_blocks_are(plugin):
    network = PodNetwork(plugin, nodes=2, cidr="10.0.0.0/26", node_mask=27)
    room = 64 if plugin == "calico" else 62  # two for the tunnels
    given = [network.add_pod(f"pod-{n}", f"node-{n % 2 + 1}").address for n in range(room)]
    assert len(set(given)) == room
    with pytest.raises(CourseError, match="no addresses are left in Calico's pool"):
        network.add_pod("late", "node-2")
    network.delete_pod("pod-0")
    assert network.add_pod("late", "node-2").address == given[0]


def test_a_tunnel_gets_its_address_when_the_pool_has_one_again():
    network = PodNetwork("calico-ipip", nodes=1, cidr="10.0.0.0/26", node_mask=27)
    for number in range(63):
        network.add_pod(f"pod-{number}", "node-1")
    tunnel = network.add_node("node-2", at_once=True).namespace.devices["tunl0"]
    assert not tunnel.addresses
    network.delete_pod("pod-7")
    network.delete_pod("pod-8")
    network.add_pod("late", "node-2")
    assert tunnel.addresses == ["10.0.0.8/32"] and network.trace("node-2", "pod-1").ok


def test_a_peer_of_weave_asks_others_for_addresses_when_its_part_is_used_up():
    network = PodNetwork("weave", nodes=2, pods=1, cidr="10.0.0.0/28", node_mask=29)
    for number in range(4):
        network.add_pod(f"own-{number}", "node-1")
    more = network.add_pod("more", "node-1")
    assert more.address == "10.0.0.11"  # of the part of node-2
    assert network.trace("pod-2", "more").ok and network.trace("more", "pod-2").ok
    assert str(more.namespace.routes).startswith("default via 10.0.0.1 dev eth0")
    network.delete_pod("more")
    for number in range(4):
        network.add_pod(f"of-2-{number}", "node-2")
    with pytest.raises(CourseError, match="no addresses are left in Weave's subnet"):
        network.add_pod("late", "node-1")


def test_a_peer_of_weave_gets_no_address_of_a_peer_to_which_the_mesh_has_no_way():
    network = PodNetwork("weave", nodes=2, cidr="10.0.0.0/28", node_mask=29)
    for number in range(5):
        network.add_pod(f"own-{number}", "node-1")
    network.cut(["node-1"], ["node-2"])
    network.sim.run(61)
    with pytest.raises(CourseError, match="no addresses are left in Weave's subnet"):
        network.add_pod("late", "node-1")
    network.heal()
    network.sim.run(2)
    assert network.add_pod("late", "node-1").address == "10.0.0.10"


def test_the_part_of_a_removed_peer_goes_to_another_while_addresses_of_it_are_in_use():
    network = PodNetwork("weave", nodes=2, cidr="10.0.0.0/28", node_mask=29)
    for number in range(6):
        network.add_pod(f"pod-{number}", "node-1")
    network.remove_node("node-2")
    assert [str(part.network) for part in network.plugin.pools(network.host("node-1"))] == [
        *("10.0.0.0/29", "10.0.0.8/29")
    ]
    network.delete_pod("pod-5")
    assert network.add_pod("again", "node-1").address == "10.0.0.11"
    network.add_node("node-3", at_once=True)
    assert network.trace(network.add_pod("late", "node-3").pod, "again").ok


def test_calicos_tunnel_takes_the_first_address_of_a_block():
    network = PodNetwork("calico-ipip", nodes=1)
    assert network.add_pod("pod", "node-1").address == "10.244.0.1"


def test_add_returns_the_bridge_the_nodes_end_and_the_pods_end_and_the_pods_routes():
    network = PodNetwork("flannel-vxlan", nodes=1)
    pod = network.add_pod("pod", "node-1")
    names = [interface["name"] for interface in pod.result["interfaces"]]
    assert names == ["cni0", pod.host_device, "eth0"]
    [address] = pod.result["ips"]
    assert names[address["interface"]] == "eth0" and address["gateway"] == "10.244.0.1"
    assert str(pod.namespace.routes).splitlines() == [
        "default via 10.244.0.1 dev eth0",
        "10.244.0.0/16 via 10.244.0.1 dev eth0",
        "10.244.0.0/24 dev eth0 proto kernel scope link src 10.244.0.2",
    ]


def test_a_packet_that_opens_a_connection_has_no_payload():
    network = PodNetwork("flannel-vxlan", nodes=2, pods=1)
    opening = network.trace("pod-1", "pod-2")
    later = network.trace("pod-1", "pod-2", size=100)
    assert "[SYN] | 0 bytes" in str(opening.on_the_wire)
    assert "[PSH-ACK] | 100 bytes" in str(later.on_the_wire)
    assert "[SYN-ACK]" in str(opening.reply[0].after or opening.reply[0].before)
    assert later.ok


def test_reflectors_replace_the_mesh_and_pass_everything_on():
    network = PodNetwork("calico", nodes=6, pods=1, reflectors=["node-1", "node-2"])
    assert network.plugin.sessions("node-6") == ["node-1", "node-2"]
    assert len(network.plugin.sessions("node-1")) == 5
    assert all(network.trace(one, other).ok for one in network.pods for other in network.pods)


def test_a_node_that_joins_while_bgp_is_blocked_is_never_heard_of():
    network = PodNetwork("calico", nodes=2, pods=1)
    network.underlay.blocked["tcp", 179] = None
    network.add_node("late")
    network.add_pod("pod-late", "late")
    network.sim.run(30)
    assert not network.trace("pod-1", "pod-late").ok
    assert network.trace("pod-1", "pod-2").ok  # routes that are known stay


def test_a_node_cut_off_from_the_api_catches_up_when_the_link_is_healed():
    network = PodNetwork("flannel-vxlan", nodes=2, pods=1)
    network.cut(["node-2"], [network.control_plane])
    network.add_node("node-3")
    network.add_pod("pod-3", "node-3")
    network.sim.run(10)
    assert network.trace("pod-1", "pod-3").ok and not network.trace("pod-2", "pod-3").ok
    network.heal()
    network.sim.run(10)
    assert network.trace("pod-2", "pod-3").ok


def test_a_node_that_is_removed_is_forgotten_and_its_block_is_given_again():
    network = PodNetwork("flannel-vxlan", nodes=3, pods=1)
    block = network.host("node-3").blocks[0]
    network.remove_node("node-3")
    assert network.host("node-1").namespace.routes.lookup("10.244.2.2").destination == "default"
    assert network.plugin.state(network.host("node-1"))["FORWARDING"] == 1
    for number in range(256 - 3):
        network.add_node(f"n{number}", at_once=True)
    assert network.add_node("last").blocks == [block]


def test_events_end_as_each_plugin_is_known_for():
    table = networking.network_events()
    found = {(row.PLUGIN, row.EVENT): (row.RESULT, row.SECONDS) for row in table.itertuples()}
    for plugin in PLUGINS:
        assert found[plugin, networking.JOINS][0] == "reached by all"
        assert found[plugin, networking.CUT][0] == "Pods go on"
    assert float(found["calico", networking.DIES][1]) == pytest.approx(240, abs=1)
    assert float(found["weave", networking.DIES][1]) == pytest.approx(60, abs=1)
    assert found["flannel-vxlan", networking.DIES][0].startswith("kept")
    assert found["weave", networking.PARTED][0] == "around it, by way of node-2"
    assert found["calico", networking.PARTED][0] == "no way between the two"


def test_the_same_network_sends_the_same_packets():
    def story() -> str:
        network = PodNetwork("weave", nodes=3, pods=2, encrypted=True)
        traces = [network.trace(one, other) for one in network.pods for other in network.pods]
        return "\n".join(map(repr, traces))

    assert story() == story()


@pytest.mark.parametrize(
    "make",
    [
        lambda: PodNetwork("cilium"),
        lambda: PodNetwork("calico", ipip="Sometimes"),
        lambda: PodNetwork("weave", families=("IPv4", "IPv6")),
        lambda: PodNetwork("routable", nodes=1).trace("nobody", "node-1"),
        lambda: PodNetwork("routable", nodes=1).add_pod("x", "node-9"),
        lambda: PodNetwork("routable", nodes=1).add_node("node-1"),
        lambda: PodNetwork("routable", nodes=9, limit=8),
    ],
)
def test_bad_input_is_refused_with_what_to_do(make):
    with pytest.raises(CourseError):
        make()


def test_flannel_with_direct_routing_wraps_only_between_subnets():
    network = PodNetwork("flannel-vxlan", nodes=4, pods=1, subnets=2, direct_routing=True)
    inside, across = (network.trace("pod-1", f"pod-{n}", 80) for n in (3, 2))
    assert inside.ok and "UDP" not in str(inside.on_the_wire)
    assert across.ok and "UDP" in str(across.on_the_wire)
    table = network.host("node-1").namespace.routes
    assert "10.244.2.0/24 via 172.18.0.3 dev eth0" in str(table)
    assert "10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink" in str(table)
    network.remove_node("node-3")
    assert "10.244.2.0/24" not in str(table) and "10.244.3.0/24" in str(table)
