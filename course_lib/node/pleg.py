"""The pod lifecycle event generator: how the kubelet learns what its containers do.

Once a second it lists sandboxes and containers, and compares with what it found before ("relist").
A runtime that tells of changes by itself (the CRI's container events) spares the looks in which
nothing would be found: then a look comes at the next full second after a change, and only at the
Pods in which something has changed.
Source: `pkg/kubelet/pleg/generic.go`, `evented.go`; kubernetes.io "Switching from Polling to CRI
Event-based Updates to Container Status".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from sys import intern

import msgspec

from course_lib.cri import CRIClient
from course_lib.cri import messages as v1
from course_lib.engine import Simulation
from course_lib.node.cri_config import POD_UID
from course_lib.runtimes import RuntimeFault

PERIOD = 1.0  # s between two looks


class PodStates(msgspec.Struct, frozen=True, gc=False):
    """What was found of one Pod: the states of its sandbox and its containers."""

    uid: str
    sandbox: int
    containers: tuple[str | int, ...]  # ID and state of each


NOTHING = PodStates("", 0, ())


class PLEG:
    """Looks at the runtime, and tells of each Pod in which something changed.

    `sim` has the time, `client` reaches the runtime, `phase` is when in a second it looks,
    `changed` is called with the Pod's UID.
    """

    def __init__(
        self, sim: Simulation, client: CRIClient, phase: float, changed: Callable[[str], None]
    ) -> None:
        self.sim, self.client, self._changed = sim, client, changed
        self._phase = phase  # this kubelet's seconds do not begin with its neighbour's
        self._known: dict[str, PodStates] = {}  # by the ID of the sandbox
        self._news: dict[str, None] = {}  # sandboxes in which something happened; "": anywhere
        self._due = False
        self._ended = False
        self._told = client.transport.watch(self.hear)
        if not self._told:
            self.hear()

    def stop(self) -> None:
        """Look no more."""
        self._ended = True

    def hear(self, sandbox: str = "") -> None:
        """Something has happened in a sandbox, or anywhere: look with the next full second."""
        self._news[sandbox] = None
        if not self._due and not self._ended:
            self._due = True
            # A hair is added, or a look that comes a rounding error early is due again at once.
            ticks = math.floor((self.sim.now - self._phase) / PERIOD + 1e-6) + 1
            self.sim.at(self._phase + ticks * PERIOD, self._look)

    def _look(self) -> None:
        self._due = False
        if self._ended:
            return
        if not self._told:
            self.hear()
        news, self._news = self._news, {}
        if not news:
            return  # all was seen at once
        try:
            if "" in news:
                found = self._list()
                news = dict.fromkeys([*found, *self._known])
            else:
                found = {}
                for sandbox in news:
                    found |= self._list(sandbox)
        except RuntimeFault:  # one that does not answer is asked again at the next change
            self._news = news | self._news
            return
        self._compare(news, found)

    def look_now(self, sandbox: str) -> None:
        """Look at one sandbox at once, not with the next full second (`RequestPodRelist`)."""
        if self._ended:
            return
        self._news.pop(sandbox, None)
        try:
            found = self._list(sandbox)
        except RuntimeFault:
            self.hear(sandbox)
            return
        self._compare([sandbox], found)

    def _compare(self, sandboxes: Iterable[str], found: dict[str, PodStates]) -> None:
        """Tell of each Pod whose sandbox is not as it was."""
        changed: dict[str, None] = {}
        for sandbox in sandboxes:
            before, after = self._known.pop(sandbox, None), found.get(sandbox)
            if after is not None:
                self._known[sandbox] = after
            if not _only_removed(before, after):
                changed[(after or before or NOTHING).uid] = None
        for uid in changed:
            self._changed(uid)

    def _list(self, sandbox: str = "") -> dict[str, PodStates]:
        """The states of a sandbox and its containers; of all, where none is named."""
        only = {"filter": {"id": sandbox}} if sandbox else {}
        states = {
            intern(each.id): [intern(each.labels.get(POD_UID, "")), each.state]
            for each in self.client.call("ListPodSandbox", **only).items
        }
        only = {"filter": {"pod_sandbox_id": sandbox}} if sandbox else {}
        for each in self.client.call("ListContainers", **only).containers:
            pod = states.setdefault(intern(each.pod_sandbox_id), [each.labels.get(POD_UID, ""), -1])
            pod += [intern(each.id), each.state]
        return {
            id: PodStates(uid, state, tuple(rest)) for id, (uid, state, *rest) in states.items()
        }

    def lost(self, id: str) -> bool:
        """Whether a sandbox was last seen stopped."""
        return id in self._known and self._known[id].sandbox == v1.SANDBOX_NOTREADY


def _only_removed(before: PodStates | None, after: PodStates | None) -> bool:
    """Whether nothing is new: what has ended may have been removed (`isSyncPodWorthy`)."""
    if before is None or before == after:
        return before == after
    known = set(zip(before.containers[::2], before.containers[1::2], strict=True))
    if after is None:
        found, sandbox = set[tuple[str | int, str | int]](), v1.SANDBOX_NOTREADY
    else:
        found = set(zip(after.containers[::2], after.containers[1::2], strict=True))
        sandbox = after.sandbox
    removed = known - found
    ended = all(state == v1.CONTAINER_EXITED for _, state in removed)
    return found <= known and before.sandbox == sandbox and ended
