"""ImageLocality: better a node that has the Pod's images already.

Source: `pkg/scheduler/framework/plugins/imagelocality`.
"""

from __future__ import annotations

import numpy as np

from course_lib.scheduler.framework import MAX_SCORE, Plugin
from course_lib.scheduler.nodes import Ints, Nodes, PodInfo

MIN_THRESHOLD = 23 * 2**20  # bytes: below it an image is too small to matter
MAX_CONTAINER_THRESHOLD = 1000 * 2**20  # bytes for each container: above it the score is full


class ImageLocality(Plugin):
    """Score by the images on a node."""

    name = "ImageLocality"
    scores = True

    def score(self, pod: PodInfo, nodes: Nodes, feasible: Ints) -> Ints:
        """The bytes that need not be pulled, scaled to 0..100."""
        spec = pod.pod.spec
        containers = [*(spec.init_containers or ()), *spec.containers]
        total = np.zeros(len(nodes), dtype=np.int64)
        for container in containers:
            present, size = nodes.image(container.image)
            total += present * spread(size, int(present.sum()), len(nodes))
        return scaled(total, len(containers))[feasible]


def spread(size: int, holders: int, nodes: int) -> int:
    """An image counts by the share of nodes that have it, lest Pods heap up on one node."""
    return int(size * (holders / nodes)) if nodes else 0


def scaled(total: Ints, containers: int) -> Ints:
    """Between the two thresholds, in proportion."""
    maximum = MAX_CONTAINER_THRESHOLD * max(1, containers)
    bounded = np.clip(total, MIN_THRESHOLD, maximum)
    return MAX_SCORE * (bounded - MIN_THRESHOLD) // (maximum - MIN_THRESHOLD)
