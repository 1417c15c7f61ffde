"""Containers, what they do, and the runtimes that run them (chapters 01 and 05)."""

from course_lib.runtimes.base import Hop, Step
from course_lib.runtimes.behaviour import Behaviour, Behaviours, Curve
from course_lib.runtimes.container import Container, ContainerState
from course_lib.runtimes.containerd import Containerd
from course_lib.runtimes.docker import Docker
from course_lib.runtimes.errors import RuntimeFault
from course_lib.runtimes.lxd import Lxd
from course_lib.runtimes.rkt import Rkt
from course_lib.runtimes.runtime import Runtime
from course_lib.runtimes.sandbox import Sandbox

RUNTIMES: dict[str, type[Runtime]] = {kind.name: kind for kind in (Containerd, Docker, Rkt, Lxd)}

__all__ = [
    "RUNTIMES",
    "Behaviour",
    "Behaviours",
    "Container",
    "ContainerState",
    "Containerd",
    "Curve",
    "Docker",
    "Hop",
    "Lxd",
    "Rkt",
    "Runtime",
    "RuntimeFault",
    "Sandbox",
    "Step",
]
