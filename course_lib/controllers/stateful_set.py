"""StatefulSet: Pods with a name and a volume of their own, in order (chapter 03).

Source: `pkg/controller/statefulset/stateful_set_control.go`; kubernetes.io "StatefulSets".
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller, key_of
from course_lib.controllers.ownership import pod_from_template
from course_lib.controllers.revisions import REVISION_LABEL, Revisions
from course_lib.controllers.standing import available_among, by_time_ready, standing_of
from course_lib.controllers.stateful_pods import Ordinals, by_replica
from course_lib.objects.kinds.controller_revision import ControllerRevision
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.kinds.stateful_set import StatefulSet
from course_lib.objects.pods import available_in

POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"


class StatefulSetController(Controller):
    """Makes, replaces and removes Pods by their ordinals."""

    name = "statefulset-controller"
    kind = "StatefulSet"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._ordinals: dict[str, Ordinals] = {}  # by uid of the StatefulSet
        super().__init__(api, informers)

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
        if owner.terminating:
            return
        revisions = Revisions(self.api, self.owned(ControllerRevision, owner), owner)
        self.settle(Pod, owner)
        ordinals = self._known(owner, revisions.update)
        if self._replicas(owner, ordinals, revisions) and self._condemned(owner, ordinals):
            self._update(owner, ordinals)
        self._write_status(owner, revisions)

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

    def _replicas(self, owner: StatefulSet, ordinals: Ordinals, revisions: Revisions) -> bool:
        """Whether all Pods that should be are there and, in order, available; makes the next."""
        missing = range(ordinals.first_missing, owner.spec.replicas)
        unsound = ordinals.unsound[: bisect_left(ordinals.unsound, owner.spec.replicas)]
        if ordered := owner.spec.pod_management_policy == "OrderedReady":
            mended = sorted([*missing[:1], *unsound[:1]])[:1]
        else:
            mended = sorted([*(o for o in missing if self._pod(owner, o) is None), *unsound])
        for ordinal in mended:
            self._mend(owner, ordinal, revisions)
        return not (ordered and mended)

    def _mend(self, owner: StatefulSet, ordinal: int, revisions: Revisions) -> None:
        """Make a Pod that is missing; delete one that has ended; wait for any other."""
        pod = self._pod(owner, ordinal)
        if pod is None:
            self._make(owner, ordinal, revisions)
        elif pod.status.phase in FINAL_PHASES and not pod.terminating:
            self.api.delete(Pod, pod.name, pod.namespace, uid=pod.uid)
            message = f"StatefulSet {owner.namespace}/{owner.name} is recreating failed Pod "
            self.warning(owner, "RecreatingFailedPod", message + pod.name)

    def _condemned(self, owner: StatefulSet, ordinals: Ordinals) -> bool:
        """Whether no Pod is left beyond the replicas; deletes the highest."""
        surplus = ordinals.surplus(owner.spec.replicas)
        ordered = owner.spec.pod_management_policy == "OrderedReady"
        for ordinal in surplus[:1] if ordered else surplus:
            self._delete(owner, ordinal)
        return not surplus

    def _update(self, owner: StatefulSet, ordinals: Ordinals) -> None:
        """Replace one Pod of an old revision, the highest first, when those above are healthy."""
        strategy, replicas = owner.spec.update_strategy, owner.spec.replicas
        last = ordinals.last_outdated(replicas)
        if strategy.type == "OnDelete" or last is None:
            return
        partition = strategy.rolling_update.partition if strategy.rolling_update else 0
        if last >= partition and ordinals.all_sound(range(last + 1, replicas)):
            self._delete(owner, last)

    def _make(self, owner: StatefulSet, ordinal: int, revisions: Revisions) -> None:
        name = f"{owner.name}-{ordinal}"
        strategy = owner.spec.update_strategy
        partition = strategy.rolling_update.partition if strategy.rolling_update else 0
        old = strategy.type == "RollingUpdate" and ordinal < partition
        revision = revisions.current if old else revisions.update
        template = revisions.template(revision)
        labels = {REVISION_LABEL: revision, POD_NAME: name, POD_INDEX: str(ordinal)}
        document = pod_from_template(owner, template, labels, name)
        document["metadata"]["generateName"] = f"{owner.name}-"
        volumes = self._claims(owner, ordinal)
        kept = [v for v in document["spec"].get("volumes", []) if v["name"] not in volumes]
        document["spec"] = document["spec"] | {
            "hostname": name,
            "subdomain": owner.spec.service_name,
        }
        if kept or volumes:
            document["spec"]["volumes"] = [
                *kept,
                *(
                    {"name": volume, "persistentVolumeClaim": {"claimName": claim_name}}
                    for volume, claim_name in volumes.items()
                ),
            ]
        made = self.api.create(document)
        message = f"Create Pod {name} in StatefulSet {owner.name} successful"
        self.normal(owner, "SuccessfulCreate", message)
        assert made.name == name

    def _claims(self, owner: StatefulSet, ordinal: int) -> dict[str, str]:
        """Make the claims of one Pod where they are missing; volume names to claim names.

        They are never deleted with the Pod: the data waits for the next Pod of that name.
        """
        document = self.api.document(StatefulSet, owner.name, owner.namespace)
        volumes: dict[str, str] = {}
        for template in document["spec"].get("volumeClaimTemplates", []):
            volume = template["metadata"]["name"]
            name = volumes[volume] = f"{volume}-{owner.name}-{ordinal}"
            if self.informers.find(PersistentVolumeClaim, name, owner.namespace) is None:
                labels = (owner.spec.selector.match_labels or {}) | template["metadata"].get(
                    "labels", {}
                )
                metadata = template["metadata"] | {
                    "name": name,
                    "namespace": owner.namespace,
                    "labels": labels,
                }
                self.api.create(
                    {
                        "apiVersion": "v1",
                        "kind": "PersistentVolumeClaim",
                        "metadata": metadata,
                        "spec": template["spec"],
                    }
                )
                pod = f"{owner.name}-{ordinal}"
                said = f"Create Claim {name} Pod {pod} in StatefulSet {owner.name} success"
                self.normal(owner, "SuccessfulCreate", said)
        return volumes

    def _delete(self, owner: StatefulSet, ordinal: int) -> None:
        pod = self._pod(owner, ordinal)
        if pod is not None and not pod.terminating:
            self.api.delete(Pod, pod.name, pod.namespace, uid=pod.uid)
            message = f"Delete Pod {pod.name} in StatefulSet {owner.name} successful"
            self.normal(owner, "SuccessfulDelete", message)

    def _write_status(self, owner: StatefulSet, revisions: Revisions) -> None:
        pods = self.informers.informer(Pod)
        counts = [
            (standing, revision, count)
            for (standing, revision), count in pods.tally(by_replica, owner.uid).items()
            if not standing.terminating
        ]
        replicas = sum(count for _, _, count in counts)
        ready = sum(count for standing, _, count in counts if standing.ready)
        of_revision: Counter[str] = Counter()
        for _, revision, count in counts:
            of_revision[revision] += count
        updated = of_revision[revisions.update]
        done = updated == ready == owner.spec.replicas == replicas
        if done and owner.spec.update_strategy.type == "RollingUpdate":
            revisions.settle()
        since, least = pods.tally(by_time_ready, owner.uid), owner.spec.min_ready_seconds
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
