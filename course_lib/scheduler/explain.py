"""Why a Pod goes where it goes: what every plugin said of every node (chapter 04).

The real scheduler keeps this to itself, but for its log at high verbosity; here it is a table.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.runtime import SchedulingFramework, Scored
from course_lib.scheduler.status import Filtered

SUM = "(sum)"
DETAIL = ["NODE", "PLUGIN", "VERDICT", "REASONS", "RAW", "SCORE", "WEIGHT", "WEIGHTED", "OUTCOME"]
TEXTS = ("NODE", "PLUGIN", "VERDICT", "REFUSED BY", "REASONS", "OUTCOME")  # the others: numbers
Row = list[str | int | None]


def explain(
    framework: SchedulingFramework, pod: PodInfo, nodes: Nodes
) -> tuple[list[str], list[Row]]:
    """One row a node: who refused it and why, what each plugin added, the sum, and the outcome:
    `chosen`, or `tie` where one of the equals is chosen at random.

    `framework` has the profile's plugins, `pod` is the Pod in question, `nodes` the snapshot.
    """
    filtered, scores, total = _asked(framework, pod, nodes)
    outcomes = _outcomes(total)
    refusals = {row: (plugin, ", ".join(why)) for row, plugin, _, why in filtered.refusals()}
    names = [f"{score.plugin} ×{score.weight}" for score in scores]
    columns = ["NODE", "REFUSED BY", "REASONS", *names, "SUM", "OUTCOME"]
    weighted = [_each(score.weighted, nodes) for score in scores]
    rows: list[Row] = []
    for row, node in enumerate(nodes.names):
        fits = bool(filtered.fits[row])
        plugin, why = ("", "") if fits else refusals.get(row, filtered.pre_filter)
        cells = [values[row] if fits else None for values in weighted]
        rows.append([node, plugin, why, *cells, int(total[row]) if fits else None, outcomes[row]])
    return columns, rows


def explain_in_detail(
    framework: SchedulingFramework, pod: PodInfo, nodes: Nodes
) -> tuple[list[str], list[Row]]:
    """One row a node and plugin: the verdict of each filter with its reasons; each raw score, the
    same normalised and weighted; and a row `(sum)` for each node that fits.

    `framework` has the profile's plugins, `pod` is the Pod in question, `nodes` the snapshot.
    """
    filtered, scores, total = _asked(framework, pod, nodes)
    outcomes = _outcomes(total)
    rows: list[Row] = []
    for row, node in enumerate(nodes.names):
        if filtered.pre_filter[1]:
            plugin, why = filtered.pre_filter
            rows.append([node, plugin, "no node will do", why, *[None] * 4, ""])
        for name, verdict in filtered.verdicts:
            fits = bool(verdict.fits[row])
            why = "" if fits else ", ".join(verdict.why(row)[1])
            rows.append([node, name, "fits" if fits else "refused", why, *[None] * 4, ""])
        for score in scores if filtered.fits[row] else ():
            raw, normalised = _each(score.raw, nodes)[row], _each(score.normalised, nodes)[row]
            added = _each(score.weighted, nodes)[row]
            rows.append([node, score.plugin, "", "", raw, normalised, score.weight, added, ""])
        if filtered.fits[row]:
            sums = [None, None, None, int(total[row])]
            rows.append([node, SUM, "", "", *sums, outcomes[row]])
    return DETAIL, rows


def _asked(
    framework: SchedulingFramework, pod: PodInfo, nodes: Nodes
) -> tuple[Filtered, list[Scored], np.ndarray]:
    filtered = framework.filter(pod, nodes)
    if not filtered.fits.any():
        return filtered, [], np.full(len(nodes), -1.0)
    scores = list(framework.scores(pod, nodes, filtered.fits))
    return filtered, scores, framework.total(pod, nodes, filtered.fits)


def _outcomes(total: np.ndarray) -> list[str]:
    top = total.max(initial=-1)
    equals = int((total == top).sum())
    word = "chosen" if equals == 1 else "tie"
    return [word if value == top >= 0 else "" for value in total.tolist()]


def _each(values: np.ndarray, nodes: Nodes) -> Sequence[int]:
    """A score for each node, as whole numbers."""
    every = np.nan_to_num(np.broadcast_to(values, len(nodes)))
    whole: list[int] = every.astype(int).tolist()
    return whole
