"""Pods counted by node: how many of a group each node has, and who holds which terms.

The plugins that look at other Pods ask the same few questions for Pod after Pod. Each question
is counted out once, and then kept true by adding and subtracting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec
import numpy as np

from course_lib.scheduler.pod_info import Group, NamespaceLabels, PodInfo, Term
from course_lib.scheduler.types import Amounts

MOST_QUESTIONS = 256  # kept; beyond that the oldest is dropped

# The parts of a Pod's terms that also concern other Pods (`requiredAntiAffinity` and so on).
ROLES = ("required", "required_anti", "preferred", "preferred_anti")


class Question(msgspec.Struct, frozen=True):
    """Which Pods are counted: members of all `groups`; if `living`, those not being deleted."""

    groups: tuple[Group, ...]
    living: bool = False

    def has(self, pod: PodInfo, labels: NamespaceLabels) -> bool:
        """Whether a Pod is one of them."""
        return self.means(pod, labels) and self.counts(pod)

    def means(self, pod: PodInfo, labels: NamespaceLabels) -> bool:
        """Whether Pods of this shape are asked for."""
        return all(group.has(pod, labels) for group in self.groups)

    def counts(self, pod: PodInfo) -> bool:
        """Whether this one counts now."""
        return not (self.living and pod.pod.terminating)


class Census:
    """The counts of one snapshot of the cluster; arrays have one place for each node."""

    def __init__(self, size: int, labels: NamespaceLabels) -> None:
        self.size, self.labels = size, labels
        self._counts: dict[Question, Amounts] = {}
        self._held: dict[str, dict[Term, Amounts]] = {role: {} for role in ROLES}

    def count(self, question: Question, pods: Iterable[tuple[int, PodInfo]]) -> Amounts:
        """How many Pods each node has that the question asks for; `pods` come with their rows."""
        if question not in self._counts:
            if len(self._counts) >= MOST_QUESTIONS:
                del self._counts[next(iter(self._counts))]
            counts = self._counts[question] = np.zeros(self.size)
            alike: dict[bytes, bool] = {}  # Pods of one shape are asked once
            for row, pod in pods:
                if pod.shape not in alike:
                    alike[pod.shape] = question.means(pod, self.labels)
                if alike[pod.shape] and question.counts(pod):
                    counts[row] += 1
        return self._counts[question]

    def held(self, role: str) -> Mapping[Term, Amounts]:
        """The terms of one role that Pods hold, with how many hold it on each node."""
        return self._held[role]

    def add(self, pod: PodInfo, row: int, sign: int) -> None:
        """A Pod comes to a node (+1), or leaves it (-1).

        `pod` counts for the domain of the node in this `row`; `sign` is +1 or -1.
        """
        for question, counts in self._counts.items():
            if question.has(pod, self.labels):
                counts[row] += sign
        for role, term in _terms(pod):
            holders = self._held[role]
            if term not in holders:
                holders[term] = np.zeros(self.size)
            holders[term][row] += sign

    def add_many(self, pod: PodInfo, counts: Amounts) -> None:
        """So many Pods like this one come to each node; they hold no terms."""
        for question, known in self._counts.items():
            if question.has(pod, self.labels):
                known += counts


def _terms(pod: PodInfo) -> Iterator[tuple[str, Term]]:
    if pod.terms.any():
        for role in ROLES:
            for term in getattr(pod.terms, role):
                yield role, term
