"""Pods counted by node: how many of a group each node has, and who holds which terms.

The plugins that look at other Pods ask the same few questions for Pod after Pod. Each question
is counted out once, and then kept true by adding and subtracting.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

import msgspec
import numpy as np

from course_lib.objects.selectors import IN
from course_lib.scheduler.pod_info import NO_TERMS, Group, NamespaceLabels, PodInfo, Term
from course_lib.scheduler.types import Amounts

Label = tuple[str, str]  # key and value
AskingT = TypeVar("AskingT", bound=Hashable)
MOST_QUESTIONS = 256  # kept; beyond that the oldest is dropped

# The parts of a Pod's terms that also concern other Pods (`requiredAntiAffinity` and so on).
ROLES = ("required", "required_anti", "preferred", "preferred_anti")


class Question(msgspec.Struct, frozen=True):
    """Which Pods are counted: members of all `groups`; if `living`, those not being deleted."""

    groups: tuple[Group, ...]
    living: bool = False

    def means(self, pod: PodInfo, labels: NamespaceLabels) -> bool:
        """Whether Pods with these labels are asked for."""
        return all(group.has(pod, labels) for group in self.groups)


class Kin:
    """Pods of one namespace with the same labels: a question that means one of them means all.

    `pod` is one of them; the counts are by row.
    """

    def __init__(self, pod: PodInfo) -> None:
        self.pod = pod
        self.here: dict[int, int] = {}
        self.leaving: dict[int, int] = {}  # those of them that are being deleted
        self.asked: dict[Question, Amounts] = {}  # the questions that mean them


class ByLabel(Generic[AskingT]):
    """What asks for Pods, with its counts, found by one label that it asks for."""

    def __init__(self) -> None:
        self._asking: dict[Label | None, dict[AskingT, Amounts]] = {}

    def add(self, asking: AskingT, groups: Iterable[Group], counts: Amounts) -> Label | None:
        """Keep it under the label that the fewest ask for; under None if it asks for none.

        `asking` is a question or a term, `groups` are those that a Pod must be a member of, and
        `counts` what is kept with it. Returns the label.
        """
        labels = [
            (requirement.key, requirement.values[0])
            for group in groups
            for requirement in group.selector.requirements
            if requirement.operator == IN and len(requirement.values) == 1
        ]
        label = min(labels, key=lambda label: len(self._asking.get(label, ())), default=None)
        self._asking.setdefault(label, {})[asking] = counts
        return label

    def remove(self, asking: AskingT, label: Label | None) -> None:
        """Forget what was kept under a label."""
        del self._asking[label][asking]

    def may_mean(self, pod: PodInfo) -> Iterator[tuple[AskingT, Amounts]]:
        """All that may ask for a Pod, with the counts; the others do not."""
        for label in (None, *pod.labels.items()):
            yield from self._asking.get(label, {}).items()


class Census:
    """The counts of one snapshot of the cluster; arrays have one place for each node."""

    def __init__(self, size: int, labels: NamespaceLabels) -> None:
        self.size, self.labels = size, labels
        self._kin: dict[Hashable, Kin] = {}
        self._kin_by_label: dict[Label, dict[Hashable, Kin]] = {}
        self._counts: dict[Question, tuple[Amounts, Label | None]] = {}
        self._questions = ByLabel[Question]()
        self._held: dict[str, dict[Term, Amounts]] = {role: {} for role in ROLES}
        self._terms = {role: ByLabel[Term]() for role in ROLES}

    def count(self, question: Question) -> Amounts:
        """How many Pods each node has that the question asks for."""
        if question not in self._counts:
            if len(self._counts) >= MOST_QUESTIONS:
                self._forget(next(iter(self._counts)))
            counts = np.zeros(self.size)
            label = self._questions.add(question, question.groups, counts)
            self._counts[question] = counts, label
            for kin in self._meant(question, label):
                kin.asked[question] = counts
                for row, number in kin.here.items():
                    counts[row] += number
                for row, number in kin.leaving.items() if question.living else ():
                    counts[row] -= number
        return self._counts[question][0]

    def _forget(self, question: Question) -> None:
        _, label = self._counts.pop(question)
        self._questions.remove(question, label)
        for kin in self._meant(question, label):
            kin.asked.pop(question, None)

    def _meant(self, question: Question, label: Label | None) -> Iterator[Kin]:
        """The Pods that a question means; they have the label under which it is kept."""
        among = self._kin if label is None else self._kin_by_label.get(label, {})
        return (kin for kin in among.values() if question.means(kin.pod, self.labels))

    def held_about(self, role: str, pod: PodInfo) -> list[tuple[Term, Amounts]]:
        """The terms of one role that select a Pod, with how many hold each on each node."""
        if not self._held[role]:
            return []
        terms = self._terms[role].may_mean(pod)
        return [(term, counts) for term, counts in terms if term.group.has(pod, self.labels)]

    def add(self, pod: PodInfo, row: int, sign: int) -> None:
        """A Pod comes to a node (+1), or leaves it (-1).

        `pod` counts for the domain of the node in this `row`; `sign` is +1 or -1.
        """
        kin = self._kin.get(pod.kin) or self._meet(pod)
        tally(kin.here, row, sign)
        if leaving := pod.pod.terminating:
            tally(kin.leaving, row, sign)
        for question, counts in kin.asked.items():
            if not (leaving and question.living):
                counts[row] += sign
        if not kin.here:
            self._part(pod)
        for role, term in _terms(pod):
            holders = self._held[role]
            if term not in holders:
                holders[term] = np.zeros(self.size)
                self._terms[role].add(term, (term.group,), holders[term])
            holders[term][row] += sign

    def _meet(self, pod: PodInfo) -> Kin:
        """The first Pod of its kin has come."""
        kin = self._kin[pod.kin] = Kin(pod)
        for label in pod.labels.items():
            self._kin_by_label.setdefault(label, {})[pod.kin] = kin
        for question, counts in self._questions.may_mean(pod):
            if question.means(pod, self.labels):
                kin.asked[question] = counts
        return kin

    def _part(self, pod: PodInfo) -> None:
        """The last Pod of its kin has gone."""
        del self._kin[pod.kin]
        for label in pod.labels.items():
            del self._kin_by_label[label][pod.kin]
            if not self._kin_by_label[label]:
                del self._kin_by_label[label]

    def add_many(self, pod: PodInfo, counts: Amounts) -> None:
        """So many Pods like this one come to each node; they hold no terms."""
        kin = self._kin.get(pod.kin) or self._meet(pod)
        for row in np.flatnonzero(counts).tolist():
            tally(kin.here, row, int(counts[row]))
        for known in kin.asked.values():
            known += counts


def tally(numbers: dict[int, int], what: int, more: int) -> None:
    """Add `more` to one of the `numbers`, that of `what`; those that are 0 are not kept."""
    number = numbers.get(what, 0) + more
    if number:
        numbers[what] = number
    else:
        del numbers[what]


def _terms(pod: PodInfo) -> Iterator[tuple[str, Term]]:
    if pod.terms is not NO_TERMS:
        for role in ROLES:
            for term in getattr(pod.terms, role):
                yield role, term
