"""All nodes as columns: one NumPy array for each thing that plugins ask of a node.

A plugin answers for every node at once by arithmetic over these columns; the rows are the nodes
in the order in which they joined. Units: CPU in thousandths of a core, everything else whole.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from math import inf
from typing import TypeVar

import numpy as np

from course_lib.objects.kinds.node import Node, Taint
from course_lib.scheduler.census import Census, Question, tally
from course_lib.scheduler.columns import ImageColumns, LabelColumn, Ledger
from course_lib.scheduler.pod_info import PodInfo, Port, Term, units
from course_lib.scheduler.types import Amounts, Bools, Ints

T = TypeVar("T")
L = TypeVar("L", bound="Ledger")
MOST_ANSWERS = 4096  # about the nodes alone that are remembered


class Nodes:
    """The scheduler's snapshot of the cluster: nodes, and the Pods that it counts on each.

    `nodes` are the Node objects, `pods` those that have a node; `namespaces` gives the labels of a
    namespace.
    """

    def __init__(
        self,
        nodes: Sequence[Node] = (),
        pods: Sequence[PodInfo] = (),
        namespaces: dict[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.views = list(nodes)
        self.names = [node.name for node in self.views]
        self.rows = {name: row for row, name in enumerate(self.names)}
        self.pods: list[dict[str, PodInfo]] = [{} for _ in self.views]  # by key
        given = [units(node.status.allocatable or {}) for node in self.views]
        resources = dict.fromkeys(name for row in given for name in row)
        self.allocatable = {
            name: np.array([float(row.get(name, 0)) for row in given]) for name in resources
        }
        self.requested = {name: self.zeros() for name in resources}
        self.nonzero = {"cpu": self.zeros(), "memory": self.zeros()}
        self.pod_count = self.zeros()
        self._priorities: dict[int, int] = {}  # how many Pods have each
        self.host_ports: dict[Port, Amounts] = {}
        self.unschedulable = np.array([n.spec.unschedulable for n in self.views], dtype=bool)
        self.namespaces = {} if namespaces is None else namespaces
        self.census = Census(len(self.views), self.namespaces)
        self._ledgers: dict[str, Ledger] = {}  # what plugins count beyond amounts, by plugin
        self._labels: dict[str, LabelColumn] = {}
        self._taints: tuple[Ints, list[tuple[Taint, ...]]] | None = None
        self._images: ImageColumns | None = None
        self._memo: dict[Hashable, object] = {}
        self.changes = 0  # of nodes and amounts: what was worked out from them is as old as this
        for info in pods:
            self.add(info, info.pod.spec.node_name)

    def __len__(self) -> int:
        return len(self.views)

    def zeros(self) -> Amounts:
        """A column of nothing."""
        return np.zeros(len(self.views))

    def column(self, columns: dict[str, Amounts], resource: str) -> Amounts:
        """A resource's column; zeros for one that no node has."""
        found = columns.get(resource)
        return found if found is not None else self.zeros()

    def capacity(self, resource: str) -> Amounts:
        """How much of a resource each node can give."""
        return self.column(self.allocatable, resource)

    def divisor(self, resource: str) -> Amounts:
        """The same to divide by: endless where there is nothing, so that the share of it is 0."""

        def work_out() -> Amounts:
            capacity = self.capacity(resource)
            return np.where(capacity > 0, capacity, np.inf)

        return self.remember(("divisor", resource), work_out)

    def have(self, resource: str) -> Bools | bool:
        """Which nodes have a resource at all; plain True where all do."""

        def work_out() -> Bools | bool:
            have = self.capacity(resource) > 0
            return True if have.all() else have

        return self.remember(("have", resource), work_out)

    # What the nodes alone decide is worked out once

    def remember(self, question: Hashable, work_out: Callable[[], T]) -> T:
        """An answer that Pods coming and going do not change."""
        if question not in self._memo:
            if len(self._memo) >= MOST_ANSWERS:
                self._memo.clear()  # Pods of ever new shapes have asked: start again
            self._memo[question] = work_out()
        return self._memo[question]  # type: ignore[return-value]

    def label(self, key: str) -> LabelColumn:
        """One label of all nodes."""
        if key not in self._labels:
            self._labels[key] = LabelColumn(node.labels.get(key) for node in self.views)
        return self._labels[key]

    def taints(self) -> tuple[Ints, list[tuple[Taint, ...]]]:
        """The distinct lists of taints, and for each node which of them it has."""
        if self._taints is None:
            distinct: dict[tuple[Taint, ...], int] = {}
            every = [tuple(node.spec.taints or ()) for node in self.views]
            codes = [distinct.setdefault(taints, len(distinct)) for taints in every]
            self._taints = np.array(codes, dtype=np.int64), list(distinct)
        return self._taints

    def image(self, name: str) -> tuple[Bools, int]:
        """Which nodes have an image, and its size in bytes."""
        if self._images is None:
            self._images = ImageColumns(self.views)
        return self._images.find(name)

    def update(self, node: Node) -> None:
        """A node has changed. Its heartbeat changes nothing that plugins look at."""
        row = self.rows[node.name]
        before, self.views[row] = self.views[row], node
        labels, taints = before.labels != node.labels, before.spec.taints != node.spec.taints
        images = before.status.images != node.status.images
        sizes = before.status.allocatable != node.status.allocatable
        if labels:
            self._labels.clear()
        if taints:
            self._taints = None
        if images and self._images is not None:
            self._images.update(row, before, node)
        if sizes:
            self._resize(row, node)
        self.unschedulable[row] = node.spec.unschedulable
        if labels or taints or images or sizes or before.spec != node.spec:
            self._memo.clear()
            self.changes += 1

    def _resize(self, row: int, node: Node) -> None:
        given = units(node.status.allocatable or {})
        for name in given:
            if name not in self.allocatable:
                self.allocatable[name] = self.zeros()
                self.requested.setdefault(name, self.zeros())
        for name, amounts in self.allocatable.items():
            amounts[row] = float(given.get(name, 0))

    # Pods

    def every_pod(self) -> Iterator[tuple[int, PodInfo]]:
        """All Pods, with the rows of their nodes."""
        for row, pods in enumerate(self.pods):
            for info in pods.values():
                yield row, info

    def lowest_priority(self) -> float:
        """The lowest priority of a Pod; infinite if there are no Pods."""
        return min(self._priorities, default=inf)

    def count(self, question: Question) -> Amounts:
        """How many Pods each node has that the question asks for."""
        return self.census.count(question)

    def held_about(self, role: str, info: PodInfo) -> list[tuple[Term, Amounts]]:
        """The terms of one role that select a Pod, with how many hold each on each node."""
        return self.census.held_about(role, info)

    def ledger(self, name: str, make: Callable[[Nodes], L]) -> L:
        """A plugin's ledger; made when it is first asked for, from the Pods that are counted."""
        if name not in self._ledgers:
            made = self._ledgers[name] = make(self)
            for row, info in self.every_pod():
                made.add(info, row)
        return self._ledgers[name]  # type: ignore[return-value]

    def add(self, info: PodInfo, node: str) -> None:
        """Count a Pod on a node."""
        self._count(info, self.rows.get(node), +1)

    def remove(self, info: PodInfo, node: str) -> None:
        """Count it no more."""
        self._count(info, self.rows.get(node), -1)

    def renew(self, info: PodInfo, node: str) -> None:
        """A Pod's status has changed; its demands have not."""
        row = self.rows.get(node)
        before = self.pods[row].get(info.key) if row is not None else None
        if row is None or before is None:
            return
        if before.pod.terminating != info.pod.terminating:
            self.changes += 1
            self.census.add(before, row, -1)
            self.census.add(info, row, +1)
        self.pods[row][info.key] = info

    def _count(self, info: PodInfo, row: int | None, sign: int) -> None:
        if row is None or (info.key in self.pods[row]) == (sign > 0):
            return
        for name, amount in info.requests.items():
            if name not in self.requested:
                self.requested[name] = self.zeros()
            self.requested[name][row] += sign * amount
        for name, amount in info.nonzero.items():
            self.nonzero[name][row] += sign * amount
        self.pod_count[row] += sign
        tally(self._priorities, info.pod.spec.priority, sign)
        self.changes += 1
        for port in info.ports:
            if port not in self.host_ports:
                self.host_ports[port] = self.zeros()
            self.host_ports[port][row] += sign
        self.census.add(info, row, sign)
        if sign > 0:
            self.pods[row][info.key] = info
        else:
            info = self.pods[row].pop(info.key)
        for ledger in self._ledgers.values():
            (ledger.add if sign > 0 else ledger.remove)(info, row)

    # What if

    def one(self, row: int) -> Nodes:
        """A snapshot of one node alone, to try things on."""
        return self._with_rows([row])

    def copy(self) -> Nodes:
        """The same snapshot, to count on without changing this one."""
        return self._with_rows(range(len(self)))

    def _with_rows(self, rows: Iterable[int]) -> Nodes:
        """Some of the nodes, each with the Pods that are counted there (nominated ones too)."""
        kept = list(rows)
        snapshot = Nodes([self.views[row] for row in kept], (), self.namespaces)
        for row in kept:
            for info in self.pods[row].values():
                snapshot.add(info, self.names[row])
        return snapshot

    def frozen(self) -> Nodes:
        """A snapshot that keeps today's amounts, as those of this one change.

        Only the amounts stay, so it serves plugins that look at nothing else.
        """
        still = copy(self)
        still.requested = {name: amounts.copy() for name, amounts in self.requested.items()}
        still.nonzero = {name: amounts.copy() for name, amounts in self.nonzero.items()}
        still.pod_count = self.pod_count.copy()
        return still

    def with_more(self, info: PodInfo, counts: float | Amounts) -> Nodes:
        """A snapshot in which every node has so many more Pods like this one.

        Only the amounts are counted, so it serves plugins that look at nothing else.
        """
        more = copy(self)
        more.requested, more.nonzero = dict(self.requested), dict(self.nonzero)
        for name, amount in info.requests.items():
            more.requested[name] = self.column(self.requested, name) + counts * amount
        for name, amount in info.nonzero.items():
            more.nonzero[name] = self.nonzero[name] + counts * amount
        more.pod_count = self.pod_count + counts
        return more

    def add_many(self, pods: Sequence[tuple[PodInfo, int]]) -> None:
        """Count Pods of one shape, each with its row; the same as adding them one by one."""
        if pods:
            self.changes += 1
            info = pods[0][0]
            counts = np.bincount([row for _, row in pods], minlength=len(self)).astype(float)
            after = self.with_more(info, counts)
            self.requested, self.nonzero = after.requested, after.nonzero
            self.pod_count = after.pod_count
            self.census.add_many(info, counts)
            tally(self._priorities, info.pod.spec.priority, len(pods))
            for pod, row in pods:
                self.pods[row][pod.key] = pod
                for ledger in self._ledgers.values():
                    ledger.add(pod, row)
