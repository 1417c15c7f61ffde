"""The scheduling framework: extension points, and the plugins that fill them.

For one Pod: QueueSort (in the queue), PreFilter, Filter, PostFilter (preemption), PreScore,
Score, NormalizeScore, Reserve, Permit, Bind. Each plugin answers for all nodes at once.
Source: kubernetes.io "Scheduling Framework"; `pkg/scheduler/framework`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.types import Amounts, Bools

SUCCESS, UNSCHEDULABLE, UNRESOLVABLE = 0, 2, 3  # upstream's codes; 3: preemption cannot help
MAX_SCORE = 100
LEFT_ASIDE = "node(s) didn't satisfy plugin(s) [{name}]"

# What can make a Pod schedulable again (`framework.ClusterEvent`).
NODE_ADD, NODE_UPDATE, POD_DELETE, CLAIM_UPDATE = "NodeAdd", "NodeUpdate", "PodDelete", "PvcUpdate"
POD_ADD, POD_UPDATE = "PodAdd", "PodUpdate"

Refusal = tuple[int, Sequence[str]]  # code and reasons


class Verdict(msgspec.Struct, frozen=True, eq=False):
    """A filter's answer: which nodes will do, and why one (by its row) will not."""

    fits: Bools
    why: Callable[[int], Refusal]

    @classmethod
    def where(cls, fits: Bools, reason: str, code: int = UNSCHEDULABLE) -> Verdict:
        """The same reason wherever it does not fit."""
        return cls(fits, lambda row: (code, (reason,)))


class Plugin:
    """A scheduling plugin; it overrides the extension points that it fills.

    In each plugin's module, in this order: its reasons, its class, and the rule itself. An answer
    of None means that the plugin has nothing to say of this Pod (upstream's status Skip).
    """

    name = ""
    events: tuple[str, ...] = (NODE_ADD, NODE_UPDATE)  # that may help a Pod it refused
    filters = False
    scores = False

    def pre_filter(self, pod: PodInfo, nodes: Nodes) -> str:
        """Why no node at all will do; empty to go on."""
        return ""

    def only(self, pod: PodInfo) -> set[str] | None:
        """The names of the nodes to look at, where PreFilter can tell; None for all."""
        return None

    def filter(self, pod: PodInfo, nodes: Nodes) -> Verdict | None:
        """Which nodes will do."""
        return None

    def score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> Amounts | None:
        """A score for each node, in any range that `normalize` can bring to 0..100; those of
        nodes that do not fit count for nothing.
        """
        return None

    def normalize(self, scores: Amounts, fits: Bools) -> Amounts:
        """The scores brought to 0..100."""
        return scores

    def reserve(self, pod: PodInfo, nodes: Nodes, row: int) -> None:
        """The Pod is placed: note what it takes, beyond the amounts that are counted anyway."""

    def couples(self, pod: PodInfo, nodes: Nodes) -> bool:
        """Whether one node's answer hangs on other nodes, or on more than amounts on this one."""
        return False


class Filtered(msgspec.Struct, frozen=True, eq=False):
    """The nodes that passed all filters, and what each filter said."""

    fits: Bools
    verdicts: Sequence[tuple[str, Verdict]]
    pre_filter: tuple[str, str] = ("", "")  # plugin and message, where no node will do

    def refusals(self) -> Iterator[tuple[int, str, int, Sequence[str]]]:
        """Row, plugin, code and reasons for each refused node, of the first to refuse it."""
        for row in np.flatnonzero(~self.fits).tolist():
            for name, verdict in self.verdicts:
                if not verdict.fits[row]:
                    yield row, name, *verdict.why(row)
                    break


class Diagnosis(msgspec.Struct, eq=False):
    """Why the nodes failed: for each node its code and reasons, and the plugins that said no."""

    codes: NDArray[np.int8]
    reasons: dict[int, Sequence[str]]
    plugins: dict[str, None]
    pre_filter_message: str = ""
    post_filter_message: str = ""

    @classmethod
    def of(cls, found: Filtered) -> Diagnosis:
        """Read off the filters' answers."""
        diagnosis = cls(np.zeros(len(found.fits), dtype=np.int8), {}, {})
        name, message = found.pre_filter
        if message:
            diagnosis.codes[:] = UNRESOLVABLE
            diagnosis.plugins[name] = None
            diagnosis.pre_filter_message = message
        else:
            for row, plugin, code, reasons in found.refusals():
                diagnosis.codes[row], diagnosis.reasons[row] = code, reasons
                diagnosis.plugins[plugin] = None
        return diagnosis

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


class Scored(msgspec.Struct, frozen=True, eq=False):
    """One plugin's scores of all nodes."""

    plugin: str
    weight: int
    raw: Amounts
    normalised: Amounts

    @property
    def weighted(self) -> Amounts:
        """What it adds to the sum."""
        return self.normalised if self.weight == 1 else self.weight * self.normalised


class Framework:
    """The plugins of one profile: those that filter, and those that score with their weights."""

    def __init__(
        self,
        filters: Sequence[Plugin],
        scores: Sequence[tuple[Plugin, int]],
        name: str = "",
        preempts: bool = True,
    ) -> None:
        self.name = name  # of the profile: the schedulerName that Pods ask for
        self.preempts = preempts
        self.filters = [plugin for plugin in filters if plugin.filters]
        self._pre_filters = [p for p in self.filters if type(p).pre_filter is not Plugin.pre_filter]
        self._only = [p for p in self.filters if type(p).only is not Plugin.only]
        self.scorers = [(plugin, weight) for plugin, weight in scores if plugin.scores]
        every = [*filters, *(plugin for plugin, _ in scores)]
        self.plugins = list({plugin.name: plugin for plugin in every}.values())

    def filter(self, pod: PodInfo, nodes: Nodes) -> Filtered:
        """Run PreFilter and Filter."""
        for plugin in self._pre_filters:
            if message := plugin.pre_filter(pod, nodes):
                none = np.zeros(len(nodes), dtype=bool)
                return Filtered(none, [], (plugin.name, message))
        said = [(plugin.name, _among(plugin, pod, nodes)) for plugin in self._only]
        said += [(plugin.name, plugin.filter(pod, nodes)) for plugin in self.filters]
        verdicts = [(name, verdict) for name, verdict in said if verdict is not None]
        if not verdicts:
            return Filtered(np.ones(len(nodes), dtype=bool), [])
        fits = verdicts[0][1].fits
        for _, verdict in verdicts[1:]:
            fits = fits & verdict.fits
        return Filtered(fits, verdicts)

    def scores(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> Iterator[Scored]:
        """Run PreScore, Score and NormalizeScore of each plugin that has something to say."""
        for plugin, weight in self.scorers:
            raw = plugin.score(pod, nodes, fits)
            if raw is not None:
                yield Scored(plugin.name, weight, raw, plugin.normalize(raw, fits))

    def total(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> Amounts:
        """The weighted sum of the normalised scores; -1 where the Pod does not fit."""
        total = np.zeros(len(nodes))
        for found in self.scores(pod, nodes, fits):
            total += found.weighted
        if not fits.all():
            total[~fits] = -1
        return total

    def reserve(self, pod: PodInfo, nodes: Nodes, row: int) -> None:
        """Run Reserve, and count the Pod on its node."""
        nodes.add(pod, nodes.names[row])
        for plugin in self.filters:
            plugin.reserve(pod, nodes, row)

    def couples(self, pod: PodInfo, nodes: Nodes) -> bool:
        """Whether any plugin's answer for one node hangs on others."""
        return any(plugin.couples(pod, nodes) for plugin in self.plugins)


def _among(plugin: Plugin, pod: PodInfo, nodes: Nodes) -> Verdict | None:
    """PreFilter's choice of nodes: the others are left aside before any filter is asked."""
    names = plugin.only(pod)
    if names is None:
        return None
    fits = np.array([name in names for name in nodes.names], dtype=bool)
    return Verdict.where(fits, LEFT_ASIDE.format(name=plugin.name), UNRESOLVABLE)


def highest(scores: Amounts, fits: Bools) -> float:
    """The highest score of the nodes that fit; 0 where there are none."""
    every = scores.ndim == 0 or fits.all()
    return float(scores.max(initial=0) if every else scores.max(initial=0, where=fits))


def default_normalize(scores: Amounts, fits: Bools, reverse: bool = False) -> Amounts:
    """Scale by the highest score to 0..100 (`helper.DefaultNormalizeScore`)."""
    top = highest(scores, fits)
    if top == 0:
        return np.full_like(scores, MAX_SCORE) if reverse else scores
    scaled = np.floor(scores * MAX_SCORE / top)
    return MAX_SCORE - scaled if reverse else scaled
