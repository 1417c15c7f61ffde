"""Addresses are given once; the longest prefix wins."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.errors import CourseError
from course_lib.network import AddressPool, ClusterCIDR
from course_lib.network.addresses import overlaps
from course_lib.network.device import Dummy
from course_lib.network.namespace import NetworkNamespace
from course_lib.network.routes import Route, RoutingTable

BLOCKS = ("10.244.3.0/28", "fd00::/124")


@given(st.sampled_from(BLOCKS), st.lists(st.booleans(), max_size=60), st.data())
def test_an_address_in_use_is_never_given_again(block: str, takes: list[bool], data: st.DataObject):
    pool, used = AddressPool(block), set()
    for take in takes:
        if take and not pool.full:
            address = pool.take()
            assert address not in used
            assert ipaddress.ip_address(address) in ipaddress.ip_network(block)
            used.add(address)
        elif not take and used:
            given_back = data.draw(st.sampled_from(sorted(used)))
            pool.release(given_back)
            used.remove(given_back)
        assert len(pool) == len(used)


def test_a_block_that_is_used_up_says_so_and_goes_on_after_a_release():
    pool = AddressPool("10.244.3.0/29")
    given_out = [pool.take() for _ in range(5)]
    with pytest.raises(CourseError, match="no addresses are left"):
        pool.take()
    pool.release(given_out[2])
    assert pool.take() == given_out[2]


@given(st.integers(17, 28), st.integers(0, 3))
def test_the_blocks_of_nodes_do_not_overlap_and_lie_in_the_clusters(mask: int, extra: int):
    blocks = ClusterCIDR("10.244.0.0/16", mask)
    count = min(blocks.size, 20)
    given_out = [ipaddress.ip_network(blocks.take()) for _ in range(count)]
    assert all(block.subnet_of(blocks.network) for block in given_out)
    assert not any(
        one.overlaps(other) for n, one in enumerate(given_out) for other in given_out[n + 1 :]
    )
    assert all(block.prefixlen == mask for block in given_out)


@pytest.mark.parametrize(
    ("cidr", "least", "most"), [("10.0.0.0/16", 16, 30), ("fd00::/56", 56, 126)]
)
def test_a_nodes_block_is_no_larger_than_the_cluster_and_no_smaller_than_four_addresses(
    cidr, least, most
):
    assert ClusterCIDR(cidr, least).size == 1
    assert ipaddress.ip_network(ClusterCIDR(cidr, most).take()).num_addresses == 4
    for mask in (least - 1, most + 1):
        with pytest.raises(CourseError, match=f"a node_mask from {least} to {most}") as refused:
            ClusterCIDR(cidr, mask)
        assert refused.value.do and refused.value.found == str(mask)


def test_a_cluster_without_a_block_for_another_node_says_so():
    blocks = ClusterCIDR("10.244.0.0/22", 24)
    first, *_ = (blocks.take() for _ in range(4))
    with pytest.raises(CourseError, match="no block is left"):
        blocks.take()
    blocks.release(first)
    assert blocks.take() == first
    with pytest.raises(CourseError, match="does not fit"):
        ClusterCIDR("10.244.0.0/22", 20)


def test_blocks_are_given_in_turn_also_when_an_earlier_one_is_free_again():
    blocks = ClusterCIDR("10.244.0.0/22", 24)
    first = blocks.take()
    blocks.release(first)
    assert [blocks.take() for _ in range(4)] == [
        "10.244.1.0/24",
        "10.244.2.0/24",
        "10.244.3.0/24",
        first,
    ]


@pytest.mark.parametrize(
    ("occupied", "left"),
    [
        ("10.244.0.0/24", 3),
        ("10.244.1.128/25", 3),  # a part of a block
        ("10.244.2.0/23", 2),
        ("10.244.0.0/16", 0),  # more than all of it
        ("10.243.255.0/24", 4),  # just below
        ("10.244.4.0/24", 4),  # just above
        ("fd00::/64", 4),
    ],
)
def test_a_block_that_a_node_has_already_is_not_given_to_another(occupied: str, left: int):
    blocks = ClusterCIDR("10.244.0.0/22", 24)
    blocks.occupy(occupied)
    given = [ipaddress.ip_network(blocks.take()) for _ in range(left)]
    assert blocks.full
    if ":" not in occupied:
        assert not any(block.overlaps(ipaddress.ip_network(occupied)) for block in given)


def test_overlaps_are_found_across_plans_but_not_across_families():
    plan = {"a": "10.0.0.0/8", "b": "10.96.0.0/12", "c": "192.168.0.0/16", "d": "fd00::/8"}
    assert list(overlaps(plan)) == [("a", "b")]


prefixes = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)).map(
    lambda pair: str(ipaddress.ip_network((pair[0] >> (32 - pair[1]) << (32 - pair[1]), pair[1])))
)


@given(st.lists(prefixes, unique=True, max_size=30), st.integers(0, 2**32 - 1))
def test_lookup_finds_what_a_search_of_all_routes_finds(destinations: list[str], address: int):
    table = RoutingTable()
    for number, destination in enumerate(destinations):
        table.add(Route(destination, f"eth{number}"))
    wanted = ipaddress.ip_address(address)
    matching = [ipaddress.ip_network(d) for d in destinations if wanted in ipaddress.ip_network(d)]
    found = table.lookup(str(wanted))
    if not matching:
        assert found is None
    else:
        assert found is not None
        assert found.destination == str(max(matching, key=lambda block: block.prefixlen))


def test_routes_are_replaced_removed_and_counted():
    table = RoutingTable(limit=2)
    table.add(Route("10.0.0.0/8", "eth0"))
    table.add(Route("10.0.0.0/8", "eth1"))
    table.add(Route("default", "eth0", "192.168.0.1"))
    assert len(table) == 2 and table.lookup("10.1.1.1").device == "eth1"
    with pytest.raises(CourseError, match="routing table is full"):
        table.add(Route("11.0.0.0/8", "eth0"))
    table.remove("10.0.0.0/8")
    table.remove("10.0.0.0/8")
    assert len(table) == 1 and table.lookup("10.1.1.1").via == "192.168.0.1"


def test_a_next_hop_must_be_on_the_wire_unless_told_otherwise():
    host = NetworkNamespace("node-1")
    Dummy(host, "eth0")
    host.add_address("eth0", "192.168.0.2/24")
    host.add_route(Route("10.0.0.0/8", "eth0", "192.168.0.9"))
    with pytest.raises(CourseError, match="Nexthop has invalid gateway"):
        host.add_route(Route("11.0.0.0/8", "eth0", "192.168.9.9"))
    host.add_route(Route("11.0.0.0/8", "eth0", "192.168.9.9", onlink=True))
    assert host.routes.lookup("11.1.1.1").via == "192.168.9.9"


def test_a_program_sends_from_the_address_that_the_kernel_would_choose():
    host = NetworkNamespace("node-1")
    Dummy(host, "eth0")
    host.add_address("eth0", "192.168.0.2/24")
    host.routes.add(Route("default", "eth0", "192.168.0.1"))
    host.routes.add(Route("10.0.0.0/8", "eth0", "192.168.0.3", source="10.9.9.9"))
    assert host.source_for("8.8.8.8") == "192.168.0.2"
    assert host.source_for("10.1.1.1") == "10.9.9.9"
    assert host.source_for("192.168.0.2") == "192.168.0.2"
    assert host.source_for("fd00::1") == ""
