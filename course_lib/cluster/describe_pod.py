"""A Pod as `kubectl describe pod` writes it.

Source: `describePod` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from course_lib.client import Client
from course_lib.cluster.describe_container import container_lines
from course_lib.cluster.describe_volumes import volume_lines
from course_lib.cluster.describe_words import NONE, date, multiline, notes, stated
from course_lib.engine.ages import since
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.requests import qos_class
from course_lib.objects.kinds.pod.status import FINAL_PHASES
from course_lib.objects.manifests import Document


def pod_lines(api: Client, pod: Pod) -> list[str]:
    """All but the events."""
    document = api.document("Pod", pod.name, pod.namespace)
    spec = document["spec"]
    return [
        *_head(pod, spec),
        *_status(pod, document.get("status", {}), api.sim.now),
        *_containers(pod, document),
        *_conditions(pod),
        *volume_lines(spec.get("volumes") or ()),
        f"QoS Class:\t{qos_class(pod.spec)}",
        *multiline("Node-Selectors", pod.spec.node_selector),
        *_tolerations(pod),
        *_spread(pod),
    ]


def _head(pod: Pod, spec: Document) -> list[str]:
    """Names, priority, node and labels."""
    node = f"{pod.spec.node_name}/{pod.status.host_ip}" if pod.spec.node_name else NONE
    return [
        f"Name:\t{pod.name}",
        f"Namespace:\t{pod.namespace}",
        f"Priority:\t{pod.spec.priority}",
        *stated(
            ("Priority Class Name", pod.spec.priority_class_name),
            ("Runtime Class Name", spec.get("runtimeClassName")),
            ("Service Account", pod.spec.service_account_name),
        ),
        f"Node:\t{node}",
        *stated(("Start Time", date(pod.status.start_time))),
        *multiline("Labels", pod.labels),
        *notes(pod.annotations),
    ]


def _status(pod: Pod, status: Document, now: float) -> list[str]:
    """Phase, reason, addresses and owner; `now` in simulated seconds."""
    lines = [f"Status:\t{pod.status.phase}"]
    if pod.terminating and pod.status.phase not in FINAL_PHASES:
        lasts = since(pod.metadata.deletion_timestamp, now)
        grace = pod.metadata.deletion_grace_period_seconds
        lines = [f"Status:\tTerminating (lasts {lasts})", f"Termination Grace Period:\t{grace}s"]
    addresses = [f"  IP:\t{each['ip']}" for each in status.get("podIPs", ())]
    owner = pod.metadata.controller
    return [
        *lines,
        *stated(("Reason", pod.status.reason), ("Message", pod.status.message)),
        f"IP:\t{pod.status.pod_ip}",
        *(["IPs:", *addresses] if addresses else [f"IPs:\t{NONE}"]),
        *stated(
            ("Controlled By", f"{owner.kind}/{owner.name}" if owner else ""),
            ("NominatedNodeName", pod.status.nominated_node_name),
        ),
    ]


def _containers(pod: Pod, document: Document) -> list[str]:
    lines = []
    for title, containers, statuses in (
        ("Init Containers", pod.spec.init_containers or [], pod.status.init_container_statuses),
        ("Containers", pod.spec.containers, pod.status.container_statuses),
    ):
        if containers:
            known = {each.name: each for each in statuses or ()}
            lines.append(f"{title}:")
            for container in containers:
                lines += container_lines(container, known.get(container.name), document)
    return lines


def _conditions(pod: Pod) -> list[str]:
    lines = []
    conditions = pod.status.conditions or ()
    if pod.spec.readiness_gates:
        by_type = {c.type: c.status for c in conditions}
        gates = [gate.get("conditionType", "") for gate in pod.spec.readiness_gates]
        lines += ["Readiness Gates:", "  Type\tStatus"]
        lines += [f"  {gate} \t{by_type.get(gate, NONE)} " for gate in gates]
    if conditions:
        lines += ["Conditions:", "  Type\tStatus"]
        lines += [f"  {c.type} \t{c.status} " for c in conditions]
    return lines


def _tolerations(pod: Pod) -> list[str]:
    shown = []
    for t in sorted(pod.spec.tolerations or (), key=lambda each: each.key):
        text = t.key
        if t.value:
            text += f"={t.value}"
        if t.effect:
            text += f":{t.effect}"
        if t.operator == "Exists" and not t.value:
            text += " op=Exists" if t.key or t.effect else "op=Exists"
        if t.toleration_seconds is not None:
            text += f" for {t.toleration_seconds}s"
        shown.append(text)
    shown = shown or [NONE]
    return [f"Tolerations:\t{shown[0]}", *(f"\t{text}" for text in shown[1:])]


def _spread(pod: Pod) -> list[str]:
    shown = []
    for c in sorted(pod.spec.topology_spread_constraints or (), key=lambda c: c.topology_key):
        text = f"{c.topology_key}:{c.when_unsatisfiable} when max skew {c.max_skew} is exceeded"
        if c.label_selector is not None:
            text += f" for selector {c.label_selector.selector()}"
        shown.append(text)
    if not shown:
        return []
    return [f"Topology Spread Constraints:\t{shown[0]}", *(f"\t{text}" for text in shown[1:])]
