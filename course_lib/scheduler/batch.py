"""A list of Pods, placed in order: stretches of few shapes in a wave, others one by one.

Either way each Pod gets the very node that it would get by itself: a property test compares them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.runtime import SchedulingFramework
from course_lib.scheduler.selection import place
from course_lib.scheduler.wave import Wave

MOST_SHAPES = 6  # in one wave
WORTH = 24  # Pods for each shape, below which a wave costs more than it saves
LONGEST = 65536  # Pods in one wave


def place_all(
    framework: SchedulingFramework, pods: Sequence[PodInfo], nodes: Nodes, rng: random.Random
) -> list[int]:
    """The rows of the Pods' nodes, -1 for those that fit nowhere; they are counted on `nodes`.

    `framework` decides for each of `pods` in turn; `rng` breaks ties.
    """
    rows: list[int] = []
    for stretch, shapes in _stretches(pods):
        worth = len(stretch) >= WORTH * len(shapes)
        if worth and not any(framework.couples(pod, nodes) for pod in shapes):
            wave = Wave(framework, nodes, rng)
            rows += [wave.place(pod) for pod in stretch]
            wave.settle()
        else:
            rows += [place(framework, pod, nodes, rng) for pod in stretch]
    return rows


def _stretches(pods: Sequence[PodInfo]) -> Iterator[tuple[Sequence[PodInfo], list[PodInfo]]]:
    """Cut a list where the shapes become too many; with one Pod of each shape."""
    start = 0
    shapes: dict[bytes, PodInfo] = {}
    for position, pod in enumerate(pods):
        full = pod.shape not in shapes and len(shapes) == MOST_SHAPES
        if full or position - start == LONGEST:
            yield pods[start:position], list(shapes.values())
            start, shapes = position, {}
        shapes.setdefault(pod.shape, pod)
    if shapes:
        yield pods[start:], list(shapes.values())
