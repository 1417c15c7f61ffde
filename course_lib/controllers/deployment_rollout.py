"""The ReplicaSets of a Deployment, and how large each may be.

Source: `pkg/controller/deployment` (`rolling.go`, `util/deployment_util.go`).
"""

from __future__ import annotations

import math

import msgspec

from course_lib.controllers.ownership import number_in
from course_lib.objects.kinds.deployment import Deployment
from course_lib.objects.kinds.replica_set import ReplicaSet
from course_lib.objects.pods import resolve

HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MOST = "deployment.kubernetes.io/max-replicas"
CHANGE_CAUSE = "kubernetes.io/change-cause"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
ROLLBACK = "deprecated.deployment.rollback.to"
OWN = (LAST_APPLIED, REVISION, HISTORY, DESIRED, MOST, ROLLBACK)  # annotations that are not copied
MOST_HISTORY = 2000  # characters of the annotation with earlier revisions


class Rollout(msgspec.Struct, frozen=True):
    """The ReplicaSets of a Deployment: the one of its template (`new`), and the older ones."""

    deployment: Deployment
    new: ReplicaSet | None
    old: list[ReplicaSet]  # by revision

    @property
    def all(self) -> list[ReplicaSet]:
        """All of them, the new one last."""
        return [*self.old, *([self.new] if self.new else ())]

    @property
    def latest(self) -> int:
        """The highest revision of an older ReplicaSet."""
        return max((revision(rs) for rs in self.old), default=0)

    @property
    def surge(self) -> int:
        """How many Pods there may be beyond the replicas."""
        return bounds(self.deployment)[0]

    @property
    def least(self) -> int:
        """How many Pods have to be available."""
        return self.deployment.spec.replicas - bounds(self.deployment)[1]

    @property
    def pods(self) -> int:
        """How many Pods all ReplicaSets should have."""
        return sum(rs.spec.replicas for rs in self.all)

    def new_size(self) -> int:
        """How large the new ReplicaSet may be now (`NewRSNewReplicas`)."""
        desired = self.deployment.spec.replicas
        if self.deployment.spec.strategy.type != "RollingUpdate":
            return desired
        have = self.new.spec.replicas if self.new else 0
        room = desired + self.surge - self.pods
        return have if room <= 0 else have + min(room, desired - have)

    def scaled(self) -> bool:
        """Whether the Deployment's size changed since its ReplicaSets were last scaled."""
        size = self.deployment.spec.replicas
        active = (rs for rs in self.all if rs.spec.replicas)
        return any(number_in(rs, DESIRED, size) != size for rs in active)

    def active_or_latest(self) -> ReplicaSet | None:
        """The only ReplicaSet with replicas, or where none has any the newest; None for several."""
        active = [rs for rs in self.all if rs.spec.replicas]
        if active:
            return active[0] if len(active) == 1 else None
        return self.new or max(self.old, key=_age, default=None)

    def saturated(self) -> bool:
        """Whether the new ReplicaSet has all replicas of the Deployment, and all are available."""
        desired, new = self.deployment.spec.replicas, self.new
        if new is None or number_in(new, DESIRED, -1) != desired:
            return False
        return new.spec.replicas == desired == new.status.available_replicas

    def shares(self) -> dict[str, int]:
        """A new size of the Deployment, shared out in proportion to the sizes of ReplicaSets.

        By name, in the order in which they are scaled; the largest gets what is left over.
        """
        desired = self.deployment.spec.replicas
        active = sorted((rs for rs in self.all if rs.spec.replicas), key=_age)
        missing = (desired + self.surge if desired else 0) - self.pods
        if missing > 0:
            active.reverse()
        active.sort(key=lambda rs: -rs.spec.replicas)
        sizes, left = {rs.name: rs.spec.replicas for rs in active}, missing
        for rs in active:
            share = self._share(rs) if left else 0
            share = min(share, left) if missing > 0 else max(share, left)
            sizes[rs.name] += share
            left -= share
        if active:
            sizes[active[0].name] = max(0, sizes[active[0].name] + left)
        return sizes

    def _share(self, rs: ReplicaSet) -> int:
        """How much a ReplicaSet grows in proportion (`getReplicaSetFraction`)."""
        desired, have = self.deployment.spec.replicas, rs.spec.replicas
        if not desired:
            return -have
        before = number_in(rs, MOST, 0) or self.deployment.status.replicas
        if before <= 0:
            return 0
        return math.floor(have * (desired + self.surge) / before + 0.5) - have

    def oldest_first(self) -> list[ReplicaSet]:
        """The older ReplicaSets that have replicas, by their age."""
        return sorted((rs for rs in self.old if rs.spec.replicas), key=_age)


def bounds(deployment: Deployment) -> tuple[int, int]:
    """How many Pods there may be beyond the replicas, and how many may be unavailable.

    Surge is rounded up, the other down; both 0 would stand still (`ResolveFenceposts`).
    """
    spec = deployment.spec
    rolling = spec.strategy.rolling_update
    if spec.strategy.type != "RollingUpdate" or rolling is None:
        return 0, 0
    surge = resolve(rolling.max_surge, spec.replicas, up=True)
    unavailable = resolve(rolling.max_unavailable, spec.replicas, up=False)
    return surge, min(unavailable if surge or unavailable else 1, spec.replicas)


def revision(rs: ReplicaSet) -> int:
    """The number of a ReplicaSet in its Deployment's history."""
    return number_in(rs, REVISION, 0)


def size_notes(rollout: Rollout) -> dict[str, str]:
    """What a ReplicaSet is told of its Deployment: the replicas, and the most that there may be."""
    desired = rollout.deployment.spec.replicas
    return {DESIRED: str(desired), MOST: str(desired + rollout.surge)}


def new_notes(rollout: Rollout) -> dict[str, str]:
    """The annotations that the new ReplicaSet lacks (`SetNewReplicaSetAnnotations`).

    It takes over those of its Deployment, and becomes the latest revision; one that comes back
    keeps the numbers that it had. One whose revision is no number is left alone.
    """
    known = rollout.new.annotations if rollout.new else {}
    notes = {
        key: value
        for key, value in rollout.deployment.annotations.items()
        if key not in OWN and known.get(key) != value
    }
    written, number = known.get(REVISION), rollout.latest + 1
    if written and not written.lstrip("-").isdecimal():
        return {}
    if int(written or 0) < number:
        notes[REVISION] = str(number)
        if written is not None:
            notes[HISTORY] = _history(known.get(HISTORY, ""), written)
    return notes


def _history(known: str, number: str) -> str:
    """Earlier revisions with one more; the first are dropped where the list gets too long."""
    numbers = [*filter(None, known.split(",")), number]
    while len(",".join(numbers)) > MOST_HISTORY:
        del numbers[0]
    return ",".join(numbers)


def _age(rs: ReplicaSet) -> tuple[str, str]:
    return rs.metadata.creation_timestamp or "", rs.name
