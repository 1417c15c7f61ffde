"""The scheduling framework: extension points, and the plugins that fill them.

For one Pod: QueueSort (in the queue), PreFilter, Filter, PostFilter (preemption), PreScore,
Score, NormalizeScore, Reserve, Permit, Bind. Each plugin answers for all nodes at once.
Source: kubernetes.io "Scheduling Framework"; `pkg/scheduler/framework`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from course_lib.scheduler.nodes import Bools, Ints, Nodes, PodInfo

SUCCESS, UNSCHEDULABLE, UNRESOLVABLE = 0, 2, 3  # upstream's codes; 3: preemption cannot help
MAX_SCORE = 100

# What can make a Pod schedulable again (`framework.ClusterEvent`).
NODE_ADD, NODE_UPDATE, POD_DELETE, CLAIM_UPDATE = "NodeAdd", "NodeUpdate", "PodDelete", "PvcUpdate"


class Verdict(msgspec.Struct, frozen=True, eq=False):
    """A filter's answer: a code for each node, and the reasons for those that failed."""

    codes: NDArray[np.int8]
    reasons: Callable[[int], Sequence[str]]

    @classmethod
    def where(cls, fits: Bools, reason: str, code: int = UNSCHEDULABLE) -> Verdict:
        """The same reason wherever it does not fit."""
        return cls(np.where(fits, SUCCESS, code).astype(np.int8), lambda row: (reason,))


class Plugin:
    """A scheduling plugin; it overrides the extension points that it fills.

    In each plugin's module, in this order: its reasons, its class, and the rule itself.
    """

    name = ""
    events: tuple[str, ...] = (NODE_ADD, NODE_UPDATE)  # that may help a Pod it refused
    filters = False
    scores = False

    def pre_filter(self, pod: PodInfo, nodes: Nodes) -> str:
        """Why no node at all will do; empty to go on."""
        return ""

    def filter(self, pod: PodInfo, nodes: Nodes) -> Verdict:
        """Which nodes will do."""
        raise NotImplementedError

    def score(self, pod: PodInfo, nodes: Nodes, feasible: Ints) -> Ints:
        """A score for each feasible row, in any range that `normalize` can bring to 0..100."""
        raise NotImplementedError

    def normalize(self, scores: Ints) -> Ints:
        """The scores brought to 0..100."""
        return scores


class Diagnosis(msgspec.Struct, eq=False):
    """Why the nodes failed: for each node its code and reasons, and the plugins that said no."""

    codes: NDArray[np.int8]
    reasons: dict[int, Sequence[str]]
    plugins: dict[str, None]
    pre_filter_message: str = ""
    post_filter_message: str = ""

    def message(self) -> str:
        """What `FailedScheduling` says (`FitError.Error`)."""
        text = f"0/{len(self.codes)} nodes are available:"
        if self.pre_filter_message:
            text += f" {self.pre_filter_message}."
        elif self.reasons:
            text += f" {counted(self.reasons)}."
        return f"{text} {self.post_filter_message}".rstrip()


def counted(reasons: dict[int, Sequence[str]]) -> str:
    """Reasons with the number of nodes that gave each, in the order of the text."""
    counts = Counter(reason for given in reasons.values() for reason in given)
    return ", ".join(sorted(f"{count} {reason}" for reason, count in counts.items()))


class Framework:
    """The plugins of one profile, in order, with the weights of their scores."""

    def __init__(self, plugins: Sequence[tuple[Plugin, int]]) -> None:
        self.plugins = [plugin for plugin, _ in plugins]
        self.weights = {plugin.name: weight for plugin, weight in plugins}

    def filter(self, pod: PodInfo, nodes: Nodes) -> Diagnosis:
        """Run PreFilter and Filter; a node's reasons are those of the first plugin to refuse it."""
        diagnosis = Diagnosis(np.zeros(len(nodes), dtype=np.int8), {}, {})
        for plugin in self.plugins:
            if message := plugin.pre_filter(pod, nodes):
                diagnosis.codes[:] = UNRESOLVABLE
                diagnosis.plugins[plugin.name] = None
                diagnosis.pre_filter_message = message
                return diagnosis
        for plugin in (plugin for plugin in self.plugins if plugin.filters):
            verdict = plugin.filter(pod, nodes)
            refused = np.flatnonzero((diagnosis.codes == SUCCESS) & (verdict.codes != SUCCESS))
            diagnosis.codes[refused] = verdict.codes[refused]
            if len(refused):
                diagnosis.plugins[plugin.name] = None
            for row in refused.tolist():
                diagnosis.reasons[row] = verdict.reasons(row)
        return diagnosis

    def score(self, pod: PodInfo, nodes: Nodes, feasible: Ints) -> Ints:
        """The weighted sum of the normalised scores, for each feasible row."""
        total = np.zeros(len(feasible), dtype=np.int64)
        for plugin in (plugin for plugin in self.plugins if plugin.scores):
            scores = plugin.normalize(plugin.score(pod, nodes, feasible))
            total += self.weights[plugin.name] * scores
        return total


def default_normalize(scores: Ints, reverse: bool = False) -> Ints:
    """Scale by the highest score to 0..100 (`helper.DefaultNormalizeScore`)."""
    highest = int(scores.max(initial=0))
    if highest == 0:
        return np.full_like(scores, MAX_SCORE) if reverse else scores
    scaled = scores * MAX_SCORE // highest
    return MAX_SCORE - scaled if reverse else scaled
