"""What a container does: the small model that stands for the program inside it (chapter 01).

A real image brings a program; a simulated one brings a `Behaviour`: how long it takes to start,
what CPU and memory it uses over time, how it answers, when and how it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from course_lib.errors import CourseError
from course_lib.images import Reference
from course_lib.objects.quantity import Quantity


class Curve(msgspec.Struct, frozen=True):
    """A quantity over time: straight lines between points (seconds since start, amount).

    Before the first point it has the first amount, after the last the last.

    >>> Curve.of([(0, "10Mi"), (60, "100Mi")]).at(30) == 55 * 2**20
    True
    """

    points: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, given: str | float | Sequence[tuple[float, str | float]] | Curve) -> Curve:
        """A curve from one amount, or from points in order of time; else raises `CourseError`."""
        if isinstance(given, Curve):
            return given
        if isinstance(given, str | int | float):
            return cls(((0.0, float(Quantity(given))),))
        points = tuple((float(t), float(Quantity(amount))) for t, amount in given)
        if not points or list(points) != sorted(points, key=lambda point: point[0]):
            raise CourseError(
                "not a curve",
                expected="points (seconds, amount) in order of time",
                found=str(given),
            )
        return cls(points)

    def at(self, time: float) -> float:
        """The amount at a time."""
        before = self.points[0]
        if time <= before[0]:
            return before[1]
        for after in self.points[1:]:
            if time <= after[0]:
                share = (time - before[0]) / (after[0] - before[0])
                return before[1] + share * (after[1] - before[1])
            before = after
        return before[1]

    @property
    def highest(self) -> float:
        """The largest amount at any time."""
        return max(amount for _, amount in self.points)

    def integral(self, time: float) -> float:
        """The amount summed over the seconds from 0 to a time."""
        knots = [0.0, *(t for t, _ in self.points if 0 < t < time), time]
        return sum((b - a) * (self.at(a) + self.at(b)) / 2 for a, b in pairwise(knots))

    def first_above(self, bound: float) -> float | None:
        """The first time at which the amount exceeds a bound; None if it never does."""
        if self.points[0][1] > bound:
            return 0.0
        for (t0, a0), (t1, a1) in pairwise(self.points):
            if a1 > bound:
                return t0 + (t1 - t0) * (bound - a0) / (a1 - a0)
        return None


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """The life of a simulated program: starts, serves, shuts down when asked, or ends by itself.

    Times are simulated seconds; CPU is in cores, memory in bytes (quantities such as "64Mi" too).
    """

    startup: float = 1.0  # until it first answers
    runs_for: float | None = None  # then it ends by itself; None: it serves until stopped
    exit_code: int = 0  # of an end by itself
    cpu: Curve = Curve.of("5m")  # idle use
    memory: Curve = Curve.of("32Mi")
    cpu_per_request: float = 0.002  # core-seconds
    latency: float = 0.01  # of one request, when it need not queue
    hangs_after: float | None = None  # then it runs but answers nothing (a deadlock)
    shutdown: float = 1.0  # it finishes its work after SIGTERM, still answering, then ends
    exit_on_sigterm: int = 0  # with this code; Java's virtual machine has 143, as if killed
    ignores_sigterm: bool = False  # only SIGKILL ends it

    @classmethod
    def make(cls, **settings: object) -> Behaviour:
        """A behaviour from plain settings; `cpu` and `memory` may be amounts or points.

        Raises `CourseError` for an unknown setting.
        """
        for name in ("cpu", "memory"):
            if name in settings:
                settings[name] = Curve.of(settings[name])  # type: ignore[arg-type]
        unknown = set(settings) - set(cls.__struct_fields__)
        if unknown:
            raise CourseError(
                "no such part of a behaviour",
                expected=", ".join(cls.__struct_fields__),
                found=", ".join(sorted(unknown)),
            )
        return cls(**settings)  # type: ignore[arg-type]


SERVES = Behaviour()
ENDS = Behaviour(startup=0.0, runs_for=5.0)


class Behaviours:
    """Which image does what: set by a notebook, by full name or by repository.

    >>> behaviours = Behaviours()
    >>> behaviours.set("shop:v2", startup=3, hangs_after=120)
    >>> behaviours.of("docker.io/library/shop:v2").startup
    3
    """

    def __init__(self) -> None:
        self._by_image: dict[str, Behaviour] = {}

    def set(self, image: str, behaviour: Behaviour | None = None, **settings: object) -> None:
        """Say what containers of an image do; without a tag, what all tags of it do.

        >>> behaviours = Behaviours()
        >>> behaviours.set("course/slow", startup=50, memory=[(0, "20Mi"), (60, "200Mi")])
        >>> behaviours.of("course/slow:v1").startup
        50
        """
        reference = Reference.parse(image)
        tagged = ":" in image.rpartition("/")[2]
        key = str(reference) if tagged else reference.name
        self._by_image[key] = behaviour or Behaviour.make(**settings)

    def known(self, image: str) -> Behaviour | None:
        """What was set for an image, if anything was."""
        reference = Reference.parse(image)
        return self._by_image.get(str(reference)) or self._by_image.get(reference.name)

    def of(self, image: str, ends: bool = False) -> Behaviour:
        """What a container of this image does.

        What was set for the image wins; else it serves, or ends after five seconds where the Pod
        expects it to end (a Job, an init container).
        """
        return self.known(image) or (ENDS if ends else SERVES)
