"""The `binding` subresource: a Pod gets its node, once, and is scheduled then.

Source: `setPodNodeAndMetadata` in `pkg/registry/core/pod/storage/storage.go`.
"""

from __future__ import annotations

from course_lib.apiserver.documents import Incoming
from course_lib.apiserver.errors import Conflict
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.meta import set_condition


def bound(pod: Incoming, uid: str, node: str, now: str) -> Incoming:
    """A Pod with its `node`, and the condition PodScheduled from `now` (a timestamp) on.

    Raises `Conflict` where the `pod` has another `uid`, or cannot be bound.
    """
    view = pod.view
    assert isinstance(view, Pod)
    problem = _unbindable(view, uid)
    if problem:
        raise Conflict(f'Operation cannot be fulfilled on pods/binding "{view.name}": {problem}')
    conditions = set_condition(view.status.conditions, "PodScheduled", "True", now)
    status = {"conditions": conditions, "nominatedNodeName": None}
    return pod.changed({"spec": {"nodeName": node}, "status": status})


def _unbindable(pod: Pod, uid: str) -> str:
    """Why a Pod cannot be bound; empty where it can."""
    if pod.uid != uid:
        return f"Precondition failed: UID in precondition: {uid}, UID in object meta: {pod.uid}"
    if pod.terminating:
        return f"pod {pod.name} is being deleted, cannot be assigned to a host"
    if pod.spec.node_name:
        return f'pod {pod.name} is already assigned to node "{pod.spec.node_name}"'
    gated = f"pod {pod.name} has non-empty .spec.schedulingGates"
    return gated if pod.spec.scheduling_gates else ""
