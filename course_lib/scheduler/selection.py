"""From scores to a node: the highest wins, and lots are drawn among equals.

Source: `selectHost` in `pkg/scheduler/schedule_one.go`. Upstream looks at a sample of the nodes
of a large cluster (`percentageOfNodesToScore`); here every node is looked at.
"""

from __future__ import annotations

import random

import numpy as np

from course_lib.scheduler.framework import Diagnosis, Framework
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.types import Amounts


def draw(equals: int, lots: random.Random) -> int:
    """Which of so many equals, each as likely as the others."""
    return int(lots.random() * equals)


def best(total: Amounts, lots: random.Random) -> int:
    """The row with the highest score; -1 where no node fits (and all scores are -1)."""
    top = total.max(initial=-1)
    if top < 0:
        return -1
    equals = np.flatnonzero(total == top)
    return int(equals[draw(len(equals), lots)])


def decide(
    framework: Framework, pod: PodInfo, nodes: Nodes, lots: random.Random
) -> tuple[int, Diagnosis | None]:
    """The row of the node for one Pod; or -1, with the reasons."""
    found = framework.filter(pod, nodes)
    if not found.fits.any():
        return -1, Diagnosis.of(found)
    return best(framework.total(pod, nodes, found.fits), lots), None


def place(framework: Framework, pod: PodInfo, nodes: Nodes, lots: random.Random) -> int:
    """Decide, and count the Pod there; returns the row, or -1."""
    found = framework.filter(pod, nodes)
    if not found.fits.any():
        return -1
    row = best(framework.total(pod, nodes, found.fits), lots)
    framework.reserve(pod, nodes, row)
    return row
