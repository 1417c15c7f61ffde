"""lxd: system containers, each with an init of its own, as if it were a small machine.

Made for whole Linux systems, not for single programs: an image is a root file system, and what
runs first is an init. Kubernetes reached it by LXE, a shim for the CRI, in which a sandbox is an
LXD profile.
Source: the LXD documentation, "About images", "Instances"; LXE's README.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.runtimes.calls import CallStep, Paths
from course_lib.runtimes.container import RuntimeContainer
from course_lib.runtimes.flavour import Flavour
from course_lib.runtimes.processes import INIT, ProcessRow, pid, program_rows
from course_lib.runtimes.sandbox import Sandbox

PATHS: Paths = {
    "PullImage": (
        CallStep("lxe", "lxd", "POST /1.0/images", 0.1),
        CallStep("lxd", "registry", "find the image by its alias", 0.5),
    ),
    "RunPodSandbox": (
        CallStep("lxe", "lxd", "POST /1.0/profiles", 0.1),
        CallStep("lxd", "CNI plugin", "ADD: an interface and an address", 0.2),
    ),
    "CreateContainer": (
        CallStep("lxe", "lxd", "POST /1.0/instances", 0.1),
        CallStep("lxd", "storage pool", "clone the root file system", 0.4),
    ),
    "StartContainer": (
        CallStep("lxe", "lxd", "PUT /1.0/instances/{name}/state: start", 0.1),
        CallStep("lxd", "lxc monitor", "namespaces, cgroup", 0.2),
        CallStep("lxc monitor", "init", "boot", 1.2),
        CallStep("init", "container", "start the program", 0.1),
    ),
    "StopContainer": (
        CallStep("lxe", "lxd", "PUT /1.0/instances/{name}/state: stop"),
        CallStep("lxd", "lxc monitor", "SIGPWR to the init, later SIGKILL"),
    ),
    "ExecSync": (
        CallStep("lxe", "lxd", "POST /1.0/instances/{name}/exec"),
        CallStep("lxd", "lxc monitor", "a process in the container's namespaces"),
    ),
    "StopPodSandbox": (CallStep("lxd", "CNI plugin", "DEL: give the address back"),),
    "RemoveContainer": (CallStep("lxe", "lxd", "DELETE /1.0/instances/{name}"),),
}


def _cannot_start(id: str, program: str, why: str) -> str:
    """liblxc starts the program."""
    told = "Permission denied" if "permission" in why else "No such file or directory"
    return f'lxc-start: start.c: start: {told} - Failed to exec "{program}"'


def _cannot_execute(id: str, program: str, why: str) -> str:
    """LXD tells only these two apart."""
    return "Command not executable" if "permission" in why else "Command not found"


def _process_tree(
    up: bool, sandboxes: Sequence[Sandbox], containers: Sequence[RuntimeContainer]
) -> list[ProcessRow]:
    """The monitors are children of process 1: the daemon can go and come."""
    rows = [ProcessRow(700, INIT, "lxd")] if up else []
    for container in containers:
        monitor = pid(container, 1)
        rows.append(ProcessRow(monitor, INIT, f"[lxc monitor] {container.spec.name}"))
        rows.append(ProcessRow(pid(container, 2), monitor, "/sbin/init"))
        rows += program_rows(container, pid(container, 2))
    return rows


LXD = Flavour(
    name="lxd",
    version="3.0.4",
    shim="lxe",
    story=(
        "Canonical's manager of system containers (2015). Its community now develops Incus (2023). "
        "Few clusters ever used LXE, its shim for the CRI."
    ),
    pod_native=True,  # a sandbox is a profile: no process holds it
    shares_layers=False,  # an image is one root file system
    daemon="lxd",
    paths=PATHS,
    process_tree=_process_tree,
    cannot_start=_cannot_start,
    cannot_execute=_cannot_execute,
)
