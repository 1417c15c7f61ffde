"""rkt: no daemon at all; a Pod is a tree of processes under whoever started it.

Pods were its own idea: one `rkt` process prepares the files, and becomes the Pod, whose first
process is a small systemd. Kubernetes reached it by rktlet, a shim for the CRI.
Source: the rkt documentation, "rkt architecture" (stages), "App sandbox"; rktlet's README.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.images.oci import PATH
from course_lib.runtimes.calls import CallStep, Paths
from course_lib.runtimes.container import RuntimeContainer
from course_lib.runtimes.flavour import Flavour
from course_lib.runtimes.processes import INIT, ProcessRow, pid, program_rows
from course_lib.runtimes.sandbox import Sandbox

PATHS: Paths = {
    "PullImage": (
        CallStep("rktlet", "rkt", "rkt fetch", 0.1),
        CallStep("rkt", "registry", "GET manifest, by name", 0.5),
    ),
    "RunPodSandbox": (
        CallStep("rktlet", "systemd", "systemd-run: rkt app sandbox", 0.1),
        CallStep("rkt", "CNI plugin", "ADD: an interface and an address", 0.2),
        CallStep("rkt", "stage1", "systemd-nspawn: namespaces, and a systemd inside", 0.6),
    ),
    "CreateContainer": (CallStep("rktlet", "rkt", "rkt app add: render the image's tree", 0.4),),
    "StartContainer": (
        CallStep("rktlet", "rkt", "rkt app start", 0.05),
        CallStep("rkt", "stage1", "start the unit", 0.05),
    ),
    "StopContainer": (
        CallStep("rktlet", "rkt", "rkt app stop"),
        CallStep("rkt", "stage1", "stop the unit: SIGTERM, later SIGKILL"),
    ),
    "ExecSync": (CallStep("rktlet", "rkt", "rkt enter"),),
    "StopPodSandbox": (
        CallStep("rktlet", "systemd", "stop the Pod's unit"),
        CallStep("rkt", "CNI plugin", "DEL: give the address back"),
    ),
    "RemoveContainer": (CallStep("rktlet", "rkt", "rkt app rm"),),
}


def _cannot_start(id: str, program: str, why: str) -> str:
    """stage1 looks for a program without a path; one with a path systemd cannot start."""
    if "/" in program:
        told = "Permission denied" if "permission" in why else "No such file or directory"
        return f"Failed at step EXEC spawning {program}: {told} (status=203/EXEC)"
    paths = " ".join(f'"{path}"' for path in PATH.split(":"))
    return f'rkt app start: unable to find "{program}" in [{paths}]'


def _cannot_execute(id: str, program: str, why: str) -> str:
    """`rkt enter` starts the command itself."""
    told = "Permission denied" if "permission" in why else "No such file or directory"
    return f"rkt enter: can't execute {program}: {told}"


def _process_tree(
    up: bool, sandboxes: Sequence[Sandbox], containers: Sequence[RuntimeContainer]
) -> list[ProcessRow]:
    """Below process 1 there are the Pods, and no daemon."""
    rows = []
    for sandbox in sandboxes:
        stage1, inside = pid(sandbox), pid(sandbox, 1)
        rows.append(ProcessRow(stage1, INIT, f"systemd-nspawn rkt-{sandbox.id[:8]}"))
        rows.append(ProcessRow(inside, stage1, "systemd (stage1)"))
        apps = [c for c in containers if c.sandbox is sandbox]
        rows += [row for c in apps for row in program_rows(c, inside)]
    return rows


RKT = Flavour(
    name="rkt",
    version="1.30.0",
    shim="rktlet",
    story=(
        "CoreOS made it as an alternative to Docker (2014). The CNCF archived it in 2019: do not "
        "use it."
    ),
    pod_native=True,
    shares_layers=False,  # layers are converted into one ACI image, rendered as one tree
    paths=PATHS,
    process_tree=_process_tree,
    cannot_start=_cannot_start,
    cannot_execute=_cannot_execute,
)
