"""Run the plugins of one profile, point by point.

Source: `pkg/scheduler/framework/runtime/framework.go`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack

import msgspec
import numpy as np

from course_lib.errors import CourseError
from course_lib.scheduler.checks import check_filter, check_range, check_shape, in_tree
from course_lib.scheduler.framework import Plugin, PostFilterResult, everywhere
from course_lib.scheduler.handle import Handle, Rejection
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.status import UNRESOLVABLE, Diagnosis, Filtered, NodeToStatus
from course_lib.scheduler.types import Amounts, Bools

LEFT_ASIDE = "node(s) didn't satisfy plugin(s) [{name}]"
MAX_WAIT = 15 * 60.0  # s, that a Permit plugin may keep a Pod waiting


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


class SchedulingFramework:
    """The plugins of one profile, at the extension points where they are enabled.

    `at` has the plugins by point (`everywhere` for all that they fill), `weights` those of their
    scores by name (1 unless given), `name` is the `schedulerName` that Pods ask for, `percentage`
    the `percentageOfNodesToScore` (None: every node is scored). The points
    take what those of `Plugin` take: `pod`, `nodes`, `fits`, `diagnosis`, `node` and `handle`.
    """

    def __init__(
        self,
        at: Mapping[str, Sequence[Plugin]],
        weights: Mapping[str, int] | None = None,
        name: str = "",
        percentage: int | None = None,
    ) -> None:
        self.name, self.percentage = name, percentage
        self.at = {point: list(plugins) for point, plugins in at.items()}
        self.weights = dict(weights or {})
        every = [plugin for plugins in self.at.values() for plugin in plugins]
        self.plugins = list({plugin.name: plugin for plugin in every}.values())
        self._arrange()

    def add(self, plugin: Plugin) -> None:
        """Enable one more plugin, at all points that it fills."""
        self.plugins.append(plugin)
        for point, plugins in everywhere([plugin]).items():
            self.at[point] += plugins
        self._arrange()

    def events_of(self, names: Iterable[str]) -> list[str]:
        """The events that may help a Pod which these plugins refused."""
        refusing = set(names)
        return [event for p in self.plugins if p.name in refusing for event in p.events]

    def _arrange(self) -> None:
        self.scorers = [(plugin, self.weights.get(plugin.name) or 1) for plugin in self.at["score"]]
        self.own = {plugin.name: plugin for plugin in self.plugins if not in_tree(plugin)}
        # A plugin of one's own may look at anything, unless it says what it couples.
        self.inscrutable = any(type(p).couples is Plugin.couples for p in self.own.values())
        self._halves: dict[tuple[str, ...], tuple[SchedulingFramework, SchedulingFramework]] = {}

    # In the queue

    def pre_enqueue(self, pod: PodInfo) -> str:
        """The plugin that keeps a Pod out of the queue; empty when it may enter."""
        return next((p.name for p in self.at["preEnqueue"] if p.pre_enqueue(pod)), "")

    # The scheduling cycle

    def filter(self, pod: PodInfo, nodes: Nodes) -> Filtered:
        """Run PreFilter and Filter."""
        said: list[tuple[str, NodeToStatus | None]] = []
        among: Bools | None = None
        for plugin in self.at["preFilter"]:
            result = plugin.pre_filter(pod, nodes)
            if result is not None and result.why:
                none = np.zeros(len(nodes), dtype=bool)
                return Filtered(none, [], (plugin.name, result.why))
            if result is not None and result.only is not None:
                said.append((plugin.name, left := _among(plugin.name, result.only, nodes)))
                among = left.fits if among is None else among & left.fits
        for plugin in self.at["filter"]:
            said.append((plugin.name, verdict := plugin.filter(pod, nodes)))
            if plugin.name in self.own:
                check_filter(plugin, verdict, nodes)
        verdicts = [(name, verdict) for name, verdict in said if verdict is not None]
        if not verdicts:
            return Filtered(np.ones(len(nodes), dtype=bool), [])
        fits = verdicts[0][1].fits
        for _, verdict in verdicts[1:]:
            fits = fits & verdict.fits
        return Filtered(fits, verdicts, among=among)

    def post_filter(
        self, pod: PodInfo, nodes: Nodes, diagnosis: Diagnosis
    ) -> PostFilterResult | None:
        """Run PostFilter until one plugin finds a way; else their messages, in order."""
        messages, nominated = [], None
        for plugin in self.at["postFilter"]:
            result = plugin.post_filter(pod, nodes, diagnosis, self)
            if result is not None and (result.nominated_node or result.final):
                return result
            if result is not None:
                messages.append(result.message)
                nominated = nominated if result.nominated_node is None else result.nominated_node
        return PostFilterResult(", ".join(messages), nominated) if messages else None

    def scores(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> Iterator[Scored]:
        """Run PreScore, Score and NormalizeScore of each plugin that has something to say."""
        silent = {p.name for p in self.at["preScore"] if not p.pre_score(pod, nodes, fits)}
        for plugin, weight in self.scorers:
            if plugin.name not in silent:
                yield self._scored(plugin, weight, pod, nodes, fits)

    def _scored(
        self, plugin: Plugin, weight: int, pod: PodInfo, nodes: Nodes, fits: Bools
    ) -> Scored:
        own, raw = plugin.name in self.own, plugin.score(pod, nodes, fits)
        if own:
            check_shape(plugin, raw, nodes, "Score")
        normalised = plugin.normalize_score(raw, fits)
        if own:
            check_shape(plugin, normalised, nodes, "NormalizeScore")
            check_range(plugin, normalised, nodes, fits)
        return Scored(plugin.name, weight, raw, normalised)

    def total(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> Amounts:
        """The weighted sum of the normalised scores; -1 where the Pod does not fit."""
        total = np.zeros(len(nodes))
        for scored in self.scores(pod, nodes, fits):
            total += scored.weighted
        if not fits.all():
            total[~fits] = -1
        return total

    def reserve(self, pod: PodInfo, nodes: Nodes, node: str) -> Rejection | None:
        """Run Reserve of a Pod that is counted on its node, until a plugin rejects it."""
        for plugin in self.at["reserve"]:
            if why := plugin.reserve(pod, nodes, node):
                return plugin.name, why
        return None

    def unreserve(self, pod: PodInfo, nodes: Nodes, node: str) -> None:
        """Run Unreserve of all plugins that reserve, in reverse, also after an error of one."""
        with ExitStack() as stack:
            for plugin in self.at["reserve"]:
                stack.callback(plugin.unreserve, pod, nodes, node)

    def permit(
        self, pod: PodInfo, node: str, handle: Handle
    ) -> tuple[Rejection | None, dict[str, float]]:
        """Run Permit: the rejection, or how long (simulated s) each plugin lets the Pod wait."""
        waits: dict[str, float] = {}
        for plugin in self.at["permit"]:
            permission = plugin.permit(pod, node, handle)
            if permission is not None and permission.why:
                return (plugin.name, permission.why), {}
            if permission is not None and permission.wait:
                waits[plugin.name] = min(permission.wait, MAX_WAIT)
        return None, waits

    # The binding cycle

    def pre_bind_pre_flight(self, pod: PodInfo, node: str) -> bool:
        """Whether any PreBind plugin has something to do for a Pod."""
        return any(plugin.pre_bind_pre_flight(pod, node) for plugin in self.at["preBind"])

    def bind(self, pod: PodInfo, node: str, handle: Handle) -> None:
        """Run Bind until one plugin handles the Pod; raises what the API refuses."""
        if not any(plugin.bind(pod, node, handle) for plugin in self.at["bind"]):
            raise CourseError(
                f"no Bind plugin of profile {self.name!r} binds Pod {pod.pod.name}",
                do="enable DefaultBinder at bind",
            )

    def post_bind(self, pod: PodInfo, node: str, handle: Handle) -> None:
        """Run PostBind."""
        for plugin in self.at["postBind"]:
            plugin.post_bind(pod, node, handle)

    def couples(self, pod: PodInfo, nodes: Nodes) -> bool:
        """Whether any plugin's answer for one node depends on others."""
        return any(plugin.couples(pod, nodes) for plugin in self.plugins)

    def by_coupling(
        self, pods: Sequence[PodInfo], nodes: Nodes
    ) -> tuple[SchedulingFramework, SchedulingFramework | None]:
        """The plugins that look at each node by itself, and those that do not (None: all do).

        `pods` are those that are scheduled: what couples for one of them counts for all, as each
        may be the other Pod that another one looks at.
        """
        coupled = tuple(
            plugin.name
            for plugin in self.plugins
            if any(plugin.couples(pod, nodes) for pod in pods)
        )
        if not coupled:
            return self, None
        if coupled not in self._halves:
            alone, together = (
                SchedulingFramework(
                    {
                        point: [p for p in plugins if (p.name in coupled) == wanted]
                        for point, plugins in self.at.items()
                    },
                    self.weights,
                    self.name,
                )
                for wanted in (False, True)
            )
            self._halves[coupled] = alone, together
        return self._halves[coupled]


def _among(name: str, only: frozenset[str], nodes: Nodes) -> NodeToStatus:
    """PreFilter's choice of nodes: the others are left aside before any filter is asked."""
    fits = np.array([node in only for node in nodes.names], dtype=bool)
    return NodeToStatus.where(fits, LEFT_ASIDE.format(name=name), UNRESOLVABLE)
