"""TaintNodesByCondition (`plugin/pkg/admission/nodetaint`)."""

from __future__ import annotations

from course_lib.apiserver.admission.pods import NOT_READY
from course_lib.objects.manifests import Document


def taint_node(node: Document) -> None:
    """TaintNodesByCondition: a new node gets no Pods before its kubelet has called it ready.

    The node controller takes the taint away. Simplified: a kubelet of the course registers its node
    when it is ready, and such a node gets no taint.
    Source: `plugin/pkg/admission/nodetaint/admission.go`.
    """
    status, spec = node.get("status"), node.setdefault("spec", {})
    info = status.get("nodeInfo") if isinstance(status, dict) else None
    if isinstance(info, dict) and info.get("kubeletVersion"):
        return
    taints = spec.setdefault("taints", []) if isinstance(spec, dict) else None
    added = {"key": NOT_READY, "effect": "NoSchedule"}
    if isinstance(taints, list) and not any(
        isinstance(taint, dict) and added.items() <= taint.items() for taint in taints
    ):
        taints.append(added)
