"""How many Pods of a controller are in which phase.

Source: `getPodStatusForController` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from collections import Counter

from course_lib.kubectl.describing.described import DescribedObject

PHASES = {"Running": "Running", "Waiting": "Pending", "Succeeded": "Succeeded", "Failed": "Failed"}


def pods_status(controller: DescribedObject, selector: str) -> str:
    """The Pods that a controller made, by their phases; raises `RefusedRequest`.

    `selector` are the labels that they have.
    """
    query = {"labelSelector": selector} if selector else {}
    pods = controller.listed("v1", "pods", controller.namespace, query)
    uid = controller.metadata.get("uid")
    phases = Counter(
        (pod.get("status") or {}).get("phase")
        for pod in pods
        for owner in pod["metadata"].get("ownerReferences") or ()
        if owner.get("controller") and owner.get("uid") == uid
    )
    return " / ".join(f"{phases[phase]} {word}" for word, phase in PHASES.items())
