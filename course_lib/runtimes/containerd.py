"""containerd: a daemon that keeps images and starts containers, and a shim beside each Pod.

The shim, not the daemon, is the parent of the containers: the daemon can be restarted or renewed
while they run. Its CRI plugin answers the kubelet itself, so nothing stands between.
Source: containerd.io "Runtime v2" (shims), `docs/cri/architecture.md`.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.runtimes.calls import CallStep, Paths
from course_lib.runtimes.container import RuntimeContainer
from course_lib.runtimes.flavour import Flavour
from course_lib.runtimes.processes import INIT, ProcessRow, pid, program_rows
from course_lib.runtimes.sandbox import Sandbox

SHIM = "containerd-shim"


def shim_command(id: str) -> str:
    """A shim's command line."""
    return f"{SHIM}-runc-v2 -id {id[:12]}"


PATHS: Paths = {
    "PullImage": (CallStep("containerd", "registry", "GET manifest, by name", 0.5),),
    "RunPodSandbox": (
        CallStep("containerd", "CNI plugin", "ADD: an interface and an address", 0.2),
        CallStep("containerd", SHIM, "start a shim for the Pod", 0.1),
        CallStep(SHIM, "runc", "create and start the pause container", 0.2),
    ),
    "CreateContainer": (
        CallStep("containerd", "snapshotter", "prepare a writable layer on the image's", 0.1),
    ),
    "StartContainer": (
        CallStep("containerd", SHIM, "create the task", 0.02),
        CallStep(SHIM, "runc", "create: namespaces, cgroup, root file system", 0.06),
        CallStep("runc", "container", "start the program, and leave", 0.02),
    ),
    "StopContainer": (
        CallStep("containerd", SHIM, "kill: SIGTERM, later SIGKILL"),
        CallStep(SHIM, "container", "signal"),
    ),
    "ExecSync": (
        CallStep("containerd", SHIM, "exec"),
        CallStep(SHIM, "runc", "a process in the container's namespaces"),
    ),
    "StopPodSandbox": (
        CallStep("containerd", SHIM, "kill what is left, and the pause container"),
        CallStep("containerd", "CNI plugin", "DEL: give the address back"),
    ),
    "RemoveContainer": (CallStep("containerd", "snapshotter", "remove the writable layer"),),
}


def _cannot_start(id: str, program: str, why: str) -> str:
    """As containerd 2.3 and runc 1.5 say it."""
    return (
        "failed to create containerd task: failed to create shim task: "
        "OCI runtime create failed: runc create failed: unable to start container process: "
        f'error during container init: exec: "{program}": {why}'
    )


def _cannot_execute(id: str, program: str, why: str) -> str:
    """As containerd 2.3 and runc 1.5 say it."""
    return (
        f'failed to exec in container: failed to start exec "{id}": OCI runtime exec failed: '
        f'exec failed: unable to start container process: exec: "{program}": {why}'
    )


def _process_tree(
    up: bool, sandboxes: Sequence[Sandbox], containers: Sequence[RuntimeContainer]
) -> list[ProcessRow]:
    """The daemon, and beside it a shim for each Pod: parent of pause and of the containers."""
    rows = [ProcessRow(700, INIT, "containerd")] if up else []
    for sandbox in sandboxes:
        shim = pid(sandbox)
        rows.append(ProcessRow(shim, INIT, shim_command(sandbox.id)))
        rows.append(ProcessRow(pid(sandbox, 1), shim, "/pause"))
        running = [c for c in containers if c.sandbox is sandbox]
        rows += [row for c in running for row in program_rows(c, shim)]
    return rows


CONTAINERD = Flavour(
    name="containerd",
    version="2.3.7",
    shim="CRI plugin",
    story="Split from Docker in 2016, in the CNCF since 2017. Most clusters use it today.",
    daemon="containerd",
    paths=PATHS,
    process_tree=_process_tree,
    cannot_start=_cannot_start,
    cannot_execute=_cannot_execute,
)
