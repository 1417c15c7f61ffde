"""NetworkPolicy: who may talk to whom (chapter 09; API reference, `networking.k8s.io/v1`)."""

from __future__ import annotations

import ipaddress
from typing import Any

import msgspec

from course_lib.objects.field_rules import Check, below, cidr, port, port_number, selector
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems
from course_lib.objects.kinds.endpoints import PROTOCOL
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import LabelSelector, Object, Value
from course_lib.objects.names import Problem
from course_lib.objects.rules import label_selector, must_be_one_of


class IPBlock(Value, frozen=True):
    """A range of addresses, with holes."""

    cidr: str
    # `except` is a word of Python's own
    exceptions: list[str] | None = msgspec.field(default=None, name="except")


class NetworkPolicyPeer(Value, frozen=True):
    """Who is meant: Pods, namespaces, or addresses."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IPBlock | None = None


class NetworkPolicyPort(Value, frozen=True):
    """Which ports are meant."""

    port: int | str | None = None
    end_port: int | None = None
    protocol: str = "TCP"


class IngressPolicyRule(Value, frozen=True):
    """Who may come in, on which ports."""

    sources: list[NetworkPolicyPeer] | None = msgspec.field(default=None, name="from")
    ports: list[NetworkPolicyPort] | None = None


class EgressPolicyRule(Value, frozen=True):
    """Where Pods may go, on which ports."""

    to: list[NetworkPolicyPeer] | None = None
    ports: list[NetworkPolicyPort] | None = None


class NetworkPolicySpec(Value, frozen=True):
    """The Pods that are guarded, and what they may do."""

    pod_selector: LabelSelector = LabelSelector()
    policy_types: list[str] | None = None
    ingress: list[IngressPolicyRule] | None = None
    egress: list[EgressPolicyRule] | None = None


class NetworkPolicy(Object, frozen=True, kw_only=True):
    """Who may talk to whom."""

    spec: NetworkPolicySpec = NetworkPolicySpec()


def _peer(peer: Any) -> str:
    """Who is meant by a rule of a NetworkPolicy: Pods and namespaces, or addresses."""
    named = [f for f in ("podSelector", "namespaceSelector", "ipBlock") if f in (peer or ())]
    if not named:
        return "must specify a peer"
    both = len(named) > 1 and "ipBlock" in named
    return "may not specify both ipBlock and another peer" if both else ""


def _port(entry: Any) -> str:
    """The ports of a NetworkPolicy's rule: one, or from one to another."""
    first, last = (entry or {}).get("port"), (entry or {}).get("endPort")
    if last is None:
        return ""
    if first is None:
        return "endPort: may not be specified when `port` is not specified"
    if not isinstance(first, int):
        return "endPort: may not be specified when `port` is non-numeric"
    good = isinstance(last, int) and last >= first
    return "" if good else "endPort: must be greater than or equal to `port`"


def _ip_block(block: Any) -> str:
    """The holes of a block of addresses lie inside it."""
    outer = str(block.get("cidr", "")) if isinstance(block, dict) else ""
    if problem := cidr(outer):
        return f"cidr: {problem}"
    whole_block = ipaddress.ip_network(outer, strict=False)
    for hole in block.get("except") or ():
        if problem := cidr(hole):
            return f"except: {problem}"
        inner = ipaddress.ip_network(hole, strict=False)
        if (
            inner.version != whole_block.version
            or inner.prefixlen <= whole_block.prefixlen
            or not inner.subnet_of(whole_block)  # type: ignore[arg-type]
        ):
            return f"except: {hole} must be a strict subset of `cidr`"
    return ""


_PEER: dict[str, Check] = {
    "": _peer,
    "ipBlock": _ip_block,
    **selector("podSelector"),
    **selector("namespaceSelector"),
}


_POLICY_PORT: dict[str, Check] = {
    "": _port,
    "port": port,
    "endPort": port_number,
    "protocol": PROTOCOL,
}


def _complete(document: Document) -> None:
    """Source: `SetDefaults_NetworkPolicy` in `pkg/apis/networking/v1/defaults.go`."""
    for spec in places(document, "spec", create=False):
        spec.setdefault("podSelector", {})
        if not spec.get("policyTypes"):
            spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _rules(view: NetworkPolicy) -> Problems:
    yield from label_selector(view.spec.pod_selector, "spec.podSelector")
    types = view.spec.policy_types or []
    if len(types) > 2:
        yield Problem("spec.policyTypes", "may not specify more than two policyTypes", types)
    for position, name in enumerate(types):
        yield from must_be_one_of(f"spec.policyTypes[{position}]", name, "Ingress", "Egress")


NETWORK_POLICY = Kind(
    "networking.k8s.io/v1",
    NetworkPolicy,
    ("netpol",),
    removed_versions={"extensions/v1beta1": "1.16"},
    generations=True,
    defaults={
        "spec.ingress[*].ports[*].protocol": "TCP",
        "spec.egress[*].ports[*].protocol": "TCP",
    },
    complete=_complete,
    fields={
        **selector("spec.podSelector"),
        **below("spec.ingress[*].from[*]", _PEER),
        **below("spec.egress[*].to[*]", _PEER),
        **below("spec.ingress[*].ports[*]", _POLICY_PORT),
        **below("spec.egress[*].ports[*]", _POLICY_PORT),
    },
    rules=_rules,
    columns=table_columns("Name  Pod-Selector  Age"),
    row=lambda policy, now: (policy.name, str(policy.spec.pod_selector.selector())),
)
