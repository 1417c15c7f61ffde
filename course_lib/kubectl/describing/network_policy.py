"""A NetworkPolicy: which traffic of which Pods is allowed.

Source: `describeNetworkPolicySpec` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.values import selector_or_none
from course_lib.kubectl.describing.writing import NONE, Lines, field, indented
from course_lib.objects.manifests import Document

ALL_PODS = f"{NONE} (Allowing the specific traffic to all pods in this namespace)"


class Direction(NamedTuple):
    """One direction of traffic: its rules, and how its other end is called."""

    policy_type: str
    peers: str  # the field of a rule
    word: str
    any_peer: str


DIRECTIONS = (
    Direction("Ingress", "from", "From", "From: <any> (traffic not restricted by source)"),
    Direction("Egress", "to", "To", "To: <any> (traffic not restricted by destination)"),
)


def lines(policy: DescribedObject) -> Lines:
    """The whole policy; it has no events."""
    created = datetime.fromisoformat(policy.metadata["creationTimestamp"])
    yield field("Name", policy.name)
    yield field("Namespace", policy.namespace)
    yield field("Created on", f"{created:%Y-%m-%d %H:%M:%S} +0000 UTC")
    yield from policy.marks()
    yield "Spec:"
    yield from indented(_spec(policy.spec))


def _spec(spec: Document) -> Lines:
    chosen = spec.get("podSelector") or {}
    empty = not chosen.get("matchLabels") and not chosen.get("matchExpressions")
    yield f"PodSelector:     {ALL_PODS if empty else selector_or_none(chosen)}"
    types = spec.get("policyTypes") or ()
    for direction in DIRECTIONS:
        word = direction.policy_type.lower()
        if direction.policy_type not in types:
            yield f"Not affecting {word} traffic"
            continue
        yield f"Allowing {word} traffic:"
        yield from indented(_rules(spec.get(word) or (), direction))
    yield f"Policy Types: {', '.join(types) or NONE}"


def _rules(rules: Sequence[Document], direction: Direction) -> Lines:
    if not rules:
        word = direction.policy_type.lower()
        yield f"{NONE} (Selected pods are isolated for {word} connectivity)"
    for n, rule in enumerate(rules):
        if n > 0:
            yield "----------"
        yield from _rule(rule, direction)


def _rule(rule: Document, direction: Direction) -> Lines:
    ports, peers = rule.get("ports") or (), rule.get(direction.peers) or ()
    if not ports:
        yield "To Port: <any> (traffic allowed to all ports)"
    yield from map(_port, ports)
    if not peers:
        yield direction.any_peer
    for peer in peers:
        yield f"{direction.word}:"
        yield from indented(_peer(peer))


def _port(port: Document) -> str:
    number, protocol = port.get("port", "<nil>"), port.get("protocol", "TCP")
    if port.get("endPort") is None:
        return f"To Port: {number}/{protocol}"
    return f"To Port Range: {number}-{port['endPort']}/{protocol}"


def _peer(peer: Document) -> Lines:
    """Pods and namespaces by their labels, or a block of addresses."""
    selectors = {"NamespaceSelector": "namespaceSelector", "PodSelector": "podSelector"}
    shown = [(title, peer[name]) for title, name in selectors.items() if peer.get(name) is not None]
    yield from (f"{title}: {selector_or_none(chosen)}" for title, chosen in shown)
    if not shown and peer.get("ipBlock"):
        yield "IPBlock:"
        yield f"  CIDR: {peer['ipBlock'].get('cidr', '')}"
        yield f"  Except: {', '.join(peer['ipBlock'].get('except') or ())}"
