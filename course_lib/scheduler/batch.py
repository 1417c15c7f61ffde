"""A list of Pods, placed in order, each on the very node that it would get by itself.

Stretches of few shapes, for which no plugin couples, are counted on the snapshot together at their
end; others one by one. A property test compares the decisions.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.runtime import SchedulingFramework
from course_lib.scheduler.wave import MOST_SHAPES, Wave

WORTHWHILE = 24  # Pods for each shape, from which on they are counted together
LONGEST = 65536  # Pods in one stretch


def place_all(
    framework: SchedulingFramework, pods: Sequence[PodInfo], nodes: Nodes, rng: random.Random
) -> list[int]:
    """The rows of the Pods' nodes, -1 for those that fit nowhere; they are counted on `nodes`.

    `framework` decides for each of `pods` in turn; `rng` breaks ties.
    """
    rows: list[int] = []
    wave = Wave(framework, nodes, rng)
    for stretch, shapes in _stretches(pods):
        many = len(stretch) >= WORTHWHILE * len(shapes)
        if many and not any(framework.couples(pod, nodes) for pod in shapes):
            rows += _together(wave, stretch)
        else:
            rows += [_by_itself(wave, pod) for pod in stretch]
    return rows


def _by_itself(wave: Wave, pod: PodInfo) -> int:
    """Place one Pod, and count it; -1 where it cannot be placed."""
    framework, nodes = wave.framework, wave.nodes
    row = wave.choose(pod)
    if row < 0:
        return -1
    node = nodes.names[row]
    assumed = pod.assumed(node)
    nodes.add(assumed, node)
    wave.note(pod, row)
    if framework.reserve(assumed, nodes, node) is not None:
        framework.unreserve(assumed, nodes, node)
        nodes.remove(assumed, node)
        return -1
    return row


def _together(wave: Wave, stretch: Sequence[PodInfo]) -> list[int]:
    """Place Pods of few shapes; the snapshot is brought up to date when another shape joins."""
    rows: list[int] = []
    shapes: dict[bytes, PodInfo] = {}
    placed: dict[bytes, list[tuple[PodInfo, int]]] = {}

    def settle() -> None:
        for same in placed.values():
            wave.nodes.add_many(same)
            same.clear()
        wave.open(shapes.values())

    for pod in stretch:
        if pod.shape not in shapes:
            shapes[pod.shape], placed[pod.shape] = pod, []
            settle()
        row = wave.choose(pod)
        if row >= 0:
            placed[pod.shape].append((pod, row))
            wave.note(pod, row)
        rows.append(row)
        if wave.full:
            settle()
    settle()
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
