"""ImageLocality: better a node that has the Pod's images already.

Source: `pkg/scheduler/framework/plugins/imagelocality`.
"""

from __future__ import annotations

import numpy as np

from course_lib.scheduler.framework import MAX_SCORE, Plugin
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.types import NOTHING, Amounts, Bools

MIN_THRESHOLD = 23 * 2**20  # bytes: below it an image is too small to matter
MAX_CONTAINER_THRESHOLD = 1000 * 2**20  # bytes for each container: above it the score is full


class ImageLocality(Plugin):
    """Score by the images on a node."""

    name = "ImageLocality"

    def score(self, pod: PodInfo, nodes: Nodes, fits: Bools) -> Amounts:
        """The bytes that need not be pulled, scaled to 0..100."""
        spec = pod.pod.spec
        names = tuple(c.image for c in [*(spec.init_containers or ()), *spec.containers])

        def work_out() -> Amounts:
            if not any(nodes.image(name)[1] for name in names):
                return NOTHING
            total = nodes.zeros()
            for name in names:
                present, size = nodes.image(name)
                total += present * spread(size, int(present.sum()), len(nodes))
            return scaled(total, len(names))

        return nodes.remember(("image locality", names), work_out)


def spread(size: int, holders: int, nodes: int) -> int:
    """An image counts by the share of nodes that have it, so that Pods do not gather on one node.

    `size` is the image's (bytes), `holders` of so many `nodes` have it.
    """
    return int(size * (holders / nodes)) if nodes else 0


def scaled(total: Amounts, containers: int) -> Amounts:
    """Between the two thresholds, in proportion."""
    maximum = MAX_CONTAINER_THRESHOLD * max(1, containers)
    bounded = np.clip(total, MIN_THRESHOLD, maximum)
    return np.floor(MAX_SCORE * (bounded - MIN_THRESHOLD) / (maximum - MIN_THRESHOLD))
