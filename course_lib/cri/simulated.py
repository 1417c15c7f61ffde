"""A simulated runtime by itself, without a cluster: for a notebook cell, a test, a socket."""

from __future__ import annotations

from course_lib.cri.client import CRIClient, InProcess
from course_lib.cri.shim import Shim
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.images import Registry
from course_lib.network import FlatNetwork
from course_lib.runtimes import RUNTIMES, Behaviours, Flavour, Runtime
from course_lib.runtimes.files import FileSystem
from course_lib.runtimes.machine import EPOCH_NS

POD_CIDR = "10.88.0.0/16"  # the block that containerd's own examples use


def runtime_named(name: str) -> Flavour:
    """The flavour of a runtime by its name; raises `CourseError` for one that is not simulated."""
    if name not in RUNTIMES:
        raise CourseError("no such runtime", expected=f"one of {', '.join(RUNTIMES)}", found=name)
    return RUNTIMES[name]


def alone(
    name: str,
    registry: Registry | None = None,
    behaviours: Behaviours | None = None,
    seed: int = 0,
    disk: FileSystem | None = None,
    epoch: int = EPOCH_NS,
) -> Runtime:
    """A runtime on a machine of its own, with its network ready.

    `name` is that of a flavour; images come from `registry`, programs run as `behaviours` says;
    `seed` draws what is random, `disk` is the machine's, `epoch` the time at its start (ns).
    """
    made = Runtime(
        runtime_named(name),
        Simulation(seed),
        "machine",
        registry or Registry(),
        behaviours or Behaviours(),
        FlatNetwork(),
        disk=disk,
        epoch=epoch,
    )
    made.sandboxes.set_address_block(POD_CIDR)
    return made


def simulated(
    name: str, registry: Registry | None = None, behaviours: Behaviours | None = None, seed: int = 0
) -> CRIClient:
    """A client beside a simulated runtime `name`: `containerd`, `docker`, `rkt`, `lxd`.

    Images come from `registry`, programs run as `behaviours` says, `seed` draws what is random.
    """
    return CRIClient(InProcess(Shim(alone(name, registry, behaviours, seed))))
