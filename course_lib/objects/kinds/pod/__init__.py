"""The Pod: containers that share one address and one life (chapters 01, 03 and 06).

The life of a Pod, its `phase`:
- Pending: accepted; waiting for a node, for images, for volumes, for its init containers;
- Running: on a node, all containers created, at least one running or restarting;
- Succeeded or Failed: all containers ended for good, all with exit code 0 or not.

Source: the Kubernetes API reference, `core/v1`; "Pod Lifecycle".
"""

from __future__ import annotations

from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Subresource, by_path
from course_lib.objects.kinds.pod.columns import pod_row, pod_row_wide
from course_lib.objects.kinds.pod.containers import (
    Container,
    ContainerPort,
    EnvVar,
    EnvVarSource,
    ExecAction,
    HTTPGetAction,
    KeySelector,
    LifecycleHandler,
    Probe,
    SourceName,
    VolumeMount,
)
from course_lib.objects.kinds.pod.defaults import complete_pod
from course_lib.objects.kinds.pod.placement import (
    NodeAffinity,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    PodAffinity,
    PodAffinityTerm,
    PreferredSchedulingTerm,
    Toleration,
    TopologySpreadConstraint,
)
from course_lib.objects.kinds.pod.preparation import prepare, prepare_update
from course_lib.objects.kinds.pod.requests import qos_class, total
from course_lib.objects.kinds.pod.security import SecurityContext
from course_lib.objects.kinds.pod.spec import Pod, PodSpec
from course_lib.objects.kinds.pod.status import (
    GATED,
    ContainerState,
    ContainerStatus,
    PodStatus,
    complete_status,
)
from course_lib.objects.kinds.pod.validation.annotations import DELETION_COST
from course_lib.objects.kinds.pod.validation.debugging import (
    ephemeral_errors,
    narrowed_to_ephemeral,
)
from course_lib.objects.kinds.pod.validation.pods import errors_beside_spec, pod_errors
from course_lib.objects.kinds.pod.validation.resizing import narrowed_to_resize, resize_errors
from course_lib.objects.kinds.pod.validation.statuses import status_errors
from course_lib.objects.kinds.pod.validation.updates import update_errors
from course_lib.objects.kinds.pod.volumes import Volume
from course_lib.objects.kinds.pod.warnings import pod_warnings
from course_lib.objects.manifests import Document
from course_lib.objects.meta import set_condition
from course_lib.objects.quantity import ResourceList

__all__ = [
    "DELETION_COST",
    "Container",
    "ContainerPort",
    "ContainerState",
    "ContainerStatus",
    "EnvVar",
    "EnvVarSource",
    "ExecAction",
    "HTTPGetAction",
    "KeySelector",
    "LifecycleHandler",
    "NodeAffinity",
    "NodeSelectorRequirement",
    "NodeSelectorTerm",
    "Pod",
    "PodAffinity",
    "PodAffinityTerm",
    "PodSpec",
    "PodStatus",
    "PreferredSchedulingTerm",
    "Probe",
    "SecurityContext",
    "SourceName",
    "Toleration",
    "TopologySpreadConstraint",
    "Volume",
    "VolumeMount",
]


def _spec(document: Document) -> None:
    """A Pod without a spec has an empty one, which has no containers."""
    if document.get("spec") is None:
        document["spec"] = {}


def _usage(pod: Pod) -> ResourceList:
    requests, limits = total(pod.spec, "requests"), total(pod.spec, "limits")
    cost = dict(requests)
    cost |= {f"requests.{name}": amount for name, amount in requests.items()}
    cost |= {f"limits.{name}": amount for name, amount in limits.items()}
    return cost


def _first_status(pod: Pod) -> Document:
    """Source: `PrepareForCreate` in `pkg/registry/core/pod/strategy.go`."""
    status: Document = {"phase": "Pending", "qosClass": qos_class(pod.spec)}
    if pod.spec.scheduling_gates:
        message = "Scheduling is blocked due to non-empty scheduling gates"
        now = pod.metadata.creation_timestamp or ""
        stated = set_condition(None, "PodScheduled", "False", now, GATED, message)
        status["conditions"] = [{"lastProbeTime": None} | each for each in stated]
    return status


POD = Kind(
    "v1",
    Pod,
    ("po",),
    categories=("all",),
    generations=True,
    complete=_spec,
    parts={"spec": complete_pod},
    prepare=prepare,
    prepare_update=prepare_update,
    validate=pod_errors,
    validate_beside_spec=errors_beside_spec,
    complete_status=complete_status,
    spec_alone=True,
    selectable=by_path(
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    )
    | {"spec.host": "spec.nodeName", "status.podIPs": ""},  # upstream gives that one no value
    not_simulated=("spec.resources.limits",),
    validate_update=update_errors,
    warnings=pod_warnings,
    validate_status=status_errors,
    status_metadata=("annotations", "labels", "finalizers"),
    first_status=_first_status,
    subresources=(
        Subresource("eviction", "Eviction", "policy"),
        Subresource("binding", "Binding"),
        Subresource("log", "Pod"),
        Subresource("exec", "PodExecOptions"),
        Subresource("attach", "PodAttachOptions"),
        Subresource("portforward", "PodPortForwardOptions"),
        Subresource("resize", "Pod", narrow=narrowed_to_resize, validate=resize_errors),
        Subresource(
            "ephemeralcontainers", "Pod", narrow=narrowed_to_ephemeral, validate=ephemeral_errors
        ),
    ),
    columns=table_columns(
        "Name  Ready  Status  Restarts  Age  +IP  +Node  +Nominated Node  +Readiness Gates"
    ),
    row=lambda pod, now: (*pod_row(pod, now), *pod_row_wide(pod)),
    counted=True,
    usage=_usage,
)
