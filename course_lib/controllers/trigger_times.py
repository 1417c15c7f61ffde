"""When what endpoints follow changed: the annotation `last-change-trigger-time` (chapter 07).

From it a cluster's operators measure how long a change takes until the nodes' rules follow.
Source: `trigger_time_tracker.go` in `k8s.io/endpointslice/util`.
"""

from __future__ import annotations

from collections.abc import Mapping

from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.service import Service
from course_lib.objects.meta import condition

TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"


class TriggerTimes:
    """The time of the last change of each Service, and of each of its Pods, as they were seen.

    A Service changes when it is created, a Pod when its condition Ready does. Times are timestamps
    of the API. Simplified: a Pod without an address is not seen.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[str, dict[str, str]]] = {}

    def look(self, service: Service, pods: Mapping[str, Pod | None], everything: bool) -> str:
        """The earliest change since the last look at a `service`; empty where there is none.

        At the first look it is the creation of the Service. `pods` are those to look at, by name:
        with `everything` all of them, else those that may have changed. None is a Pod that is not
        selected any more.
        """
        key = service.namespace, service.name
        created = service.metadata.creation_timestamp or ""
        known, before = self._seen.get(key, ("", {}))
        times = {} if everything else before
        changed = [created] if created > known else []
        for name, pod in pods.items():
            ready = condition(pod.status.conditions, "Ready") if pod is not None else None
            time = ready.last_transition_time if ready is not None else None
            if time and pod is not None and pod.status.pod_ip:
                if time > before.get(name, ""):
                    changed.append(time)
                times[name] = time
            else:
                times.pop(name, None)
        first = key not in self._seen
        self._seen[key] = created, times
        return created if first else min(changed, default="")

    def forget(self, key: tuple[str, str]) -> None:
        """Forget a Service that is gone."""
        self._seen.pop(key, None)


def annotated(annotations: Mapping[str, str], time: str) -> dict[str, str]:
    """Annotations with the `time` of a change; without one where that is empty."""
    others = {key: value for key, value in annotations.items() if key != TRIGGER_TIME}
    return others | {TRIGGER_TIME: time} if time else others
