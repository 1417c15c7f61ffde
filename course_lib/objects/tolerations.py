"""Whether a Pod tolerates a taint (kubernetes.io "Taints and Tolerations")."""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.objects.kinds.node import Taint
from course_lib.objects.kinds.pod import Toleration


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Whether one toleration covers a taint: an empty effect, or key with Exists, covers any."""
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    if toleration.operator == "Exists":
        return True
    return toleration.operator in ("", "Equal") and toleration.value == taint.value


def tolerated(taint: Taint, tolerations: Sequence[Toleration]) -> bool:
    """Whether any of a Pod's tolerations covers a taint."""
    return any(tolerates(toleration, taint) for toleration in tolerations)
