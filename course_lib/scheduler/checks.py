"""Check what a plugin of one's own answers; the plugins in the tree are known to be right.

Source: `RunScorePlugins` in `pkg/scheduler/framework/runtime/framework.go`, which refuses invalid
scores. Arrays are the simulation's own, so the checks of their shape are too.

`plugin` gave the `answer` or the `scores` at an extension `point`; `nodes` is the snapshot, and
`fits` says which nodes count.
"""

from __future__ import annotations

import numpy as np

from course_lib.errors import CourseError
from course_lib.scheduler.framework import MAX_SCORE, Plugin
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.status import NodeToStatus
from course_lib.scheduler.types import Amounts, Bools

IN_TREE = "course_lib.scheduler.plugins."
ROUNDING = 1e-6  # by which a score may miss its range


def in_tree(plugin: Plugin) -> bool:
    """Whether a plugin is one of the package's."""
    return type(plugin).__module__.startswith(IN_TREE)


def check_filter(plugin: Plugin, answer: object, nodes: Nodes) -> None:
    """Raise `CourseError` unless Filter answers with a boolean for each node, or with None."""
    if answer is None:
        return
    fits = answer.fits if isinstance(answer, NodeToStatus) else answer
    right = isinstance(fits, np.ndarray) and fits.dtype == bool and fits.shape == (len(nodes),)
    if fits is answer or not right:
        raise CourseError(
            f"Filter of plugin {plugin.name} returns an invalid answer",
            expected=f"NodeToStatus with an array of {len(nodes)} booleans, one for each node",
            found=_form(fits),
            do="make it from `nodes.names` or from the columns of `nodes`",
        )


def check_shape(plugin: Plugin, scores: object, nodes: Nodes, point: str) -> None:
    """Raise `CourseError` unless there is a number for each node (or one for all of them)."""
    right = isinstance(scores, np.ndarray) and scores.shape in ((), (len(nodes),))
    if not (right and isinstance(scores, np.ndarray) and scores.dtype.kind in "biuf"):
        raise CourseError(
            f"{point} of plugin {plugin.name} returns an invalid score",
            expected=f"an array of {len(nodes)} numbers, one for each node",
            found=_form(scores),
            do="start from `nodes.zeros()`",
        )


def check_range(plugin: Plugin, scores: Amounts, nodes: Nodes, fits: Bools) -> None:
    """Raise `CourseError` for a score outside 0..100 after NormalizeScore."""
    every = np.broadcast_to(scores, fits.shape)
    valid = (every >= -ROUNDING) & (every <= MAX_SCORE + ROUNDING)  # False for NaN too
    for row in np.flatnonzero(fits & ~valid).tolist():
        raise CourseError(
            f"plugin {plugin.name} returns an invalid score",
            where=f"Node {nodes.names[row]}",
            expected=f"0 to {MAX_SCORE} after NormalizeScore",
            found=str(every[row]),
            do="bring the scores into this range in `normalize_score`",
        )


def _form(values: object) -> str:
    """What kind of thing a plugin returned."""
    if isinstance(values, np.ndarray):
        return f"an array of {values.dtype}, shape {values.shape}"
    return type(values).__name__
