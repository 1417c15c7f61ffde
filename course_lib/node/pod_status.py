"""The status of a Pod, put together from what its worker sees (`generateAPIPodStatus`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from course_lib.engine import timestamp
from course_lib.objects.decode import encode
from course_lib.objects.kinds.pod.requests import qos_class
from course_lib.objects.meta import Condition, set_condition

if TYPE_CHECKING:
    from course_lib.node.pod_worker import PodWorker

Document = dict[str, Any]


def pod_status(worker: PodWorker) -> Document | None:
    """What to merge into the Pod's status; None for a Pod that is gone from the API."""
    pod = worker.api.find("Pod", worker.pod.name, worker.pod.namespace)
    if worker.pod.uid in worker.kubelet.static.pods:
        pod = pod or worker.pod  # a mirror, or none yet
    elif pod is None or pod.uid != worker.pod.uid:
        return None
    phase, runtime = worker.phase(), worker.kubelet.runtime_name
    status: Document = {
        "phase": phase,
        "hostIP": worker.kubelet.address,
        "startTime": timestamp(worker.started_at),
        "qosClass": qos_class(pod.spec),
        "containerStatuses": [slot.status(runtime) for slot in worker.slots if not slot.init],
        "conditions": _conditions(worker, pod.status.conditions, phase),
    }
    if any(slot.init for slot in worker.slots):
        status["initContainerStatuses"] = [
            slot.status(runtime) for slot in worker.slots if slot.init
        ]
    if worker.address:  # from its first sandbox on
        status["podIP"] = worker.address
        status["podIPs"] = [{"ip": worker.address}]
    elif pod.status.pod_ip:  # of a sandbox that another runtime, or the last boot, had made
        status["podIP"] = status["podIPs"] = None
    if worker.final[0] and phase == worker.final[0]:
        status["reason"], status["message"] = worker.final[1:]
    return status


def _conditions(
    worker: PodWorker, stated: list[Condition] | None, phase: str
) -> list[dict[str, Any]]:
    """PodReadyToStartContainers, Initialized, ContainersReady and Ready."""
    now = worker.sim.timestamp
    mains = [slot for slot in worker.slots if not slot.init]
    sidecars = [slot for slot in worker.slots if slot.sidecar]
    unready = [slot.spec.name for slot in [*sidecars, *mains] if not slot.ready]
    if phase in ("Succeeded", "Failed"):
        reason = "PodCompleted" if phase == "Succeeded" else "PodFailed"
        ready = ("False", reason, "")
    elif unready:
        ready = (
            "False",
            "ContainersNotReady",
            f"containers with unready status: {_names(unready)}",
        )
    else:
        ready = ("True", "", "")
    waiting = [s.spec.name for s in worker.slots if s.init and not s.sidecar and not s.succeeded]
    initialized = worker.initialized()
    rows = [
        ("PodReadyToStartContainers", "True" if worker.sandbox else "False", "", ""),
        (
            "Initialized",
            "True" if initialized else "False",
            "" if initialized else "ContainersNotInitialized",
            "" if initialized else f"containers with incomplete status: {_names(waiting)}",
        ),
        ("ContainersReady", *ready),
        ("Ready", *ready),
    ]
    result = stated or []
    documents: list[dict[str, Any]] = [encode(c) for c in result]
    for kind, state, reason, message in rows:
        documents = set_condition(result, kind, state, now, reason, message)
        result = [_read(document) for document in documents]
    return documents


def _read(document: dict[str, Any]) -> Condition:
    return Condition(
        type=document["type"],
        status=document["status"],
        reason=document.get("reason", ""),
        message=document.get("message", ""),
        last_transition_time=document.get("lastTransitionTime"),
    )


def _names(names: list[str]) -> str:
    return f"[{' '.join(names)}]"
