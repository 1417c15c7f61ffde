"""Rules mean what their words say, whichever language they are written in."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.errors import CourseError
from course_lib.network.chains import Chain, Look, Rule
from course_lib.network.conntrack import TrackedConnection
from course_lib.network.iptables import IPTables
from course_lib.network.namespace import NetworkNamespace
from course_lib.network.nftables import NFTables
from course_lib.network.packet import IP, TCP, UDP, Packet
from course_lib.network.trace import Journey


def look(packet: Packet, seed: int = 1, now: float = 0.0) -> Look:
    journey = Journey(now, random.Random(seed))
    ip, transport = packet.headers
    key = (
        ip.protocol, ip.source, transport.source_port, ip.destination, transport.destination_port
    )  # fmt: skip
    return Look(NetworkNamespace("node-1"), packet, TrackedConnection(key, now), False, journey)


def tcp(source: str, destination: str, port: int = 80, mark: int = 0) -> Packet:
    return Packet((IP(source, destination), TCP(40000, port)), mark=mark)


def verdict(rule: str, packet: Packet, **settings: float) -> str | None:
    rules = IPTables()
    rules.restore(f"*filter\n:TEST - [0:0]\n-A TEST {rule}\nCOMMIT")
    return rules.tables["filter"]["TEST"].run(look(packet, **settings))


PACKET = tcp("10.244.0.2", "10.96.0.10")


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ("-j ACCEPT", True),
        ("-s 10.244.0.0/16 -j ACCEPT", True),
        ("! -s 10.244.0.0/16 -j ACCEPT", False),
        ("-d 10.96.0.10/32 -j ACCEPT", True),
        ("-d 10.96.0.11/32 -j ACCEPT", False),
        ("! -d 10.96.0.11/32 -j ACCEPT", True),
        ("-p tcp -m tcp --dport 80 -j ACCEPT", True),
        ("-p tcp -m tcp --dport 81 -j ACCEPT", False),
        ("-p tcp -m tcp --dport 70:90 -j ACCEPT", True),
        ("-p udp -j ACCEPT", False),
        ("-m mark --mark 0x0/0x4000 -j ACCEPT", True),
        ("-m mark ! --mark 0x4000/0x4000 -j ACCEPT", True),
        ("-m conntrack --ctstate NEW -j ACCEPT", True),
        ("-m conntrack ! --ctstate RELATED,ESTABLISHED -j ACCEPT", True),
        ("-m addrtype --dst-type LOCAL -j ACCEPT", False),
        ('-m comment --comment "two words" -j ACCEPT', True),
        ("-m statistic --mode random --probability 1.00000000000 -j ACCEPT", True),
        ("-m statistic --mode random --probability 0.00000000000 -j ACCEPT", False),
    ],
)
def test_matches(rule: str, matches: bool):
    assert verdict(rule, PACKET) == ("ACCEPT" if matches else None)


def test_a_jump_comes_back_and_a_goto_does_not():
    rules = IPTables()
    rules.restore(
        "*filter\n:A - [0:0]\n:B - [0:0]\n:C - [0:0]\n"
        "-A A -j B\n-A A -g C\n-A A -j DROP\n-A B -j RETURN\n-A B -j DROP\nCOMMIT"
    )
    assert rules.tables["filter"]["A"].run(look(PACKET)) is None


def test_marks_are_set_and_cleared_bit_by_bit():
    rules = IPTables()
    rules.restore(
        "*nat\n:ON - [0:0]\n:OFF - [0:0]\n-A ON -j MARK --set-xmark 0x4000/0x4000\n"
        "-A OFF -j MARK --set-xmark 0x4000/0x0\nCOMMIT"
    )
    seen = look(tcp("1.1.1.1", "2.2.2.2", mark=0x1))
    rules.tables["nat"]["ON"].run(seen)
    assert seen.mark == 0x4001
    rules.tables["nat"]["OFF"].run(seen)
    assert seen.mark == 0x1


def test_recent_remembers_a_client_for_so_many_seconds():
    rules = IPTables()
    rules.restore(
        "*nat\n:SET - [0:0]\n:ASK - [0:0]\n-A SET -m recent --set --name x --rsource -j ACCEPT\n"
        "-A ASK -m recent --rcheck --seconds 60 --reap --name x --rsource -j ACCEPT\nCOMMIT"
    )
    chains = rules.tables["nat"]
    assert chains["ASK"].run(look(PACKET)) is None
    chains["SET"].run(look(PACKET, now=10.0))
    assert chains["ASK"].run(look(PACKET, now=69.0)) == "ACCEPT"
    assert chains["ASK"].run(look(PACKET, now=71.0)) is None
    assert chains["ASK"].run(look(tcp("10.244.0.9", "10.96.0.10"), now=20.0)) is None


def test_chances_in_a_row_give_everyone_the_same_share():
    rules = IPTables()
    lines = [f"-A SVC -m statistic --mode random --probability {1 / n} -j SEP{n}" for n in (3, 2)]
    rules.restore(
        "*nat\n:SVC - [0:0]\n:SEP1 - [0:0]\n:SEP2 - [0:0]\n:SEP3 - [0:0]\n"
        + "\n".join(lines)
        + "\n-A SVC -j SEP1\n"
        + "\n".join(f"-A SEP{n} -p tcp -j DNAT --to-destination 10.0.0.{n}:80" for n in (1, 2, 3))
        + "\nCOMMIT"
    )
    lots, counts = random.Random(7), {1: 0, 2: 0, 3: 0}
    for _ in range(3000):
        seen = look(PACKET)
        seen.random = lots
        rules.tables["nat"]["SVC"].run(seen)
        counts[int(seen.dnat[0][-1])] += 1
    assert sum((count - 1000) ** 2 / 1000 for count in counts.values()) < 13.8  # once in a thousand


def test_a_text_with_a_wrong_line_changes_nothing():
    rules = IPTables()
    rules.restore("*filter\n-A INPUT -j ACCEPT\nCOMMIT")
    before = rules.save()
    for wrong in (
        "*filter\n-A INPUT -j DROP\nnonsense",
        "*filter\n-A NOWHERE -j DROP",
        "*mangle\n",
    ):
        with pytest.raises(CourseError):
            rules.restore(wrong)
        assert rules.save() == before
    rules.restore("*filter\n-A INPUT --frobnicate -j DROP\nCOMMIT")
    with pytest.raises(CourseError, match="option of iptables is not known"):
        rules.tables["filter"]["INPUT"].run(look(tcp("1.1.1.1", "2.2.2.2")))


def test_restore_empties_what_it_declares_and_keeps_the_rest():
    rules = IPTables()
    rules.restore("*nat\n:A - [0:0]\n:B - [0:0]\n-A A -j ACCEPT\n-A B -j ACCEPT\nCOMMIT")
    rules.restore("*nat\n:A - [0:0]\n-A A -j RETURN\n-I B -j RETURN\nCOMMIT")
    assert rules.tables["nat"]["A"].lines == ["-A A -j RETURN"]
    assert rules.tables["nat"]["B"].lines == ["-A B -j RETURN", "-A B -j ACCEPT"]
    again = IPTables()
    again.restore(rules.save())
    assert again.save() == rules.save()


addresses = st.integers(0, 7).map(lambda n: f"10.0.0.{n}")
verdicts = st.sampled_from(["ACCEPT", "DROP", None])


@settings(max_examples=150)
@given(st.lists(st.tuples(st.one_of(st.none(), addresses), verdicts), max_size=12), addresses)
def test_passing_over_rules_for_others_changes_neither_verdict_nor_count(
    written: list[tuple[str | None, str | None]], destination: str
):
    chain = Chain("TEST")
    for only, said in written:
        match = (lambda wanted: lambda look: look.destination == wanted)(only)
        chain.append(
            Rule("", (match,) if only else (), (lambda v: lambda look: v)(said), only or "")
        )
    seen = look(tcp("10.9.9.9", destination))
    found = chain.run(seen)
    expected, examined = None, 0
    for only, said in written:
        examined += 1
        if only in (None, destination) and said is not None:
            expected = said
            break
    assert (found, seen.examined) == (expected, examined)


NFT = """add table ip kube-proxy
table ip kube-proxy {
\tmap service-ips {
\t\ttype ipv4_addr . inet_proto . inet_service : verdict
\t\telements = { 10.96.0.10 . tcp . 80 : goto service }
\t}
\tset clients {
\t\ttype ipv4_addr
\t\tflags dynamic,timeout
\t\ttimeout 60s
\t}
\tchain nat-prerouting {
\t\ttype nat hook prerouting priority -100 ;
\t\tip daddr . meta l4proto . th dport vmap @service-ips
\t\tmark set mark | 0x1
\t}
\tchain service {
\t\tip saddr != 10.244.0.0/16 mark set mark | 0x4000
\t\tip saddr @clients goto second
\t\tnumgen random mod 2 vmap { 0 : goto first, 1 : goto second }
\t}
\tchain first {
\t\tmeta l4proto tcp dnat to 10.0.0.1:8080
\t}
\tchain second {
\t\tupdate @clients { ip saddr }
\t\tmeta l4proto tcp dnat to 10.0.0.2:8080
\t}
}"""


def test_nftables_maps_sets_and_numbers():
    table = NFTables()
    table.load(NFT)
    [base] = table.base_chains()
    assert (base.hook, base.priority, base.kind) == ("PREROUTING", -100, "nat")
    seen = look(tcp("10.9.9.9", "10.96.0.10"))
    base.chain.run(seen)
    assert seen.mark == 0x4000 and seen.dnat is not None
    other = look(Packet((IP("10.9.9.9", "10.96.0.10", "udp"), UDP(1, 80))))
    base.chain.run(other)
    assert other.dnat is None and other.mark == 1
    found = set()
    for seed in range(30):
        table.load(NFT)
        table.sets["clients"].clear()
        seen = look(PACKET, seed)
        base = table.base_chains()[0]
        base.chain.run(seen)
        found.add(seen.dnat)
    assert found == {("10.0.0.1", 8080), ("10.0.0.2", 8080)}
    # Whoever was at the second once stays there, for sixty seconds.
    table.sets["clients"]["10.244.0.2"] = 60.0
    assert {run(base, seed, 59.0) for seed in range(20)} == {("10.0.0.2", 8080)}


def in_chain(*rules: str, sets: str = "") -> NFTables:
    table = NFTables()
    body = "".join(f"\t\t{rule}\n" for rule in rules)
    table.load(f"table ip kube-proxy {{\n{sets}\tchain c {{\n{body}\t}}\n}}")
    return table


def test_nftables_takes_an_endpoint_from_a_map_by_a_random_number():
    entries = "{ 0 : 10.0.0.1 . 8080, 1 : 10.0.0.2 . 8081 }"
    rule = f"meta l4proto tcp dnat ip addr . port to numgen random mod 2 map {entries}"
    table = in_chain(rule)
    found = set()
    for seed in range(30):
        seen = look(PACKET, seed)
        assert table.chains["c"].run(seen) == "ACCEPT"
        found.add(seen.dnat)
    assert found == {("10.0.0.1", 8080), ("10.0.0.2", 8081)}


def test_nftables_changes_a_mark_and_goes_on_in_the_same_rule():
    table = in_chain("mark & 0x4000 != 0 mark set mark ^ 0x4000 drop", "accept")
    marked, plain = look(tcp("10.0.0.1", "10.0.0.2", mark=0x4001)), look(PACKET)
    assert table.chains["c"].run(marked) == "DROP" and marked.mark == 1
    assert table.chains["c"].run(plain) == "ACCEPT" and plain.mark == 0


def test_nftables_finds_what_a_service_has_led_back_to_its_sender():
    key = "type ipv4_addr . ipv4_addr . inet_proto . inet_service"
    member = "elements = { 10.244.0.2 . 10.244.0.2 . tcp . 80 }"
    table = in_chain(
        "ct status dnat ip saddr . ip daddr . meta l4proto . th dport @hairpins drop",
        sets=f"\tset hairpins {{\n\t\t{key}\n\t\t{member}\n\t}}\n",
    )
    for destination, by_service, expected in (
        ("10.244.0.2", True, "DROP"),
        ("10.244.0.2", False, None),
        ("10.244.0.3", True, None),
    ):
        seen = look(tcp("10.244.0.2", destination))
        seen.connection.dnat = by_service
        assert table.chains["c"].run(seen) == expected


def run(base, seed: int, now: float):
    seen = look(PACKET, seed, now)
    base.chain.run(seen)
    return seen.dnat


def test_nftables_says_what_it_does_not_know():
    with pytest.raises(CourseError, match="nft does not know"):
        NFTables().load("table ip x {\n\tchain c {\n\t\tip ecn 3 accept\n\t}\n}")
