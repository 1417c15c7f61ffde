"""Docker: a platform, whose daemon has containerd do the work.

The kubelet could not speak to it by the CRI, so it carried an adapter, the dockershim, which
turned each call into one of Docker's own API; dockerd passed it on to containerd. Kubernetes 1.24
dropped the adapter: containerd is asked straight, by the CRI, and images stay the same.
Source: kubernetes.io "Dockershim: The Historical Context", "Check whether dockershim removal
affects you"; docs.docker.com "Live restore".
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.runtimes.calls import CallStep, Paths
from course_lib.runtimes.container import RuntimeContainer
from course_lib.runtimes.containerd import SHIM, shim_command
from course_lib.runtimes.flavour import Flavour
from course_lib.runtimes.processes import INIT, ProcessRow, pid, program_rows
from course_lib.runtimes.sandbox import Sandbox

ADAPTER = 0.05  # s, for the two more processes that a call passes


def _asked(api: str, seconds: float = ADAPTER) -> CallStep:
    return CallStep("dockershim", "dockerd", api, seconds)


PATHS: Paths = {
    "PullImage": (
        _asked("POST /images/create"),
        CallStep("dockerd", "registry", "GET manifest, by name", 0.5),
    ),
    "RunPodSandbox": (
        _asked("POST /containers/create, then start: the pause container"),
        CallStep("dockerd", "containerd", "create the container and its task"),
        CallStep("containerd", SHIM, "start a shim", 0.1),
        CallStep(SHIM, "runc", "create and start the pause container", 0.2),
        CallStep("dockershim", "CNI plugin", "ADD: an interface and an address", 0.2),
    ),
    "CreateContainer": (
        _asked("POST /containers/create"),
        CallStep("dockerd", "graph driver", "a writable layer on the image's", 0.1),
    ),
    "StartContainer": (
        _asked("POST /containers/{id}/start"),
        CallStep("dockerd", "containerd", "create the container and its task"),
        CallStep("containerd", SHIM, "start a shim, create the task", 0.02),
        CallStep(SHIM, "runc", "create: namespaces, cgroup, root file system", 0.06),
        CallStep("runc", "container", "start the program, and leave", 0.02),
    ),
    "StopContainer": (
        _asked("POST /containers/{id}/stop"),
        CallStep("dockerd", "containerd", "kill: SIGTERM, later SIGKILL"),
        CallStep("containerd", SHIM, "kill"),
        CallStep(SHIM, "container", "signal"),
    ),
    "ExecSync": (
        _asked("POST /containers/{id}/exec, then start", 0.0),
        CallStep("dockerd", "containerd", "exec"),
        CallStep("containerd", SHIM, "exec"),
        CallStep(SHIM, "runc", "a process in the container's namespaces"),
    ),
    "StopPodSandbox": (
        _asked("POST /containers/{id}/stop: the pause container"),
        CallStep("dockershim", "CNI plugin", "DEL: give the address back"),
    ),
    "RemoveContainer": (_asked("DELETE /containers/{id}"),),
}


def _cannot_start(id: str, program: str, why: str) -> str:
    """The daemon's answer, passed on by the dockershim."""
    return (
        f'failed to start container "{id}": Error response from daemon: failed to create shim '
        "task: OCI runtime create failed: runc create failed: unable to start container "
        f'process: exec: "{program}": {why}: unknown'
    )


def _cannot_execute(id: str, program: str, why: str) -> str:
    """The daemon's answer, passed on by the dockershim."""
    return (
        "OCI runtime exec failed: exec failed: unable to start container process: "
        f'exec: "{program}": {why}: unknown'
    )


def _process_tree(
    up: bool, sandboxes: Sequence[Sandbox], containers: Sequence[RuntimeContainer]
) -> list[ProcessRow]:
    """Two daemons, and beside them a shim for each container, the pause container's too."""
    rows = [ProcessRow(650, INIT, "dockerd")] if up else []
    rows.append(ProcessRow(700, INIT, "containerd"))
    for sandbox in sandboxes:
        rows.append(ProcessRow(pid(sandbox), INIT, shim_command(sandbox.id)))
        rows.append(ProcessRow(pid(sandbox, 1), pid(sandbox), "/pause"))
    for container in containers:
        shim = pid(container, 1)
        rows.append(ProcessRow(shim, INIT, shim_command(container.id)))
        rows += program_rows(container, shim)
    return rows


DOCKER = Flavour(
    name="docker",
    version="20.10.24",
    shim="dockershim",
    story=(
        "The platform that made containers common (2013). Kubernetes used it through the "
        "dockershim until 1.24 (2022). Since then Kubernetes uses containerd without Docker."
    ),
    daemon="dockerd",
    outlives_daemon=False,  # without live-restore, which is off by default
    keeps_compressed=False,  # its graph driver keeps unpacked layers only
    paths=PATHS,
    process_tree=_process_tree,
    cannot_start=_cannot_start,
    cannot_execute=_cannot_execute,
)
