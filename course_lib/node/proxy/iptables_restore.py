"""kube-proxy's iptables mode: the text for `iptables-restore`, with the chains of all Services.

Source: `pkg/proxy/iptables/proxier.go` of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from course_lib.node.proxy.iptables_rules import MARK, PortRules, Settings

FILTER_CHAINS = (
    "KUBE-EXTERNAL-SERVICES", "KUBE-FIREWALL", "KUBE-FORWARD", "KUBE-NODEPORTS",
    "KUBE-PROXY-FIREWALL", "KUBE-SERVICES",
)  # fmt: skip
NAT_CHAINS = ("KUBE-MARK-MASQ", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-SERVICES")

_NEW = "-m conntrack --ctstate NEW"
JUMPS = f"""*filter
-I INPUT {_NEW} -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-I INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
-I INPUT {_NEW} -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-I INPUT -j KUBE-FIREWALL
-I FORWARD {_NEW} -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
-I FORWARD {_NEW} -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-I FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-I FORWARD {_NEW} -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-I OUTPUT {_NEW} -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-I OUTPUT {_NEW} -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-I OUTPUT -j KUBE-FIREWALL
COMMIT
*nat
-I OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-I PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-I POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
COMMIT"""  # noqa: E501


def restore_text(
    rules: Iterable[PortRules],
    settings: Settings,
    stale: Iterable[str] = (),
    written: Iterable[PortRules] | None = None,
) -> str:
    """The text that `iptables-restore --noflush` gets: all common chains, and those of the ports.

    `stale` are chains that nothing leads to any more. `rules` are those of the ports, `settings`
    the node's; `written` are those of which the chains are written, all unless given.
    """
    rules, stale = list(rules), list(stale)
    nat = _nat_lines(rules, rules if written is None else list(written), stale)
    lines = [*_filter_lines(rules, settings), *nat, *_common_nat(settings)]
    return "\n".join([*lines, *(f"-X {chain}" for chain in stale), "COMMIT"])


def chains_text(written: Iterable[PortRules], stale: Iterable[str]) -> str:
    """The text where the common chains stay: the chains of some ports, and those that go.

    `written` are the ports' rules, `stale` chains that nothing leads to any more.
    """
    written, stale = list(written), list(stale)
    lines = ["*nat", *_declared(written, stale), *_chain_lines(written)]
    return "\n".join([*lines, *(f"-X {chain}" for chain in stale), "COMMIT"])


def _filter_lines(rules: list[PortRules], settings: Settings) -> Iterator[str]:
    yield "*filter"
    yield from (f":{chain} - [0:0]" for chain in FILTER_CHAINS)
    for each in rules:
        yield from each.filter_services
        yield from each.filter_external
        yield from each.filter_firewall
        yield from each.filter_node_ports
    if not settings.six:
        yield (
            "-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "
            '"block incoming localnet connections" '
            "-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"
        )
    yield "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP"
    yield (
        '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" '
        f"-m mark --mark {MARK} -j ACCEPT"
    )
    yield (
        '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" '
        "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    )
    yield "COMMIT"


def _nat_lines(rules: list[PortRules], written: list[PortRules], stale: list[str]) -> Iterator[str]:
    """The common chains, and those of the ports; those that are stale are emptied."""
    yield "*nat"
    yield from (f":{chain} - [0:0]" for chain in NAT_CHAINS)
    yield from _declared(written, stale)
    for each in rules:
        yield from each.nat_services
        yield from each.nat_node_ports
    yield from _chain_lines(written)


def _declared(written: list[PortRules], stale: list[str]) -> Iterator[str]:
    for each in written:
        yield from (f":{chain} - [0:0]" for chain in each.chains)
    yield from (f":{chain} - [0:0]" for chain in stale)


def _chain_lines(written: list[PortRules]) -> Iterator[str]:
    for each in written:
        for lines in each.chains.values():
            yield from lines


def _common_nat(settings: Settings) -> Iterator[str]:
    """The rules that do not depend on the Services."""
    yield f"-A KUBE-MARK-MASQ -j MARK --set-xmark {MARK}"
    yield f"-A KUBE-POSTROUTING -m mark ! --mark {MARK} -j RETURN"
    yield "-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0"
    yield (
        '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" '
        "-j MASQUERADE --random-fully"
    )
    dismissed = "! -d ::1/128 " if settings.six else ""
    yield (
        f'-A KUBE-SERVICES {dismissed}-m comment --comment "kubernetes service nodeports; NOTE: '
        'this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS'
    )
