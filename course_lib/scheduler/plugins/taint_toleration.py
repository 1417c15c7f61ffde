"""TaintToleration: a taint keeps away every Pod that does not tolerate it.

NoSchedule and NoExecute filter; PreferNoSchedule costs score.
Source: `pkg/scheduler/framework/plugins/tainttoleration`.
"""

from __future__ import annotations

import numpy as np

from course_lib.objects.kinds.pod import Toleration
from course_lib.objects.tolerations import tolerated
from course_lib.scheduler.framework import (
    MAX_SCORE,
    NODE_ADD,
    NODE_UPDATE,
    Plugin,
    default_normalize,
)
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.status import UNRESOLVABLE, NodeToStatus
from course_lib.scheduler.types import NOTHING, Amounts, Bools

REASON = "node(s) had untolerated taint(s)"  # which ones, the scheduler writes into its log
HARD = ("NoSchedule", "NoExecute")
SOFT = ("PreferNoSchedule",)
ALL: Amounts = np.array(float(MAX_SCORE))  # the same for all nodes, where none has a soft taint


class TaintToleration(Plugin):
    """Filter and score by taints."""

    name = "TaintToleration"
    events = (NODE_ADD, NODE_UPDATE)

    def filter(self, pod: PodInfo, nodes: Nodes) -> NodeToStatus | None:
        """Every node without a hard taint that the Pod does not tolerate."""
        tolerations = pod.pod.spec.tolerations or []
        counts = untolerated(nodes, HARD, tolerations)
        if counts is None:
            return None
        return NodeToStatus.where(counts == 0, REASON, UNRESOLVABLE)

    def score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> Amounts:
        """The number of soft taints that the Pod does not tolerate."""
        counts = untolerated(nodes, SOFT, soft(pod))
        return NOTHING if counts is None else counts

    def normalize_score(self, scores: Amounts, fits: Bools) -> Amounts:
        """The fewer, the better."""
        return ALL if scores is NOTHING else default_normalize(scores, fits, reverse=True)

    def couples(self, pod: PodInfo, nodes: Nodes) -> bool:
        """Counts are compared with the highest among the nodes that fit."""
        return untolerated(nodes, SOFT, soft(pod)) is not None


def soft(pod: PodInfo) -> list[Toleration]:
    """The tolerations that count against soft taints: those of their effect, or of all effects."""
    return [t for t in pod.pod.spec.tolerations or [] if t.effect in ("", *SOFT)]


def untolerated(
    nodes: Nodes, effects: tuple[str, ...], tolerations: list[Toleration]
) -> Amounts | None:
    """How many taints with these effects each node has that the tolerations do not cover; None
    where no node has any.

    `nodes` is the snapshot.
    """

    def work_out() -> Amounts | None:
        codes, lists = nodes.taints()
        counts = [
            sum(taint.effect in effects and not tolerated(taint, tolerations) for taint in taints)
            for taints in lists
        ]
        return np.array(counts, dtype=float)[codes] if any(counts) else None

    return nodes.remember(("untolerated", effects, tuple(tolerations)), work_out)
