"""Containers, what they do, and the runtime that runs them (chapters 01 and 05)."""

from course_lib.runtimes.behaviour import Behaviour, Behaviours, Curve
from course_lib.runtimes.container import Container, ContainerState
from course_lib.runtimes.plain import PlainRuntime, Sandbox

__all__ = [
    "Behaviour",
    "Behaviours",
    "Container",
    "ContainerState",
    "Curve",
    "PlainRuntime",
    "Sandbox",
]
