"""The simulated network does what the Linux kernel does, packet by packet.

A network is exported as a script, made in network namespaces, and both are asked the same: who
gets through to whom, and which source address the receiver sees.
"""

from __future__ import annotations

import pytest

from course_lib.network import PodNetwork
from course_lib.network.linux import requirements, to_linux
from tests.peers.kernel_peer import Answer, Kernel, available

pytestmark = pytest.mark.skipif(bool(available()), reason=available() or "-")
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


@pytest.mark.parametrize("name", NETWORKS)
def test_who_reaches_whom_and_the_source_address_seen_are_the_same(name: str):
    network = PodNetwork(nodes=3, pods=2, **NETWORKS[name])
    missing = available(*requirements(network))
    if missing:
        pytest.skip(missing)
    everybody = [*network.pods, *network.hosts, "outside"]
    targets = [(address, PORT) for pod in network.pods.values() for address in pod.addresses] + [
        (host.address, PORT) for host in network.hosts.values()
    ]
    targets.append((network.address("outside"), PORT))
    with Kernel(to_linux(network), dict.fromkeys(everybody, [PORT])) as kernel:
        for source in everybody:
            real = kernel.ask(source, targets, timeout=0.5)
            ours = [simulated(network, source, *target) for target in targets]
            different = [
                (source, target, f"kernel {k}", f"simulation {s}")
                for target, k, s in zip(targets, real, ours, strict=True)
                if k != s
            ]
            assert not different
