"""What is unfinished in a cluster, a line for each thing; for time-outs and for the curious."""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.apiserver.errors import APIError
from course_lib.client import Client
from course_lib.objects.kinds.pod.columns import pod_status_word
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.meta import condition
from course_lib.objects.pods import is_ready


def pending(api: Client) -> Iterator[str]:
    """Pods that are not ready, workloads that are not complete, claims that are not bound."""
    try:
        yield from _pending(api)
    except APIError as refusal:
        yield f"the API: {refusal.what}"


def _pending(api: Client) -> Iterator[str]:
    for pod in api.list("Pod"):
        if pod.status.phase in FINAL_PHASES or (is_ready(pod) and not pod.terminating):
            continue
        scheduled = condition(pod.status.conditions, "PodScheduled")
        why = scheduled.message if scheduled and scheduled.status == "False" else ""
        yield f"Pod {pod.name}: {pod_status_word(pod)}" + (f" ({why})" if why else "")
    for kind in ("Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"):
        for found in api.list(kind):
            if found.status.ready_replicas != found.spec.replicas:
                have = f"{found.status.ready_replicas} of {found.spec.replicas}"
                yield f"{kind} {found.name}: {have} replicas ready"
    for claim in api.list("PersistentVolumeClaim"):
        if claim.status.phase != "Bound":
            yield f"PersistentVolumeClaim {claim.name}: {claim.status.phase}"
