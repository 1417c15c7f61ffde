"""The pod lifecycle event generator: how the kubelet learns what its containers do.

Once a second it lists sandboxes and containers, and compares with what it found before ("relist").
A runtime that tells of changes by itself (the CRI's container events) spares the looks in which
nothing would be found: then a look comes at the next full second after a change.
Source: `pkg/kubelet/pleg/generic.go`; kubernetes.io "Switching from Polling to CRI Event-based
Updates to Container Status".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from sys import intern

from course_lib.cri import CRIClient
from course_lib.cri import messages as v1
from course_lib.engine import Simulation
from course_lib.node.cri_config import POD_UID
from course_lib.runtimes import RuntimeFault

PERIOD = 1.0  # s between two looks


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
        self._known: dict[str, tuple[str, int]] = {}  # by sandbox or container: Pod's uid, state
        self._due = False
        self._ended = False
        self._told = client.transport.watch(self._hear)
        if not self._told:
            self._hear()

    def stop(self) -> None:
        """Look no more."""
        self._ended = True

    def _hear(self) -> None:
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
            self._hear()
        self.relist()

    def relist(self) -> None:
        """Look now; a runtime that does not answer is asked again at the next change."""
        try:
            found = self._list()
        except RuntimeFault:
            return
        before, self._known = self._known, found
        changed = {found[id][0]: None for id in found if before.get(id) != found[id]}
        changed |= {before[id][0]: None for id in before if id not in found}
        for uid in changed:
            self._changed(uid)

    def _list(self) -> dict[str, tuple[str, int]]:
        found: dict[str, tuple[str, int]] = {}
        for sandbox in self.client.call("ListPodSandbox").items:
            uid = intern(sandbox.labels.get(POD_UID, ""))
            found[intern(sandbox.id)] = uid, sandbox.state
        for container in self.client.call("ListContainers").containers:
            uid = intern(container.labels.get(POD_UID, ""))
            found[intern(container.id)] = uid, container.state
        return found

    def lost(self, id: str) -> bool:
        """Whether a sandbox was last seen stopped."""
        return self._known.get(id, ("", 0))[1] == v1.SANDBOX_NOTREADY
