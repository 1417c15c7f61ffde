"""From scores to a node: the highest wins, and ties are broken at random.

Source: `selectHost` in `pkg/scheduler/schedule_one.go`. Upstream looks at a sample of the nodes
of a large cluster (`percentageOfNodesToScore`); here every node is looked at.

`framework` has the profile's plugins, `pod` is the Pod that is scheduled, `nodes` the snapshot;
`rng` breaks ties.
"""

from __future__ import annotations

import random

import numpy as np

from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.runtime import SchedulingFramework
from course_lib.scheduler.status import Diagnosis
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


def decide(
    framework: SchedulingFramework, pod: PodInfo, nodes: Nodes, rng: random.Random
) -> tuple[int, Diagnosis | None]:
    """The row of the node for one Pod; or -1, with the reasons."""
    filtered = framework.filter(pod, nodes)
    if not filtered.fits.any():
        return -1, Diagnosis.of(filtered)
    return best(framework.total(pod, nodes, filtered.fits), rng), None


def place(framework: SchedulingFramework, pod: PodInfo, nodes: Nodes, rng: random.Random) -> int:
    """Decide, and count the Pod there; returns the row, or -1 where it cannot be placed."""
    filtered = framework.filter(pod, nodes)
    if not filtered.fits.any():
        return -1
    row = best(framework.total(pod, nodes, filtered.fits), rng)
    node = nodes.names[row]
    assumed = pod.assumed(node)
    nodes.add(assumed, node)
    if framework.reserve(assumed, nodes, node) is not None:
        framework.unreserve(assumed, nodes, node)
        nodes.remove(assumed, node)
        return -1
    return row
