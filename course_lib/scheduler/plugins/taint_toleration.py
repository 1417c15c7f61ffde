"""TaintToleration: a taint keeps away every Pod that does not tolerate it.

NoSchedule and NoExecute filter; PreferNoSchedule costs score.
Source: `pkg/scheduler/framework/plugins/tainttoleration`.
"""

from __future__ import annotations

import numpy as np

from course_lib.objects.cluster import Node, Taint
from course_lib.objects.pod import Toleration
from course_lib.objects.tolerations import tolerated
from course_lib.scheduler.framework import (
    SUCCESS,
    UNRESOLVABLE,
    Plugin,
    Verdict,
    default_normalize,
)
from course_lib.scheduler.nodes import Ints, Nodes, PodInfo

REASON = "node(s) had untolerated taint {{{key}: {value}}}"
HARD = ("NoSchedule", "NoExecute")
SOFT = ("PreferNoSchedule",)


class TaintToleration(Plugin):
    """Filter and score by taints."""

    name = "TaintToleration"
    filters = True
    scores = True

    def filter(self, pod: PodInfo, nodes: Nodes) -> Verdict:
        """Every node without a hard taint that the Pod does not tolerate."""
        counts = untolerated(nodes, HARD, pod.pod.spec.tolerations or [])
        codes = np.where(counts == 0, SUCCESS, UNRESOLVABLE).astype(np.int8)
        return Verdict(codes, lambda row: (_reason(nodes.views[row], pod),))

    def score(self, pod: PodInfo, nodes: Nodes, feasible: Ints) -> Ints:
        """The number of soft taints that the Pod does not tolerate."""
        # Upstream compares these with the tolerations that are for PreferNoSchedule, or for all.
        soft = [t for t in pod.pod.spec.tolerations or [] if t.effect in ("", *SOFT)]
        return untolerated(nodes, SOFT, soft)[feasible]

    def normalize(self, scores: Ints) -> Ints:
        """The fewer, the better."""
        return default_normalize(scores, reverse=True)


def untolerated(nodes: Nodes, effects: tuple[str, ...], tolerations: list[Toleration]) -> Ints:
    """How many taints with these effects each node has that the tolerations do not cover."""
    return np.array(
        [
            sum(taint.effect in effects and not tolerated(taint, tolerations) for taint in taints)
            if (taints := node.spec.taints)
            else 0
            for node in nodes.views
        ],
        dtype=np.int64,
    )


def _reason(node: Node, pod: PodInfo) -> str:
    taint = first_untolerated(node, pod.pod.spec.tolerations or [])
    assert taint is not None
    return REASON.format(key=taint.key, value=taint.value)


def first_untolerated(node: Node, tolerations: list[Toleration]) -> Taint | None:
    """The first hard taint of a node, in its own order, that the tolerations do not cover."""
    hard = (taint for taint in node.spec.taints or () if taint.effect in HARD)
    return next((taint for taint in hard if not tolerated(taint, tolerations)), None)
