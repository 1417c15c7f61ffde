"""What an update may change in a Pod.

Source: `ValidatePodUpdate` in `pkg/apis/core/validation/validation.go` of Kubernetes.
"""

from __future__ import annotations

from course_lib.objects.kind import Problems
from course_lib.objects.manifests import Document
from course_lib.objects.rules import changed

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def pod_update_rules(before: Document, after: Document) -> Problems:
    """Of a Pod's containers only the image may change; tolerations come, and gates go."""
    old, new = before["spec"], after["spec"]

    def rest(spec: Document, group: str) -> list[Document]:
        return [{k: v for k, v in c.items() if k != "image"} for c in spec.get(group, ())]

    for group in ("containers", "initContainers"):
        if rest(old, group) != rest(new, group):
            expected = "no change but to image: delete the Pod and make another"
            yield changed(f"spec.{group}", expected)
    kept = [_untimed(each) for each in new.get("tolerations", ())]
    if any(_untimed(each) not in kept for each in old.get("tolerations", ())):
        yield changed("spec.tolerations", "only additions, and other tolerationSeconds")
    yield from _placement(old, new)
    for gate in new.get("schedulingGates", ()):
        if gate not in old.get("schedulingGates", ()):
            expected = f"only deletion is allowed, but found new scheduling gate '{gate['name']}'"
            yield changed("spec.schedulingGates", expected)
    sooner = new.get("activeDeadlineSeconds"), old.get("activeDeadlineSeconds")
    if sooner[1] is not None and (sooner[0] is None or sooner[0] > sooner[1]):
        expected = f"must be less than or equal to previous value {sooner[1]}"
        yield changed("spec.activeDeadlineSeconds", expected)


def _untimed(toleration: Document) -> Document:
    """A toleration without its seconds, which may change."""
    return {key: value for key, value in toleration.items() if key != "tolerationSeconds"}


def _placement(old: Document, new: Document) -> Problems:
    """While a Pod has scheduling gates, its choice of nodes may become narrower.

    `old` and `new` are the specs before and after an update.
    """
    gated = bool(old.get("schedulingGates"))
    before, after = (spec.get("nodeSelector") or {} for spec in (old, new))
    if before != after and not (gated and before.items() <= after.items()):
        yield changed("spec.nodeSelector", "only additions, and only while the Pod is gated")
    had, has = (dict(spec.get("affinity") or {}) for spec in (old, new))
    first, second = (dict(each.pop("nodeAffinity", None) or {}) for each in (had, has))
    required = [
        (each.pop(REQUIRED, None) or {}).get("nodeSelectorTerms", []) for each in (first, second)
    ]
    if had != has or (not gated and (first, required[0]) != (second, required[1])):
        yield changed("spec.affinity", "only node affinity, and only while the Pod is gated")
    elif required[0] and not _only_additions(*required):
        yield changed("spec.affinity.nodeAffinity", "only additions to the terms that there are")


def _only_additions(old: list[Document], new: list[Document]) -> bool:
    """Whether terms of a node selector only got more requirements."""
    return len(old) == len(new) and all(
        after.get(field, [])[: len(before.get(field, []))] == before.get(field, [])
        and (bool(before) or not after)
        for before, after in zip(old, new, strict=True)
        for field in ("matchExpressions", "matchFields")
    )
