"""NetworkPolicy: who may talk to whom (chapter 09; API reference, `networking.k8s.io/v1`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from course_lib.objects.field_errors import Errors, forbidden, invalid, not_supported, required
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import LabelSelector, Object, Value
from course_lib.objects.validation import addresses, formats
from course_lib.objects.validation.meta import all_invalid, label_selector, object_meta


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


PROTOCOLS = ("TCP", "UDP", "SCTP")
POLICY_TYPES = ("Ingress", "Egress")
_DIRECTIONS = (("ingress", "from"), ("egress", "to"))


def _complete(document: Document) -> None:
    """Source: `pkg/apis/networking/v1/defaults.go`."""
    for spec in places(document, "spec"):
        spec.setdefault("podSelector", {})
        if not spec.get("policyTypes"):
            spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
        for direction, _ in _DIRECTIONS:
            for port in places(spec, f"{direction}[*].ports[*]"):
                if port.get("protocol") is None:
                    port["protocol"] = "TCP"


def _validate(document: Document) -> Errors:
    """Source: `ValidateNetworkPolicy` in `pkg/apis/networking/validation`."""
    yield from object_meta(document)
    yield from _spec(document["spec"], ())


def _validate_update(new: Document, old: Document) -> Errors:
    """The same; blocks of addresses that were there before stay."""
    if new["spec"] is not old["spec"]:
        known = [text for _, block in _blocks(old) for _, text in _texts("", block)]
        yield from _spec(new["spec"], known)


def _blocks(document: Document) -> Iterator[tuple[str, Document]]:
    """The blocks of addresses, each with its path."""
    for direction, peers in _DIRECTIONS:
        for r, rule in enumerate(document["spec"].get(direction) or ()):
            for p, peer in enumerate(rule.get(peers) or ()):
                if block := peer.get("ipBlock"):
                    yield f"spec.{direction}[{r}].{peers}[{p}].ipBlock", block


def _texts(path: str, block: Document) -> Iterator[tuple[str, str]]:
    """What a block consists of: its addresses, and those that it leaves out."""
    yield f"{path}.cidr", block.get("cidr", "")
    for position, text in enumerate(block.get("except") or ()):
        yield f"{path}.except[{position}]", text


def _spec(spec: Document, known: Collection[str]) -> Errors:
    yield from label_selector(spec.get("podSelector"), "spec.podSelector")
    for direction, peers in _DIRECTIONS:
        for number, rule in enumerate(spec.get(direction) or ()):
            here = f"spec.{direction}[{number}]"
            for position, port in enumerate(rule.get("ports") or ()):
                yield from _port(port, f"{here}.ports[{position}]")
            for position, peer in enumerate(rule.get(peers) or ()):
                yield from _peer(peer, f"{here}.{peers}[{position}]", known)
    types = spec.get("policyTypes") or []
    if len(types) > len(POLICY_TYPES):
        yield invalid("spec.policyTypes", types, "may not specify more than two policyTypes")
        return
    for position, name in enumerate(types):
        if name not in POLICY_TYPES:
            yield not_supported(f"spec.policyTypes[{position}]", name, POLICY_TYPES)


def _port(entry: Document, path: str) -> Errors:
    """One port, or those from one to another (`ValidateNetworkPolicyPort`)."""
    protocol, first, last = entry.get("protocol"), entry.get("port"), entry.get("endPort")
    if protocol is not None and protocol not in PROTOCOLS:
        yield not_supported(f"{path}.protocol", protocol, PROTOCOLS)
    if isinstance(first, int):
        yield from all_invalid(f"{path}.port", first, formats.port_number(first))
        if last is not None and last < first:
            yield invalid(f"{path}.endPort", last, "must be greater than or equal to `port`")
        if last is not None:
            yield from all_invalid(f"{path}.endPort", last, formats.port_number(last))
        return
    if last is not None:
        why = "specified" if first is None else "numeric"
        said = f"may not be specified when `port` is {'not ' if first is None else 'non-'}{why}"
        yield invalid(f"{path}.endPort", last, said)
    if first is not None:
        yield from all_invalid(f"{path}.port", first, formats.port_name(first))


def _peer(peer: Document, path: str, known: Collection[str]) -> Errors:
    """Who is meant: Pods and namespaces, or addresses (`ValidateNetworkPolicyPeer`)."""
    named = [field for field in _PEERS if peer.get(field) is not None]
    for field in named:
        if field == "ipBlock":
            yield from _block(peer[field], f"{path}.{field}", known)
        else:
            yield from label_selector(peer[field], f"{path}.{field}")
    if not named:
        yield required(path, "must specify a peer")
    elif len(named) > 1 and "ipBlock" in named:
        yield forbidden(path, "may not specify both ipBlock and another peer")


_PEERS = ("podSelector", "namespaceSelector", "ipBlock")


def _block(block: Document, path: str, known: Collection[str]) -> Errors:
    """Addresses, and those that they leave out (`ValidateIPBlock`)."""
    if not block.get("cidr"):
        yield required(f"{path}.cidr")
        return
    yield from addresses.block(f"{path}.cidr", block["cidr"], known)
    outer = addresses.network(block["cidr"])
    if outer is None:
        return
    for position, text in enumerate(block.get("except") or ()):
        here = f"{path}.except[{position}]"
        yield from addresses.block(here, text, known)
        inner = addresses.network(text)
        if inner is not None and not addresses.lies_inside(inner, outer):
            yield invalid(here, text, "must be a strict subset of `cidr`")


def _warnings(new: Document, old: Document | None) -> Iterator[str]:
    """Source: `pkg/registry/networking/networkpolicy/strategy.go`."""
    for path, block in _blocks(new):
        for here, text in _texts(path, block):
            yield from addresses.block_warnings(here, text)


NETWORK_POLICY = Kind(
    "networking.k8s.io/v1",
    NetworkPolicy,
    ("netpol",),
    removed_versions={"extensions/v1beta1": "1.16"},
    generations=True,
    complete=_complete,
    validate=_validate,
    validate_update=_validate_update,
    warnings=_warnings,
    columns=table_columns("Name  Pod-Selector  Age"),
    row=lambda policy, now: (policy.name, str(policy.spec.pod_selector.selector())),
)
