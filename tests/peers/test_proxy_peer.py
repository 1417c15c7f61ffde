"""kube-proxy's own code writes the same rules, for random Services."""

from __future__ import annotations

import random

import pytest

from course_lib.network.iptables import IPTables
from course_lib.node.proxy.iptables_restore import JUMPS, restore_text
from course_lib.node.proxy.iptables_rules import Settings, port_rules
from course_lib.node.proxy.nftables_rules import nft_text
from course_lib.node.proxy.service_ports import ServicePortInfo, service_ports
from course_lib.objects.decode import decode
from tests.peers import golang, kernel_peer
from tests.peers import proxy_peer as peer
from tests.required import requires

pytestmark = requires(golang.missing())
CASES, TABLES = 400, 60
# Upstream walks over its Services in no order of its own.
UNORDERED = ("KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-EXTERNAL-SERVICES", "KUBE-PROXY-FIREWALL")


@pytest.fixture(scope="module")
def built() -> None:
    peer.build()


def ports_of(case: peer.Document) -> tuple[Settings, list[ServicePortInfo]]:
    settings = Settings(
        case["node"],
        case["nodeIP"],
        case["labels"]["topology.kubernetes.io/zone"],
        case["clusterCIDR"],
    )
    slices = [decode(piece) for piece in case["slices"]]
    ports = [
        port
        for service in sorted(case["services"], key=lambda s: s["metadata"]["name"])
        for port in service_ports(
            decode(service),
            [
                piece
                for piece in slices
                if piece.namespace == service["metadata"]["namespace"]
                and piece.name.startswith(service["metadata"]["name"])
            ],
        )
    ]
    return settings, ports


def ours(case: peer.Document) -> str:
    settings, ports = ports_of(case)
    rules = IPTables()
    rules.restore(restore_text([], settings))
    rules.restore(JUMPS)
    rules.restore(restore_text([port_rules(port, settings) for port in ports], settings))
    return rules.save()


def test_the_same_rules_for_the_same_services(built: None):
    lots = random.Random(20)
    cases = [peer.draw(lots, number) for number in range(CASES)]
    for case, theirs in zip(cases, peer.ask(cases), strict=True):
        real, mine = peer.rules_of(theirs), peer.rules_of(ours(case))
        real.pop("nat/KUBE-MARK-DROP", None)
        assert set(mine) == set(real), case
        for chain in real:
            one, other = mine[chain], real[chain]
            if chain.split("/")[1] in UNORDERED:
                if chain == "nat/KUBE-SERVICES":
                    assert one[-1] == other[-1]  # node ports come last
                one, other = sorted(one), sorted(other)
            assert one == other, (chain, case)


@requires(kernel_peer.missing())
def test_the_kernel_has_the_same_table_from_both_in_nftables_mode(built: None):
    lots = random.Random(21)
    for number in range(TABLES):
        case = peer.draw(lots, number)
        settings, ports = ports_of(case)
        mine = peer.table_of(nft_text(ports, settings), case["nodeIP"])
        real = peer.table_of_theirs(case)
        assert set(mine) == set(real), case
        for name in real:
            assert mine[name] == real[name], (name, case)
