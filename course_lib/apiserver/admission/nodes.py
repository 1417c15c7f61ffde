"""TaintNodesByCondition (`plugin/pkg/admission/nodetaint`)."""

from __future__ import annotations

from course_lib.apiserver.admission.pods import NOT_READY
from course_lib.objects.manifests import Document


def taint_node(node: Document) -> None:
    """TaintNodesByCondition: a new node gets no Pods before its kubelet has called it ready.

    The node controller takes the taint away. Simplified: a kubelet of the course registers its node
    when it is ready, and such a node gets no taint. A node for which no block of addresses is left
    is registered as not ready.
    Source: `plugin/pkg/admission/nodetaint/admission.go`.
    """
    status, spec = node.get("status"), node.setdefault("spec", {})
    if isinstance(status, dict) and _registered_ready(status):
        return
    taints = spec.setdefault("taints", []) if isinstance(spec, dict) else None
    added = {"key": NOT_READY, "effect": "NoSchedule"}
    if isinstance(taints, list) and not any(
        isinstance(taint, dict) and added.items() <= taint.items() for taint in taints
    ):
        taints.append(added)


def _registered_ready(status: Document) -> bool:
    """Whether a kubelet says in the status of a new node that the node is ready."""
    info, conditions = status.get("nodeInfo"), status.get("conditions")
    if not isinstance(info, dict) or not info.get("kubeletVersion"):
        return False
    return isinstance(conditions, list) and any(
        isinstance(each, dict) and (each.get("type"), each.get("status")) == ("Ready", "True")
        for each in conditions
    )
