"""Leader election: of several equal processes one works, and holds a Lease to show it.

Clocks are not compared: a candidate counts from when it saw the Lease change itself. A leader
that cannot renew stops working before others may take the Lease.
Source: client-go `tools/leaderelection/leaderelection.go`; the times are the defaults of
kube-scheduler and kube-controller-manager.
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.client.interface import Client
from course_lib.engine.simulation import Process
from course_lib.engine.timestamps import micro_timestamp
from course_lib.errors import CourseError
from course_lib.objects.kinds.lease import Lease

LEASE_DURATION = 15.0  # s, after which others may take it
RENEW_DEADLINE = 10.0  # s without renewal, after which the leader gives up
RETRY_PERIOD = 2.0  # s between two tries
JITTER = 1.2  # a candidate waits up to so many retry periods more
NAMESPACE = "kube-system"


class LeaderElector:
    """One candidate for a Lease; `lead` is called when it has it, `lose` when it has lost it.

    `api` is the candidate's client, `lease` the name of the Lease, `identity` that of the
    candidate.
    """

    def __init__(
        self,
        api: Client,
        lease: str,
        identity: str,
        lead: Callable[[], None],
        lose: Callable[[], None],
    ) -> None:
        self.api, self.sim = api, api.sim
        self.lease, self.identity = lease, identity
        self._lead, self._lose = lead, lose
        self._seen: Lease | None = None  # the Lease as last seen, and when that was
        self._seen_at = 0.0
        self.leads = False
        self.sim.start(self._run())

    def _run(self) -> Process:
        rng = self.sim.random(f"leader-election/{self.identity}")
        while not self._try():
            yield self.sim.sleep(RETRY_PERIOD * (1 + JITTER * rng.random()))
        self.leads = True
        self.sim.record(self.lease, f"Lease/{self.lease}", "LeaderElection",
                        f"{self.identity} became leader")  # fmt: skip
        self._lead()
        renewed = self.sim.now
        while self.sim.now - renewed < RENEW_DEADLINE:
            yield self.sim.sleep(RETRY_PERIOD)
            if self._try():
                renewed = self.sim.now
        self.leads = False
        self.sim.record(self.lease, f"Lease/{self.lease}", "LeaderElection",
                        f"{self.identity} failed to renew the lease in time: it exits")  # fmt: skip
        self._lose()

    def _try(self) -> bool:
        """Take the Lease if it is free, or renew it; whether this candidate holds it now."""
        try:
            return self._take_or_renew()
        except CourseError:  # no API server, a conflict, etcd without a quorum
            return False

    def _take_or_renew(self) -> bool:
        existing = self.api.find(Lease, self.lease, NAMESPACE)
        now = micro_timestamp(self.sim.now)
        ours = {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": int(LEASE_DURATION),
            "renewTime": now,
        }
        if existing is None:
            self.api.create(
                {
                    "apiVersion": "coordination.k8s.io/v1",
                    "kind": "Lease",
                    "metadata": {"name": self.lease, "namespace": NAMESPACE},
                    "spec": ours | {"acquireTime": now},
                }
            )
            return True
        if self._seen is None or existing.spec != self._seen.spec:
            self._seen, self._seen_at = existing, self.sim.now
        mine = existing.spec.holder_identity == self.identity
        if not mine and self.sim.now < self._seen_at + LEASE_DURATION:
            return False  # its holder works, or may still do so
        if not mine:
            transitions = existing.spec.lease_transitions + 1
            ours |= {"acquireTime": now, "leaseTransitions": transitions}
        version = existing.metadata.resource_version  # a faster candidate has changed it
        self.api.patch("Lease", self.lease, NAMESPACE, {"spec": ours}, expected=version)
        return True
