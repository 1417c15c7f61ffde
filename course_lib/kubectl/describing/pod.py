"""A Pod: where it runs, its containers and volumes, and in what state they are.

Source: `PodDescriber` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from course_lib.kubectl.describing import containers, events, placement, volumes
from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.values import date
from course_lib.kubectl.describing.writing import (
    NONE,
    Lines,
    field,
    indented,
    labels,
    stated,
    titled,
)
from course_lib.objects.manifests import Document

MIRROR = "kubernetes.io/config.mirror"
GROUPS = {
    "Init Containers": ("initContainers", "initContainerStatuses"),
    "Containers": ("containers", "containerStatuses"),
    "Ephemeral Containers": ("ephemeralContainers", "ephemeralContainerStatuses"),
}


def lines(pod: DescribedObject) -> Lines:
    """All but the events."""
    spec, status = pod.spec, pod.status
    yield from _who(pod)
    yield from _phase(pod)
    yield from _addresses(status)
    yield from pod.controller()
    yield from stated(("NominatedNodeName", status.get("nominatedNodeName")))
    if spec.get("resources") is not None:
        yield from titled("Resources", containers.resources(spec["resources"]))
    for title, (group, statuses) in GROUPS.items():
        if spec.get(group) or group == "containers":
            yield from containers.of_pod(title, spec.get(group) or (), statuses, pod.document)
    yield from _conditions(pod)
    yield from volumes.of_pod(spec.get("volumes") or ())
    yield field("QoS Class", status.get("qosClass"))
    yield from labels("Node-Selectors", spec.get("nodeSelector"))
    yield from placement.tolerations(spec.get("tolerations"))
    yield from placement.spread(spec.get("topologySpreadConstraints"))
    yield from placement.group(spec)


def found_events(pod: DescribedObject) -> list[Document]:
    """Its events; those of a static Pod name the UID that the kubelet knows."""
    notes = pod.metadata.get("annotations") or {}
    return events.about(pod, "", notes.get(MIRROR) or pod.metadata.get("uid", ""))


def _who(pod: DescribedObject) -> Lines:
    spec, status = pod.spec, pod.status
    node = spec.get("nodeName")
    yield field("Name", pod.name)
    yield field("Namespace", pod.namespace)
    yield from stated(
        ("Priority", spec.get("priority")),
        ("Priority Class Name", spec.get("priorityClassName")),
        ("Runtime Class Name", spec.get("runtimeClassName")),
        ("Service Account", spec.get("serviceAccountName")),
        ("Node", f"{node}/{status.get('hostIP', '')}" if node else NONE),
        ("Start Time", status.get("startTime") and date(status["startTime"])),
    )
    yield from pod.marks()


def _phase(pod: DescribedObject) -> Lines:
    phase, gone = pod.status.get("phase", ""), pod.until_gone()
    if gone and phase not in ("Failed", "Succeeded"):
        yield field("Status", gone)
        yield field("Termination Grace Period", f"{pod.at('metadata.deletionGracePeriodSeconds')}s")
    else:
        yield field("Status", phase)
    yield from stated(("Reason", pod.status.get("reason")), ("Message", pod.status.get("message")))
    profile = pod.at("spec.securityContext.seccompProfile")
    if profile:
        yield field("SeccompProfile", profile.get("type"))
        if profile.get("type") == "Localhost":
            yield field("LocalhostProfile", profile.get("localhostProfile"))


def _addresses(status: Document) -> Lines:
    yield field("IP", status.get("podIP"))
    addresses = status.get("podIPs")
    if addresses:
        yield from titled("IPs", (field("IP", each.get("ip")) for each in addresses))
    else:
        yield field("IPs", NONE)


def _conditions(pod: DescribedObject) -> Lines:
    """Gates that others open, and the conditions; as in the real one, blanks end the cells."""
    conditions = pod.status.get("conditions") or ()
    states: dict[str, str] = {}
    for each in conditions:
        states.setdefault(each["type"], each.get("status", ""))
    gates = [each["conditionType"] for each in pod.spec.get("readinessGates") or ()]
    if gates:
        yield from _states("Readiness Gates", [(gate, states.get(gate, NONE)) for gate in gates])
    if conditions:
        yield from _states("Conditions", [(c["type"], c.get("status", "")) for c in conditions])


def _states(title: str, states: list[tuple[str, str]]) -> Lines:
    rows = (f"{name} \t{state} " for name, state in states)
    yield f"{title}:"
    yield from indented(["Type\tStatus", *rows])
