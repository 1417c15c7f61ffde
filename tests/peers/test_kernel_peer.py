"""The simulated network does what the Linux kernel does, packet by packet.

A network is exported as a script, made in network namespaces, and both are asked the same: who
gets through to whom, and which source address the receiver sees.
"""

from __future__ import annotations

from collections import Counter

import pytest

from course_lib.network import PodNetwork
from course_lib.network.linux import requirements, to_linux
from tests.network.clusters import served, targets
from tests.peers.kernel_peer import Answer, Kernel, Target, kernel_lacks, missing
from tests.required import require, requires

pytestmark = requires(missing())
PORT = 8080

NETWORKS = {
    "routable": {"plugin": "routable"},
    "routable, two subnets": {"plugin": "routable", "subnets": 2},
    "flannel host-gw": {"plugin": "flannel-host-gw"},
    "flannel host-gw, two subnets": {"plugin": "flannel-host-gw", "subnets": 2},
    "flannel vxlan": {"plugin": "flannel-vxlan"},
    "flannel vxlan, two subnets": {"plugin": "flannel-vxlan", "subnets": 2},
    "flannel vxlan, dual stack": {"plugin": "flannel-vxlan", "families": ("IPv4", "IPv6")},
    "calico": {"plugin": "calico"},
    "calico, dual stack": {"plugin": "calico", "families": ("IPv4", "IPv6")},
    "calico, two subnets": {"plugin": "calico", "subnets": 2},
    "calico, ip in ip": {"plugin": "calico-ipip"},
}


def simulated(network: PodNetwork, source: str, address: str, port: int) -> Answer:
    trace = network.trace(source, address, port)
    if trace.ok:
        return Answer(trace.at, trace.seen)
    return Answer("refused" if trace.outcome in ("refused", "rejected") else "nothing", "")


def expecting(targets: list[Target], ours: list[Answer]) -> list[tuple[Target, bool]]:
    return [(target, mine.at != "nothing") for target, mine in zip(targets, ours, strict=True)]


@pytest.mark.parametrize("name", NETWORKS)
def test_who_reaches_whom_and_the_source_address_seen_are_the_same(name: str):
    network = PodNetwork(nodes=3, pods=2, **NETWORKS[name])
    require(kernel=kernel_lacks(*requirements(network)))
    everybody = [*network.pods, *network.hosts, "outside"]
    targets = [(address, PORT) for pod in network.pods.values() for address in pod.addresses] + [
        (host.address, PORT) for host in network.hosts.values()
    ]
    targets.append((network.address("outside"), PORT))
    with Kernel(to_linux(network), dict.fromkeys(everybody, (PORT,))) as kernel:
        for source in everybody:
            ours = [simulated(network, source, *target) for target in targets]
            real = kernel.ask(source, expecting(targets, ours))
            different = [
                (source, target, f"kernel {k}", f"simulation {s}")
                for target, k, s in zip(targets, real, ours, strict=True)
                if k != s
            ]
            assert not different


SERVED = {
    "iptables on host routes": {"network": "routable"},
    "iptables on flannel host-gw": {"network": "flannel-host-gw"},
    "iptables on flannel vxlan": {"network": "flannel-vxlan"},
    "iptables on calico": {"network": "calico"},
    "nftables on flannel vxlan": {"network": "flannel-vxlan", "proxy": "nftables"},
    "nftables on calico": {"network": "calico", "proxy": "nftables"},
    "ipvs on calico": {"network": "calico", "proxy": "ipvs"},
}
TRIES = 12  # for each Pod (and node) that may answer: one is missed once in 30,000 times


@pytest.mark.parametrize("name", SERVED)
def test_services_lead_to_the_same_pods_which_see_the_same_sources(name: str):
    cluster = served(**SERVED[name])
    network = cluster.pod_network
    require(kernel=kernel_lacks(*requirements(network)))
    ways = targets(cluster)
    pods = list(network.pods)
    serving = dict.fromkeys(pods, (8080,))
    with Kernel(cluster.linux(), serving) as kernel:
        for source in [*pods, "node-1", "node-2", "outside"]:
            answers = {
                label: {simulated(network, source, *way) for _ in range(TRIES * 9)}
                for label, way in ways.items()
            }
            # What chance has no part in is not asked again and again.
            tries = {
                label: TRIES * len(ours) if len(ours) > 1 else 1 for label, ours in answers.items()
            }
            asked = [
                (way, all(answer.at != "nothing" for answer in answers[label]))
                for label, way in ways.items()
                for _ in range(tries[label])
            ]
            real = iter(kernel.ask(source, asked))
            for label, ours in answers.items():
                kernels = {next(real) for _ in range(tries[label])}
                if label.startswith("sticky"):  # one of them, and always the same
                    assert len(kernels) == len(ours) == 1
                    continue
                assert kernels == ours, (source, label)


def test_the_kernel_prints_the_rules_as_we_wrote_them():
    cluster = served(network="flannel-vxlan")
    with Kernel(cluster.linux(), {}) as kernel:
        for node, host in cluster.network.hosts.items():
            for table in ("nat", "filter"):
                printed = kernel.output(node, f"iptables-save -t {table}").splitlines()
                assert by_chain(printed) == by_chain(host.iptables.save(table).splitlines())


def by_chain(lines: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("-A "):
            found.setdefault(line.split()[1], []).append(line)
    return found


def test_the_kernel_balances_as_evenly_as_chance_does():
    cluster = served(network="calico")
    network = cluster.pod_network
    source = next(iter(network.pods))
    with Kernel(cluster.linux(), dict.fromkeys(network.pods, (8080,))) as kernel:
        real = kernel.ask(source, [(("10.96.0.20", 80), True)] * 600)
    ours = [simulated(network, source, "10.96.0.20", 80) for _ in range(600)]
    for answers in (real, ours):
        counts = Counter(answer.at for answer in answers)
        assert len(counts) == 3
        # Chi-squared with two degrees of freedom: more than 27.6 comes once in a million times.
        assert sum((count - 200) ** 2 / 200 for count in counts.values()) < 27.6


POLICIES = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: single}}}]
    ports: [{port: http}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: single}
spec:
  podSelector: {matchLabels: {app: single}}
  policyTypes: [Ingress, Egress]
  ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [203.0.113.0/24]}}]}]
  egress: [{to: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 8080, endPort: 8090}]}]
"""


@pytest.mark.parametrize("plugin", ["calico", "flannel-vxlan"])
def test_policies_keep_out_the_same_packets(plugin: str):
    cluster = served(network=plugin, policies=True)
    cluster.apply(POLICIES)
    cluster.run(seconds=5)
    network = cluster.pod_network
    everybody = [*network.pods, *network.hosts, "outside"]
    targets = [
        *((pod.address, port) for pod in network.pods.values() for port in (8080, 8081)),
        *((host.address, 8080) for host in network.hosts.values()),
        (network.address("outside"), 8080),
    ]
    with Kernel(cluster.linux(), dict.fromkeys(network.pods, (8080,))) as kernel:
        for source in everybody:
            ours = [simulated(network, source, *target) for target in targets]
            real = kernel.ask(source, expecting(targets, ours))
            assert list(zip(targets, ours, strict=True)) == list(zip(targets, real, strict=True))
    assert {answer.at for answer in ours} >= {"nothing"}
