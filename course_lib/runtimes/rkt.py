"""rkt: no daemon at all; a Pod is a tree of processes under whoever started it.

Pods were its own idea: one `rkt` process prepares the files, and becomes the Pod, whose first
process is a small systemd. Kubernetes reached it by rktlet, a shim for the CRI.
Source: the rkt documentation, "rkt architecture" (stages), "App sandbox"; rktlet's README.
"""

from __future__ import annotations

from typing import ClassVar

from course_lib.images.oci import PATH
from course_lib.runtimes.base import Step
from course_lib.runtimes.processes import INIT, ProcessRow, pid, program_rows
from course_lib.runtimes.runtime import Runtime


class Rkt(Runtime):
    """A Pod is a process tree; nothing else runs."""

    name = "rkt"
    version = "1.30.0"
    shim = "rktlet"
    story = (
        "CoreOS made it as an alternative to Docker (2014). The CNCF archived it in 2019: do not "
        "use it."
    )
    pod_native = True
    shares_layers = False  # layers are converted into one ACI image, rendered as one tree
    path: ClassVar = {
        "PullImage": (
            Step("rktlet", "rkt", "rkt fetch", 0.1),
            Step("rkt", "registry", "GET manifest, by name", 0.5),
        ),
        "RunPodSandbox": (
            Step("rktlet", "systemd", "systemd-run: rkt app sandbox", 0.1),
            Step("rkt", "CNI plugin", "ADD: an interface and an address", 0.2),
            Step("rkt", "stage1", "systemd-nspawn: namespaces, and a systemd inside", 0.6),
        ),
        "CreateContainer": (Step("rktlet", "rkt", "rkt app add: render the image's tree", 0.4),),
        "StartContainer": (
            Step("rktlet", "rkt", "rkt app start", 0.05),
            Step("rkt", "stage1", "start the unit", 0.05),
        ),
        "StopContainer": (
            Step("rktlet", "rkt", "rkt app stop"),
            Step("rkt", "stage1", "stop the unit: SIGTERM, later SIGKILL"),
        ),
        "ExecSync": (Step("rktlet", "rkt", "rkt enter"),),
        "StopPodSandbox": (
            Step("rktlet", "systemd", "stop the Pod's unit"),
            Step("rkt", "CNI plugin", "DEL: give the address back"),
        ),
        "RemoveContainer": (Step("rktlet", "rkt", "rkt app rm"),),
    }

    def cannot_start(self, id: str, program: str, why: str) -> str:
        """stage1 looks for a program without a path; one with a path systemd cannot start."""
        if "/" in program:
            told = "Permission denied" if "permission" in why else "No such file or directory"
            return f"Failed at step EXEC spawning {program}: {told} (status=203/EXEC)"
        paths = " ".join(f'"{path}"' for path in PATH.split(":"))
        return f'rkt app start: unable to find "{program}" in [{paths}]'

    def cannot_execute(self, id: str, program: str, why: str) -> str:
        """`rkt enter` starts the command itself."""
        told = "Permission denied" if "permission" in why else "No such file or directory"
        return f"rkt enter: can't execute {program}: {told}"

    def processes(self) -> list[ProcessRow]:
        """Below process 1 there are the Pods, and no daemon."""
        rows = []
        for sandbox in self.sandboxes.values():
            if sandbox.ready:
                stage1 = pid(sandbox)
                rows.append(ProcessRow(stage1, INIT, f"systemd-nspawn rkt-{sandbox.id[:8]}"))
                inside = pid(sandbox, 1)
                rows.append(ProcessRow(inside, stage1, "systemd (stage1)"))
                running = [c for c in sandbox.containers.values() if c.running]
                rows += [row for c in running for row in program_rows(c, inside)]
        return rows
