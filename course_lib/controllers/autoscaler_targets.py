"""What an autoscaler scales, and what it states of that.

Source: `pkg/controller/podautoscaler/horizontal.go`.
"""

from __future__ import annotations

import msgspec

from course_lib.apiserver.scales import scale_of
from course_lib.apiserver.server import not_found
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.errors import CourseError
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.deployment import Deployment
from course_lib.objects.kinds.horizontal_pod_autoscaler import HorizontalPodAutoscaler
from course_lib.objects.kinds.replica_set import ReplicaSet
from course_lib.objects.kinds.replication_controller import ReplicationController
from course_lib.objects.kinds.stateful_set import StatefulSet
from course_lib.objects.manifests import Document
from course_lib.objects.meta import is_true, selector_of
from course_lib.objects.selectors import Selector, parse_selector, selector_from_labels


class ScaledWorkload(msgspec.Struct, frozen=True):
    """What an autoscaler scales: its kind, how many replicas it asks for and has, its selector."""

    kind: Kind
    name: str
    replicas: int
    has: int
    selector: Selector | None  # None if a custom object has none


class Decision(msgspec.Struct):
    """What a look at an autoscaler states: the conditions so far, and the metrics that it saw."""

    conditions: list[Document]
    metrics: list[Document] | None = None

    def state(self, now: str, kind: str, status: bool, reason: str, message: str) -> None:
        """State a condition of a `kind` at a time `now`: its `status`, `reason` and `message`.

        It stays at its place in the list.
        """
        shown = "True" if status else "False"
        stated = {"type": kind, "status": shown, "reason": reason, "message": message}
        for place, before in enumerate(self.conditions):
            if before["type"] == kind:
                same = before["status"] == shown
                since = before.get("lastTransitionTime") if same else now
                self.conditions[place] = stated | {"lastTransitionTime": since}
                return
        self.conditions.append(stated | {"lastTransitionTime": now})


class ScaleTargets:
    """Finds the targets of autoscalers; `api` and `informers` read."""

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._api, self._informers = api, informers

    def find(self, hpa: HorizontalPodAutoscaler) -> ScaledWorkload:
        """The target and its scale; raises `CourseError` if there is none."""
        reference, namespace = hpa.spec.scale_target_ref, hpa.namespace
        kind = self._scaled_kind(reference.api_version, reference.kind)
        if kind.scale is None:
            raise CourseError("the server could not find the requested resource")
        target = self._informers.find(kind, reference.name, namespace)
        if target is None:
            raise not_found(kind, reference.name)
        if isinstance(target, ReplicationController):
            selector: Selector | None = selector_from_labels(target.spec.selector)
        elif isinstance(target, Deployment | ReplicaSet | StatefulSet):
            selector = selector_of(target.spec.selector)
        else:
            scale = scale_of(kind, self._api.document(kind, target.name, namespace))
            has, written = scale["status"]["replicas"], scale["status"]["selector"]
            selector = parse_selector(written) if written else None
            return ScaledWorkload(
                kind, target.name, scale["spec"].get("replicas", 0), has, selector
            )
        replicas, has = target.spec.replicas, target.status.replicas
        return ScaledWorkload(kind, target.name, replicas, has, selector)

    def _scaled_kind(self, api_version: str, name: str) -> Kind:
        """The kind of a target: its group and name count, its version does not.

        Source: `reconcileAutoscaler` in `pkg/controller/podautoscaler/horizontal.go`.
        """
        group = api_version.rpartition("/")[0]
        for kind in self._informers.kinds:
            if (kind.group, kind.kind) == (group, name):
                return kind
        raise CourseError(f'no matches for kind "{name}" in group "{group}"')


def is_scaled_to_zero(hpa: HorizontalPodAutoscaler) -> bool:
    """Whether the autoscaler itself has scaled its target to zero."""
    return is_true(hpa.status.conditions, "ScaledToZero")


def counts_demand(hpa: HorizontalPodAutoscaler) -> bool:
    """Whether a metric can ask for replicas while there are none."""
    return any(metric.type in ("Object", "External") for metric in hpa.spec.metrics or ())
