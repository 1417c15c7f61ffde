"""StatefulSet: Pods with a name and a volume of their own, in order (chapter 03).

Source: `pkg/controller/statefulset/stateful_set_control.go`; kubernetes.io "StatefulSets".
"""

from __future__ import annotations

from course_lib.controllers.controller import Controller
from course_lib.controllers.ownership import pod_from_template
from course_lib.controllers.revisions import REVISION_LABEL, Revisions
from course_lib.objects.kinds.controller_revision import ControllerRevision
from course_lib.objects.kinds.persistent_volume_claim import PersistentVolumeClaim
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.stateful_set import StatefulSet
from course_lib.objects.pods import available_in, is_available, is_ready

POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"


class StatefulSetController(Controller):
    """Makes, replaces and removes Pods by their ordinals."""

    name = "statefulset-controller"
    kind = "StatefulSet"

    def watches(self) -> None:
        """Its Pods."""
        self.watch_owned(Pod)

    def reconcile(self, owner: StatefulSet) -> None:
        """One step: Pods that should be, lowest first; the condemned, highest first; updates."""
        if owner.terminating:
            return
        revisions = Revisions(self.api, self.owned(ControllerRevision, owner), owner)
        pods = self._pods(owner)
        if self._replicas(owner, pods, revisions) and self._condemned(owner, pods):
            self._update(owner, pods, revisions)
        self._write_status(owner, revisions)

    def _pods(self, owner: StatefulSet) -> dict[int, Pod]:
        """Its Pods, by ordinal."""
        found: dict[int, Pod] = {}
        for pod in self.claim(Pod, owner):
            base, _, ordinal = pod.name.rpartition("-")
            if base == owner.name and ordinal.isdecimal():
                found[int(ordinal)] = pod
        return found

    def _replicas(self, owner: StatefulSet, pods: dict[int, Pod], revisions: Revisions) -> bool:
        """Whether all Pods that should be are there and, in order, available; makes the next."""
        ordered = owner.spec.pod_management_policy == "OrderedReady"
        complete = True
        for ordinal in range(owner.spec.replicas):
            pod = pods.get(ordinal)
            if pod is not None and pod.status.phase in ("Succeeded", "Failed"):
                if not pod.terminating:
                    self.api.delete(Pod, pod.name, pod.namespace, uid=pod.uid)
                    message = (
                        f"StatefulSet {owner.namespace}/{owner.name} is recreating failed Pod "
                    )
                    self.warning(owner, "RecreatingFailedPod", message + pod.name)
                complete = False
            elif pod is None:
                self._make(owner, ordinal, revisions)
                complete = False
            elif pod.terminating or not self._available(owner, pod):
                complete = False
            if ordered and not complete:
                return False
        return complete or not ordered

    def _available(self, owner: StatefulSet, pod: Pod) -> bool:
        wait = available_in(pod, owner.spec.min_ready_seconds, self.sim.now)
        if wait:
            self.enqueue((owner.namespace, owner.name), after=wait)
        return wait == 0

    def _condemned(self, owner: StatefulSet, pods: dict[int, Pod]) -> bool:
        """Whether no Pod is left beyond the replicas; deletes the highest."""
        ordered = owner.spec.pod_management_policy == "OrderedReady"
        surplus = sorted((o for o in pods if o >= owner.spec.replicas), reverse=True)
        for ordinal in surplus:
            if not pods[ordinal].terminating:
                self._delete(owner, pods[ordinal])
            if ordered:
                return False
        return not surplus

    def _update(self, owner: StatefulSet, pods: dict[int, Pod], revisions: Revisions) -> None:
        """Replace one Pod of an old revision, the highest first, when those above are healthy."""
        strategy = owner.spec.update_strategy
        if strategy.type == "OnDelete":
            return
        partition = strategy.rolling_update.partition if strategy.rolling_update else 0
        for ordinal in range(owner.spec.replicas - 1, partition - 1, -1):
            pod = pods.get(ordinal)
            if pod is None or pod.terminating:
                return
            if pod.labels.get(REVISION_LABEL) != revisions.update:
                self._delete(owner, pod)
                return
            if not self._available(owner, pod):
                return

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

    def _delete(self, owner: StatefulSet, pod: Pod) -> None:
        self.api.delete(Pod, pod.name, pod.namespace, uid=pod.uid)
        message = f"Delete Pod {pod.name} in StatefulSet {owner.name} successful"
        self.normal(owner, "SuccessfulDelete", message)

    def _write_status(self, owner: StatefulSet, revisions: Revisions) -> None:
        pods = [p for p in self._pods(owner).values() if not p.terminating]
        updated = [p for p in pods if p.labels.get(REVISION_LABEL) == revisions.update]
        ready = [p for p in pods if is_ready(p)]
        seconds = owner.spec.min_ready_seconds
        done = len(updated) == len(ready) == owner.spec.replicas == len(pods)
        if done and owner.spec.update_strategy.type == "RollingUpdate":
            revisions.settle()
        self.api.patch_status(
            owner,
            {
                "observedGeneration": owner.metadata.generation,
                "replicas": len(pods),
                "readyReplicas": len(ready),
                "availableReplicas": sum(is_available(p, seconds, self.sim.now) for p in ready),
                "updatedReplicas": len(updated),
                "currentReplicas": sum(
                    p.labels.get(REVISION_LABEL) == revisions.current for p in pods
                ),
                "collisionCount": 0,
                "currentRevision": revisions.current,
                "updateRevision": revisions.update,
            },
        )
