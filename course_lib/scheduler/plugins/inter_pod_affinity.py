"""InterPodAffinity: near some Pods, away from others, within the domains of a label.

Required terms filter: the Pod's own, and the anti-affinity of Pods that are there already.
Preferred terms, of both sides, score.
Source: `pkg/scheduler/framework/plugins/interpodaffinity` (`filtering.go`, `scoring.go`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.scheduler.census import ROLES, Question
from course_lib.scheduler.framework import MAX_SCORE, NODE_OR_POD, Plugin
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import NO_TERMS, PodInfo, Term
from course_lib.scheduler.status import UNRESOLVABLE, UNSCHEDULABLE, NodeToStatus, Refusal
from course_lib.scheduler.types import Amounts, Bools

NOT_NEAR = "node(s) didn't match pod affinity rules"
NOT_AWAY = "node(s) didn't match pod anti-affinity rules"
EXISTING_NOT_AWAY = "node(s) didn't satisfy existing pods anti-affinity rules"


class InterPodAffinity(Plugin):
    """Filter by required terms, score by preferred ones.

    `hard_weight` is what another Pod's required affinity for this one counts as a preference;
    `ignore_others` leaves the preferences of Pods that are there already out of account, when
    this one has none.
    """

    name = "InterPodAffinity"
    events = NODE_OR_POD

    def __init__(self, hard_weight: int = 1, ignore_others: bool = False) -> None:
        self.hard_weight, self.ignore_others = hard_weight, ignore_others

    def filter(self, pod: PodInfo, nodes: Nodes) -> NodeToStatus | None:
        """Every node in whose domains the right Pods are, and the wrong ones are not."""
        answers = [
            (UNRESOLVABLE, NOT_NEAR, near(pod, nodes)),
            (UNSCHEDULABLE, NOT_AWAY, away(pod, nodes)),
            (UNSCHEDULABLE, EXISTING_NOT_AWAY, refused_by_existing(pod, nodes)),
        ]
        given = [(code, reason, fits) for code, reason, fits in answers if fits is not None]
        if not given:
            return None

        def why(row: int) -> Refusal:
            return next((code, (reason,)) for code, reason, fits in given if not fits[row])

        return NodeToStatus(np.logical_and.reduce([fits for _, _, fits in given]), why)

    def pre_score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> bool:
        """Whether any term, of either side, is satisfied anywhere."""
        return any(True for _ in self._met(pod, nodes))

    def score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> Amounts:
        """The weights of all terms, of either side, that a node's domains satisfy."""
        sums = nodes.zeros()
        for key, weight, counts in self._met(pod, nodes):
            sums += nodes.label(key).shared(weight * counts)
        return sums

    def _met(self, pod: PodInfo, nodes: Nodes) -> Iterator[tuple[str, int, Amounts]]:
        """Topology key, weight, and the Pods on each node that the weight is due to, of the terms
        that are satisfied on some node.
        """
        for key, weight, counts in self._wishes(pod, nodes):
            if (counts * nodes.label(key).present).any():
                yield key, weight, counts

    def _wishes(self, pod: PodInfo, nodes: Nodes) -> Iterator[tuple[str, int, Amounts]]:
        """The same of all terms."""
        own = pod.terms.preferred or pod.terms.preferred_anti
        for sign, terms in ((1, pod.terms.preferred), (-1, pod.terms.preferred_anti)):
            for term in terms:
                yield term.topology_key, sign * term.weight, nodes.count(Question((term.group,)))
        if self.ignore_others and not own:
            return
        for role, sign in (("required", 1), ("preferred", 1), ("preferred_anti", -1)):
            for term, counts in nodes.held_about(role, pod):
                weight = self.hard_weight if role == "required" else term.weight
                if weight:
                    yield term.topology_key, sign * weight, counts

    def normalize_score(self, scores: Amounts, fits: Bools) -> Amounts:
        """From the lowest, 0, to the highest, 100."""
        low = float(scores.min(where=fits, initial=np.inf))
        high = float(scores.max(where=fits, initial=-np.inf))
        if high <= low:
            return np.zeros_like(scores)
        return np.trunc(MAX_SCORE * ((scores - low) / (high - low)))

    def couples(self, pod: PodInfo, nodes: Nodes) -> bool:
        """Whether a term, of this Pod or about it, reaches over nodes."""
        return pod.terms is not NO_TERMS or any(nodes.held_about(role, pod) for role in ROLES)


def near(pod: PodInfo, nodes: Nodes) -> Bools | None:
    """The nodes with a Pod that meets all required affinity terms in each term's domain.

    The first Pod of a group with affinity to itself may go anywhere: no Pod meets its terms yet,
    and it does so itself.
    """
    terms = pod.terms.required
    if not terms:
        return None
    labelled: Bools = np.logical_and.reduce(
        [nodes.label(term.topology_key).present for term in terms]
    )
    groups = tuple(term.group for term in terms)
    counts = nodes.count(Question(groups))
    found = [nodes.label(term.topology_key).shared(counts) for term in terms]
    if not any(sums.any() for sums in found) and all(
        group.has(pod, nodes.namespaces) for group in groups
    ):
        return labelled
    near_all: Bools = labelled & np.logical_and.reduce([sums > 0 for sums in found])
    return near_all


def away(pod: PodInfo, nodes: Nodes) -> Bools | None:
    """The nodes in whose domains no Pod is that the Pod's anti-affinity means."""
    terms = [(term, nodes.count(Question((term.group,)))) for term in pod.terms.required_anti]
    return _none_of(terms, nodes)


def refused_by_existing(pod: PodInfo, nodes: Nodes) -> Bools | None:
    """The nodes in whose domains no existing Pod has anti-affinity to this one."""
    return _none_of(nodes.held_about("required_anti", pod), nodes)


def _none_of(terms: list[tuple[Term, Amounts]], nodes: Nodes) -> Bools | None:
    if not terms:
        return None
    none: Bools = np.logical_and.reduce(
        [nodes.label(term.topology_key).shared(counts) == 0 for term, counts in terms]
    )
    return none
