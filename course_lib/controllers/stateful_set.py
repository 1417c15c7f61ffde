"""StatefulSet: Pods with a name, a number and a volume that stay theirs (chapter 03).

Source: `pkg/controller/statefulset` (`stateful_set_control.go`, `stateful_pod_control.go`).
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

from course_lib.apiserver.errors import AlreadyExists, NotFound, Terminating
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.batches import slow_start
from course_lib.controllers.controller import Controller, key_of
from course_lib.controllers.ownership import pod_from_template
from course_lib.controllers.revisions import REVISION_LABEL, Revisions
from course_lib.controllers.standing import available_among, standing_of
from course_lib.controllers.stateful_claims import StatefulClaims, claim_names
from course_lib.controllers.stateful_pods import (
    Ordinals,
    by_replica,
    by_time_running_ready,
    desired_ordinals,
    in_order_of_start,
)
from course_lib.errors import CourseError
from course_lib.objects.kinds.controller_revision import ControllerRevision
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.kinds.stateful_set import StatefulSet
from course_lib.objects.manifests import Document
from course_lib.objects.pods import available_in, resolve

POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"


class StatefulSetController(Controller):
    """Makes, replaces and removes Pods by their ordinals."""

    name = "statefulset-controller"
    kind = "StatefulSet"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._ordinals: dict[str, Ordinals] = {}  # by uid of the StatefulSet
        super().__init__(api, informers)
        self._claims = StatefulClaims(api, informers)

    def watches(self) -> None:
        """Its Pods."""
        self.informers.informer(Pod).add_handler(self._on_pod)
        self.watch_owned(Pod)
        self.informers.informer(StatefulSet).add_handler(self._on_change)

    def _on_pod(self, before: Pod | None, after: Pod | None) -> None:
        for pod in filter(None, (before, after)):
            owner = pod.metadata.controller
            if owner is not None and owner.uid in self._ordinals:
                self._ordinals[owner.uid].note(pod.name)

    def _on_change(self, before: StatefulSet | None, after: StatefulSet | None) -> None:
        if before is not None and after is None:
            self._ordinals.pop(before.uid, None)

    def reconcile(self, owner: StatefulSet) -> None:
        """One step: Pods that should be, lowest first; the condemned, highest first; updates."""
        revisions = Revisions(self.api, self.owned(ControllerRevision, owner), owner)
        self.settle(Pod, owner)
        try:
            if not owner.terminating:
                self._step(owner, revisions)
        finally:
            self._write_status(owner, revisions)
        self._forget_revisions(owner, revisions)

    def _step(self, owner: StatefulSet, revisions: Revisions) -> None:
        ordinals = self._known(owner, revisions.update)
        burst = owner.spec.pod_management_policy == "Parallel"
        goes_on = self._replicas(owner, ordinals, revisions)
        if (goes_on or burst) and (self._condemned(owner, ordinals) or burst):
            self._update(owner, ordinals)

    def _known(self, owner: StatefulSet, update: str) -> Ordinals:
        """What is known of the Pods, with those that changed since."""
        ordinals = self._ordinals.get(owner.uid)
        version = owner.metadata.generation
        if ordinals is None or (ordinals.version, ordinals.update) != (version, update):
            ordinals = self._ordinals[owner.uid] = Ordinals(version, update)
            for pod in self.owned(Pod, owner):
                ordinals.note(pod.name)
        for name in ordinals.take():
            base, _, ordinal = name.rpartition("-")
            if base == owner.name and ordinal.isdecimal():
                current = self._pod(owner, int(ordinal))
                sound = current is not None and self._sound(owner, current)
                ordinals.put(int(ordinal), current, sound)
                if current is not None and sound:
                    self._keep_up(owner, int(ordinal), current)
        return ordinals

    def _sound(self, owner: StatefulSet, pod: Pod) -> bool:
        """Whether a Pod is active and available; one that becomes available is noted again."""
        wait = available_in(pod, owner.spec.min_ready_seconds, self.sim.now)
        if wait:
            self._ordinals[owner.uid].note(pod.name)
            self.enqueue(key_of(owner), after=wait)
        return standing_of(pod).active and wait == 0

    def _pod(self, owner: StatefulSet, ordinal: int) -> Pod | None:
        """The Pod of an ordinal, if the StatefulSet controls it."""
        pod = self.informers.find(Pod, f"{owner.name}-{ordinal}", owner.namespace)
        controller = pod.metadata.controller if pod else None
        return pod if controller is not None and controller.uid == owner.uid else None

    def _keep_up(self, owner: StatefulSet, ordinal: int, pod: Pod) -> None:
        """Give a Pod its labels again, and its claims the owners that the policy asks for."""
        labels = {POD_NAME: pod.name, POD_INDEX: str(ordinal)}
        same = pod.labels.get(POD_NAME) == pod.name
        if not same:
            self.api.patch(Pod, pod.name, pod.namespace, {"metadata": {"labels": labels}})
        if self._claims.own(owner, ordinal, pod) or not same:
            self._tell(owner, "Update", pod.name)

    def _replicas(self, owner: StatefulSet, ordinals: Ordinals, revisions: Revisions) -> bool:
        """Whether all Pods that should be are there and available; makes the next, or all."""
        desired = desired_ordinals(owner)
        unsound = ordinals.unsound_in(desired)
        if owner.spec.pod_management_policy == "OrderedReady":
            missing = ordinals.first_missing(desired)
            blocks = [*([] if missing is None else [missing]), *unsound[:1]]
            if blocks:
                self._mend(owner, min(blocks), revisions)
            return not blocks
        places = (each - desired.start for each in (*ordinals.missing(desired), *unsound))
        order = in_order_of_start(places, len(desired))
        slow_start(order, lambda place: self._mend(owner, desired.start + place, revisions))
        return not order

    def _mend(self, owner: StatefulSet, ordinal: int, revisions: Revisions) -> None:
        """Make a Pod that is missing; delete one that has ended; wait for any other."""
        pod = self._pod(owner, ordinal)
        if pod is None:
            self._make(owner, ordinal, revisions)
        elif pod.status.phase in FINAL_PHASES:
            self._delete(owner, ordinal)
        elif pod.status.phase == "Pending":
            self._claims.make(owner, ordinal)
            self._claims.own(owner, ordinal, pod)

    def _condemned(self, owner: StatefulSet, ordinals: Ordinals) -> bool:
        """Whether no Pod is left beyond the replicas; deletes the highest, or all.

        In order, one that is not available holds those above it up.
        """
        surplus = ordinals.surplus(desired_ordinals(owner))
        for ordinal in surplus:
            pod = self._pod(owner, ordinal)
            if pod is not None:
                self._claims.own(owner, ordinal, pod)
        if owner.spec.pod_management_policy == "OrderedReady" and surplus:
            unsound = [each for each in surplus if each in ordinals.unsound]
            surplus = surplus[:1] if surplus[0] not in unsound[:-1] else []
            for ordinal in surplus:
                self._delete(owner, ordinal)
            return False
        for ordinal in surplus:
            self._delete(owner, ordinal)
        return not surplus

    def _update(self, owner: StatefulSet, ordinals: Ordinals) -> None:
        """Replace Pods of an old revision, the highest first, so many at a time.

        Where Pods do not wait for each other, those that are not available go first.
        """
        strategy, desired = owner.spec.update_strategy, desired_ordinals(owner)
        if strategy.type != "RollingUpdate":
            return
        rolling, most = strategy.rolling_update, 1
        if rolling is not None and rolling.max_unavailable is not None:
            most = max(1, resolve(rolling.max_unavailable, len(desired), up=False))
        updated = desired[rolling.partition if rolling else 0 :]
        outdated = ordinals.outdated_in(updated)
        if not outdated:
            return
        unsound = ordinals.unsound_in(desired)
        room = most - len(unsound) - len(ordinals.missing(desired))
        if owner.spec.pod_management_policy == "Parallel":
            for ordinal in outdated:
                if ordinal in unsound:
                    self._delete(owner, ordinal)
            outdated = [ordinal for ordinal in outdated if ordinal not in unsound]
        for ordinal in outdated[: max(0, room)]:
            self._delete(owner, ordinal)

    # One Pod

    def _make(self, owner: StatefulSet, ordinal: int, revisions: Revisions) -> None:
        """Make the claims of a Pod, and the Pod; a refusal is told of, and raised on."""
        name = f"{owner.name}-{ordinal}"
        if self._claims.stale(owner, ordinal):
            return
        try:
            self._claims.make(owner, ordinal)
            made = self.api.create(self._document(owner, ordinal, revisions))
        except (AlreadyExists, Terminating):
            raise
        except CourseError as refusal:
            self._tell(owner, "Create", name, refusal.what)
            raise
        assert isinstance(made, Pod)
        self._claims.own(owner, ordinal, made)
        self._tell(owner, "Create", name)

    def _document(self, owner: StatefulSet, ordinal: int, revisions: Revisions) -> Document:
        name, start = f"{owner.name}-{ordinal}", desired_ordinals(owner).start
        rolling = owner.spec.update_strategy.rolling_update
        old = rolling is not None and ordinal < start + rolling.partition
        if rolling is None and owner.spec.update_strategy.type == "RollingUpdate":
            old = ordinal < start + owner.status.current_replicas
        revision = revisions.current if old else revisions.update
        labels = {REVISION_LABEL: revision, POD_NAME: name, POD_INDEX: str(ordinal)}
        document = pod_from_template(owner, revisions.template(revision), labels, name)
        document["metadata"]["generateName"] = f"{owner.name}-"
        claims = claim_names(owner, ordinal)
        own = [
            {"name": volume, "persistentVolumeClaim": {"claimName": claim}}
            for volume, claim in claims.items()
        ]
        others = [v for v in document["spec"].get("volumes") or () if v["name"] not in claims]
        spec = {"hostname": name, "subdomain": owner.spec.service_name}
        document["spec"] = document["spec"] | spec
        if own or others:
            document["spec"]["volumes"] = [*own, *others]
        return document

    def _delete(self, owner: StatefulSet, ordinal: int) -> None:
        pod = self._pod(owner, ordinal)
        if pod is None or pod.terminating:
            return
        with suppress(NotFound):
            self.api.delete(Pod, pod.name, pod.namespace, uid=pod.uid)
        self._tell(owner, "Delete", pod.name)

    def _tell(self, owner: StatefulSet, what: str, pod: str, refusal: str = "") -> None:
        """Record what was done to a Pod (`what` is a verb), or why it was not."""
        message = f"{what} Pod {pod} in StatefulSet {owner.name}"
        if refusal:
            self.warning(owner, f"Failed{what}", f"{message} failed error: {refusal}")
        else:
            self.normal(owner, f"Successful{what}", f"{message} successful")

    # The status

    def _write_status(self, owner: StatefulSet, revisions: Revisions) -> None:
        pods = self.informers.informer(Pod)
        of_revision: Counter[str] = Counter()
        replicas = ready = 0
        for (standing, revision), count in pods.tally(by_replica, owner.uid).items():
            replicas += count
            ready += count if standing.phase == "Running" and standing.ready else 0
            of_revision[revision] += 0 if standing.terminating else count
        updated = of_revision[revisions.update]
        if updated == ready == owner.spec.replicas == replicas:
            revisions.settle()
        since, least = pods.tally(by_time_running_ready, owner.uid), owner.spec.min_ready_seconds
        self.state(
            owner,
            {
                "observedGeneration": owner.metadata.generation,
                "replicas": replicas,
                "readyReplicas": ready,
                "availableReplicas": available_among(since, least, self.sim.now)[0],
                "updatedReplicas": updated,
                "currentReplicas": of_revision[revisions.current],
                "collisionCount": 0,
                "currentRevision": revisions.current,
                "updateRevision": revisions.update,
            },
        )

    def _forget_revisions(self, owner: StatefulSet, revisions: Revisions) -> None:
        """Keep `revisionHistoryLimit` revisions that no Pod has, to roll back to."""
        limit = owner.spec.revision_history_limit
        if len(revisions) <= limit:
            return
        tally = self.informers.informer(Pod).tally(by_replica, owner.uid)
        idle = revisions.idle([revision for _, revision in tally])
        for each in idle[: max(0, len(idle) - limit)]:
            self.api.delete(ControllerRevision, each.name, each.namespace)
