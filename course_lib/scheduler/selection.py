"""From scores to a node: the highest wins, and ties are broken at random.

Source: `selectHost` in `pkg/scheduler/schedule_one.go`. Upstream looks at a sample of the nodes
of a large cluster; here every node is looked at, unless the configuration has
`percentageOfNodesToScore` (`sampling`).

`framework` has the profile's plugins, `pod` is the Pod that is scheduled, `nodes` the snapshot;
`rng` breaks ties.
"""

from __future__ import annotations

import random

import numpy as np

from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.runtime import SchedulingFramework
from course_lib.scheduler.sampling import NodeSampling
from course_lib.scheduler.status import Diagnosis, Filtered
from course_lib.scheduler.types import Amounts


def draw(equals: int, rng: random.Random) -> int:
    """Draw an index below `equals`, uniformly at random."""
    return int(rng.random() * equals)


def best(total: Amounts, rng: random.Random) -> int:
    """The row with the highest score; -1 where no node fits (and all scores are -1)."""
    top = total.max(initial=-1)
    if top < 0:
        return -1
    equals = np.flatnonzero(total == top)
    return int(equals[draw(len(equals), rng)])


def select(
    framework: SchedulingFramework,
    pod: PodInfo,
    nodes: Nodes,
    rng: random.Random,
    known: Amounts | None = None,
    sampling: NodeSampling | None = None,
) -> tuple[int, Filtered]:
    """The row of the node for one Pod, or -1; and what the filters said.

    `known` are the scores of plugins that are not among those of `framework`; -1 where a node does
    not fit. With `sampling` some of the nodes are enough, if the profile says so.
    """
    filtered = framework.filter(pod, nodes)
    fits = filtered.fits if known is None else filtered.fits & (known >= 0)
    if sampling is not None and framework.percentage is not None:
        fits = sampling.sample(filtered, nodes, framework.percentage)
    if not fits.any():
        return -1, filtered
    total = framework.total(pod, nodes, fits)
    if known is not None:
        total = np.where(fits, total + known, -1)
    return best(total, rng), filtered


def decide(
    framework: SchedulingFramework,
    pod: PodInfo,
    nodes: Nodes,
    rng: random.Random,
    sampling: NodeSampling | None = None,
) -> tuple[int, Diagnosis | None]:
    """The row of the node for one Pod; or -1, with the reasons.

    With `sampling` some of the nodes are enough, if the profile says so.
    """
    row, filtered = select(framework, pod, nodes, rng, sampling=sampling)
    return row, Diagnosis.of(filtered) if row < 0 else None
