"""Carry out a preemption: evict the victims of a Pod that has been nominated to their node.

Source: `pkg/scheduler/framework/preemption/executor.go` (`prepareCandidate`).
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.client import Client
from course_lib.objects.meta import set_condition
from course_lib.scheduler.pod_info import PodInfo

MESSAGE = "{component}: preempting to accommodate a higher priority pod"
PREEMPTED = "Preempted by pod {uid} on node {node}"


def evict(api: Client, component: str, pod: PodInfo, node: str, victims: Sequence[PodInfo]) -> None:
    """Evict the victims from a node for a Pod. Skip Pods that are being deleted.

    `api` is the scheduler's client, `component` its name in events; `pod` is the preemptor.
    """
    for victim in victims:
        current = api.find("Pod", victim.pod.name, victim.pod.namespace)
        if current is None or current.uid != victim.pod.uid or current.terminating:
            continue
        conditions = set_condition(
            current.status.conditions,
            "DisruptionTarget",
            "True",
            api.sim.timestamp,
            "PreemptionByScheduler",
            MESSAGE.format(component=component),
        )
        stated = next(each for each in conditions if each["type"] == "DisruptionTarget")
        stated["observedGeneration"] = current.metadata.generation
        api.patch_status(current, {"conditions": conditions})
        api.delete("Pod", current.name, current.namespace, uid=current.uid)
        said = PREEMPTED.format(uid=pod.pod.uid, node=node)
        api.events.normal(component, current, "Preempted", said)
