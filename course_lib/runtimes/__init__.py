"""Containers, what they do, and the runtimes that run them (chapters 01 and 05)."""

from course_lib.runtimes.behaviour import Behaviour, Behaviours, Curve
from course_lib.runtimes.calls import CallStep, TimedStep
from course_lib.runtimes.container import OCIStatus, RuntimeContainer
from course_lib.runtimes.containerd import CONTAINERD
from course_lib.runtimes.docker import DOCKER
from course_lib.runtimes.errors import RuntimeFault
from course_lib.runtimes.flavour import Flavour
from course_lib.runtimes.lxd import LXD
from course_lib.runtimes.rkt import RKT
from course_lib.runtimes.runtime import Runtime
from course_lib.runtimes.sandbox import Sandbox

RUNTIMES: dict[str, Flavour] = {each.name: each for each in (CONTAINERD, DOCKER, RKT, LXD)}

__all__ = [
    "RUNTIMES",
    "Behaviour",
    "Behaviours",
    "CallStep",
    "Curve",
    "Flavour",
    "OCIStatus",
    "Runtime",
    "RuntimeContainer",
    "RuntimeFault",
    "Sandbox",
    "TimedStep",
]
