"""Services: three modes that lead to the same Pods, and policies about which."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.experiments import balance, chi_squared, rule_cost
from course_lib.node.proxy import ServicePortInfo, categorize
from course_lib.node.proxy.iptables_rules import Settings, chain_hash, port_rules, probability
from course_lib.node.proxy.nftables_rules import hashed
from course_lib.node.proxy.service_ports import ProxyEndpoint
from tests.network.clusters import served, targets

SERVICE = """
{{apiVersion: v1, kind: Service, metadata: {{name: {name}}}, spec: {{selector: {{app: web}},
 ports: [{{port: 80, targetPort: 8080{node_port}}}], {more}}}}}
"""


def apply_service(cluster: Cluster, name: str, more: str = "type: ClusterIP", node_port: str = ""):
    cluster.apply(SERVICE.format(name=name, more=more, node_port=node_port))
    cluster.run(seconds=3)


def outcomes(cluster: Cluster, source: str, way: tuple[str, int], tries: int = 60):
    found = [cluster.pod_network.trace(source, *way) for _ in range(tries)]
    return {(t.outcome, t.at if t.ok else "", t.seen if t.ok else "") for t in found}


@pytest.fixture(scope="module")
def clusters() -> dict[str, Cluster]:
    return {mode: served(network="calico", proxy=mode) for mode in ("iptables", "nftables", "ipvs")}


@pytest.mark.parametrize("source", ["pod", "node-1", "node-3", "outside"])
def test_iptables_and_nftables_lead_to_the_same_pods_with_the_same_sources(clusters, source: str):
    one, other = clusters["iptables"], clusters["nftables"]
    if source == "pod":
        source = next(iter(one.pod_network.pods))
    for label, way in targets(one).items():
        if label.startswith("sticky"):
            continue
        assert outcomes(one, source, way) == outcomes(other, source, way), label


def test_ipvs_leads_to_the_same_pods(clusters):
    one, other = clusters["iptables"], clusters["ipvs"]
    source = next(iter(one.pod_network.pods))
    for label, way in targets(one).items():
        if not label.startswith(("sticky", "empty", "node-port-empty", "ranges")):
            pods = {at for outcome, at, _ in outcomes(one, source, way) if outcome == "answered"}
            found = {at for outcome, at, _ in outcomes(other, source, way) if outcome == "answered"}
            assert pods == found, label


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
def test_a_client_with_affinity_gets_the_same_pod_until_its_time_is_over(mode: str):
    cluster = served(network="flannel-vxlan", proxy=mode)
    source = next(iter(cluster.pod_network.pods))
    way = targets(cluster)["sticky:80"]
    assert len(outcomes(cluster, source, way)) == 1
    found = set()
    for _ in range(12):
        cluster.run(seconds=61)
        found |= outcomes(cluster, source, way, tries=3)
    assert len({at for _, at, _ in found}) > 1


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
def test_a_service_without_endpoints_refuses_and_says_so_at_once(mode: str, clusters):
    cluster = clusters[mode]
    [(outcome, *_)] = outcomes(cluster, "node-1", targets(cluster)["empty:80"])
    assert outcome == "rejected"


def test_endpoints_follow_readiness_and_connections_outlive_the_rules():
    cluster = served(network="flannel-vxlan", shutdown=20)
    way = targets(cluster)["web:80"]
    talk = cluster.pod_network.open("node-1", *way)
    first = talk.send()
    cluster.delete("pod", first.at.removeprefix("default/"), grace_period=30)
    cluster.run(seconds=5)
    assert talk.send().at == first.at  # the old connection goes on
    assert first.at not in {at for _, at, _ in outcomes(cluster, "node-1", way)}
    cluster.run(seconds=60)
    assert not talk.send().ok


def test_udp_is_not_sent_to_an_endpoint_that_is_gone():
    cluster = Cluster(nodes=2, network="flannel-vxlan")
    cluster.install_dns()
    cluster.run(seconds=30)
    talk = cluster.pod_network.open("node-1", "10.96.0.10", 53, protocol="udp")
    first = talk.send()
    cluster.delete("pod", first.at.removeprefix("kube-system/"), namespace="kube-system")
    cluster.run(seconds=60)
    again = talk.send()
    assert again.ok and again.at != first.at


def test_when_nobody_is_ready_those_that_terminate_still_serve():
    ready = ProxyEndpoint("10.0.0.1", 80, "n1")
    dying = ProxyEndpoint("10.0.0.2", 80, "n1", ready=False, serving=True, terminating=True)
    ill = ProxyEndpoint("10.0.0.3", 80, "n1", ready=False, serving=False)
    port = ServicePortInfo("ns", "svc", "", "tcp", "10.96.0.1", 80, endpoints=(ready, dying, ill))
    assert categorize(port, "n1", "").cluster == (ready,)
    port = ServicePortInfo("ns", "svc", "", "tcp", "10.96.0.1", 80, endpoints=(dying, ill))
    assert categorize(port, "n1", "").cluster == (dying,)


# From upstream's `pkg/proxy/topology_test.go`: hints are obeyed if all ready endpoints have one,
# and one of them is for this zone.
A = ProxyEndpoint("10.1.2.3", 80, "n1", zones=("zone-a",))
B = ProxyEndpoint("10.1.2.4", 80, "n2", zones=("zone-b",))
C = ProxyEndpoint("10.1.2.5", 80, "n3", zones=("zone-c",))
BARE = ProxyEndpoint("10.1.2.6", 80, "n4")
UNREADY = ProxyEndpoint("10.1.2.7", 80, "n5", ready=False)


@pytest.mark.parametrize(
    ("endpoints", "zone", "wanted"),
    [
        ((A, B, C), "zone-a", (A,)),
        ((A, B, C), "zone-x", (A, B, C)),
        ((A, B, C), "", (A, B, C)),
        ((A, B, BARE), "zone-a", (A, B, BARE)),
        ((A, B, UNREADY), "zone-b", (B,)),
        ((), "zone-a", ()),
    ],
)
def test_topology_hints(endpoints, zone: str, wanted):
    port = ServicePortInfo("ns", "svc", "", "tcp", "10.96.0.1", 80, endpoints=endpoints)
    assert categorize(port, "n1", zone).cluster == wanted


def test_a_node_keeps_to_its_own_endpoints_if_all_are_meant_for_nodes():
    here = ProxyEndpoint("10.0.0.1", 80, "n1", zones=("a",), nodes=("n1",))
    there = ProxyEndpoint("10.0.0.2", 80, "n2", zones=("a",), nodes=("n2",))
    port = ServicePortInfo("ns", "svc", "", "tcp", "10.96.0.1", 80, endpoints=(here, there))
    assert categorize(port, "n1", "a").cluster == (here,)
    assert categorize(port, "n3", "a").cluster == (here, there)  # the zone decides


def test_local_policies_choose_endpoints_of_the_node():
    port = ServicePortInfo(
        "ns", "svc", "", "tcp", "10.96.0.1", 80,
        node_port=30000, external_local=True, endpoints=(A, B),
    )  # fmt: skip
    found = categorize(port, "n1", "")
    assert (found.cluster, found.local) == ((A, B), (A,))
    inside = ServicePortInfo(
        "ns", "svc", "", "tcp", "10.96.0.1", 80, internal_local=True, endpoints=(A, B)
    )
    found = categorize(inside, "n2", "")
    assert (found.local, found.reachable) == ((B,), (B,))


def test_a_zone_keeps_to_its_own_endpoints_as_long_as_it_has_one():
    cluster = Cluster(nodes=3, zones=["a", "b", "c"], network="flannel-vxlan")
    cluster.apply("tests/network/services.yaml")
    apply_service(cluster, "near", "trafficDistribution: PreferClose")
    cluster.run(seconds=40)
    near = cluster.api.get("Service", "near", "default").spec.cluster_ip
    node_of = cluster.get("pods", wide=True).set_index("NAME").NODE
    for node in ("node-1", "node-2", "node-3"):
        used = {at for _, at, _ in outcomes(cluster, node, (near, 80))}
        assert {node_of[at.removeprefix("default/")] for at in used} == {node}
    cluster.kubectl("scale deployment/web --replicas=1")
    cluster.run(seconds=60)
    for node in ("node-1", "node-2", "node-3"):
        assert {outcome for outcome, *_ in outcomes(cluster, node, (near, 80))} == {"answered"}


# Names that a real cluster, or upstream's tests, have for the same things.
@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("default/kubernetes:https", "tcp"), "NPX46M4PTMTKRN6Y"),
        (("kube-system/kube-dns:dns", "udp"), "TCOU7JCQXEZGVUNU"),
        (("kube-system/kube-dns:dns-tcp", "tcp"), "ERIFXISQEP7F7OF4"),
        (("ns1/svc1:p80", "tcp"), "XPGD46QRK7WJZT7O"),
        (("ns1/svc1:p80", "tcp", "10.180.0.1:80"), "SXIVWICOYRO3J4NJ"),
    ],
)
def test_chains_have_the_names_that_they_have_everywhere(parts, name: str):
    assert chain_hash(*parts) == name


def test_nftables_names_are_cut_where_the_kernel_would():
    assert hashed("ns1/svc1/tcp/p80").startswith("ULMVA6XW-")
    assert len(hashed("x" * 400)) == 240 and hashed("x" * 400).endswith("...")


def test_probabilities_are_those_that_the_kernel_keeps():
    assert [probability(n) for n in (2, 3, 4)] == [
        "0.50000000000",
        "0.33333333349",
        "0.25000000000",
    ]


def test_rules_fit_into_the_kernels_names():
    port = ServicePortInfo(
        "n" * 63, "s" * 63, "p" * 15, "tcp", "10.96.0.1", 80, 30000, endpoints=(A,)
    )
    rules = port_rules(port, Settings("n1", "192.168.0.2", "", "10.244.0.0/16"))
    assert all(len(chain) <= 28 for chain in rules.chains)


def test_only_what_changed_is_written_and_stale_chains_go():
    cluster = served(network="flannel-vxlan")
    rules = cluster.network.hosts["node-1"].iptables
    before = dict(rules.tables["nat"])
    cluster.delete("service", "single")
    cluster.run(seconds=3)
    gone = set(before) - set(rules.tables["nat"])
    assert any(name.startswith("KUBE-SVC-") for name in gone)
    assert not any("default/single" in line for line in rules.save().splitlines())
    same = [n for n, chain in before.items() if rules.tables["nat"].get(n) is chain]
    assert len(same) > 20


def test_the_cost_grows_with_services_in_iptables_mode_alone():
    table = rule_cost(counts=(10, 1000))
    looked = {(row.MODE, row.SERVICES): row.LOOKED for row in table.itertuples()}
    assert looked["iptables", 1000] - looked["iptables", 10] == 990
    for mode in ("ipvs", "nftables"):
        assert looked[mode, 10] == looked[mode, 1000] < 30


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs", "ipvs/lc", "ipvs/wrr"])
def test_requests_are_balanced(mode: str):
    cluster = Cluster(nodes=3, network="flannel-host-gw", proxy=mode)
    cluster.apply("data/web.yaml")
    cluster.run(seconds=30)
    counts = balance(cluster.trace("node-1", "service/web") for _ in range(600)).REQUESTS
    statistic, p = chi_squared(list(counts))
    assert len(counts) == 3 and p > 0.001
    if mode.startswith("ipvs"):
        assert statistic < 0.1  # these take turns


def test_ipvs_by_source_gives_a_client_always_the_same():
    cluster = Cluster(nodes=3, network="calico", proxy="ipvs/sh")
    cluster.apply("data/web.yaml")
    cluster.run(seconds=30)
    assert len({cluster.trace("node-2", "service/web").at for _ in range(20)}) == 1


def test_chi_squared_is_the_known_distribution():
    # Two degrees of freedom: p = exp(-x / 2).
    statistic, p = chi_squared([110, 95, 95])
    assert statistic == pytest.approx(1.5) and p == pytest.approx(0.4723665527)
    assert chi_squared([500, 100])[1] < 1e-12


def test_a_flat_network_obeys_the_same_rules():
    cluster = served()
    ways = targets(cluster)
    got = {cluster.network.request("node-1", *ways["web:80"])[0] for _ in range(60)}
    assert len(got) == 3
    assert cluster.network.request("node-1", *ways["empty:80"]) == ("", None)
    for node in ("node-1", "node-2", "node-3"):
        assert cluster.network.request("outside", *ways[f"node-port at {node}"])[1] is not None
    local = [
        cluster.network.request("outside", *ways[f"node-port-local at {n}"])[1] is not None
        for n in ("node-1", "node-2", "node-3")
    ]
    assert local.count(True) == 1
    assert cluster.network.request("outside", *ways["balanced balanced"])[1] is not None


def test_without_a_cloud_a_load_balancer_waits():
    cluster = Cluster(nodes=1)
    apply_service(cluster, "lb", "type: LoadBalancer")
    cluster.run(seconds=600)
    assert cluster.get("services").set_index("NAME")["EXTERNAL-IP"]["lb"] == "<pending>"


def test_a_cloud_takes_its_address_back_and_drops_nodes_that_are_not_ready():
    cluster = served(network="routable")
    address, port = targets(cluster)["balanced balanced"]
    cluster.kill_node("node-3")
    cluster.run(seconds=120)
    machines = cluster.network.balanced[address]
    assert cluster.network.hosts["node-3"].address not in machines and len(machines) == 2
    cluster.delete("service", "balanced")
    cluster.run(seconds=10)
    assert not cluster.pod_network.trace("outside", address, port).ok


def test_a_service_that_is_no_longer_open_to_outside_loses_its_node_port():
    cluster = Cluster(nodes=1, cloud=True)
    apply_service(cluster, "lb", "type: LoadBalancer, externalTrafficPolicy: Local")
    before = cluster.document("service", "lb")["spec"]
    assert before["ports"][0]["nodePort"] and before["healthCheckNodePort"]
    cluster.api.patch("Service", "lb", "default", {"spec": {"type": "ClusterIP"}})
    after = cluster.document("service", "lb")["spec"]
    assert "nodePort" not in after["ports"][0]
    assert "externalTrafficPolicy" not in after and "healthCheckNodePort" not in after
