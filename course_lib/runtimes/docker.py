"""Docker: a platform, whose daemon has containerd do the work.

The kubelet could not speak to it by the CRI, so it carried an adapter, the dockershim, which
turned each call into one of Docker's own API; dockerd passed it on to containerd. Kubernetes 1.24
dropped the adapter: containerd is asked straight, by the CRI, and images stay the same.
Source: kubernetes.io "Dockershim: The Historical Context", "Check whether dockershim removal
affects you"; docs.docker.com "Live restore".
"""

from __future__ import annotations

from typing import Any, ClassVar

from course_lib.runtimes.base import Step
from course_lib.runtimes.containerd import SHIM, Containerd, shim_command
from course_lib.runtimes.processes import INIT, ProcessRow, pid, program_rows

ADAPTER = 0.05  # s, for the two more processes that a call passes


def _asked(api: str, seconds: float = ADAPTER) -> Step:
    return Step("dockershim", "dockerd", api, seconds)


class Docker(Containerd):
    """dockershim, dockerd, and behind them containerd.

    With `live_restore` containers go on while dockerd is away; by default they end with it.
    """

    name = "docker"
    version = "20.10.24"
    shim = "dockershim"
    story = (
        "The platform that made containers common (2013). Kubernetes used it through the "
        "dockershim until 1.24 (2022). Since then Kubernetes uses containerd without Docker."
    )
    daemon = "dockerd"
    keeps_compressed = False  # its graph driver keeps unpacked layers only
    path: ClassVar = {
        "PullImage": (
            _asked("POST /images/create"),
            Step("dockerd", "registry", "GET manifest, by name", 0.5),
        ),
        "RunPodSandbox": (
            _asked("POST /containers/create, then start: the pause container"),
            Step("dockerd", "containerd", "create the container and its task"),
            Step("containerd", SHIM, "start a shim", 0.1),
            Step(SHIM, "runc", "create and start the pause container", 0.2),
            Step("dockershim", "CNI plugin", "ADD: an interface and an address", 0.2),
        ),
        "CreateContainer": (
            _asked("POST /containers/create"),
            Step("dockerd", "graph driver", "a writable layer on the image's", 0.1),
        ),
        "StartContainer": (
            _asked("POST /containers/{id}/start"),
            Step("dockerd", "containerd", "create the container and its task"),
            Step("containerd", SHIM, "start a shim, create the task", 0.02),
            Step(SHIM, "runc", "create: namespaces, cgroup, root file system", 0.06),
            Step("runc", "container", "start the program, and leave", 0.02),
        ),
        "StopContainer": (
            _asked("POST /containers/{id}/stop"),
            Step("dockerd", "containerd", "kill: SIGTERM, later SIGKILL"),
            Step("containerd", SHIM, "kill"),
            Step(SHIM, "container", "signal"),
        ),
        "ExecSync": (
            _asked("POST /containers/{id}/exec, then start", 0.0),
            Step("dockerd", "containerd", "exec"),
            Step("containerd", SHIM, "exec"),
            Step(SHIM, "runc", "a process in the container's namespaces"),
        ),
        "StopPodSandbox": (
            _asked("POST /containers/{id}/stop: the pause container"),
            Step("dockershim", "CNI plugin", "DEL: give the address back"),
        ),
        "RemoveContainer": (_asked("DELETE /containers/{id}"),),
    }

    def __init__(self, *arguments: Any, live_restore: bool = False, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.outlives_daemon = live_restore

    def cannot_start(self, id: str, program: str, why: str) -> str:
        """The daemon's answer, passed on by the dockershim."""
        return (
            f'failed to start container "{id}": Error response from daemon: failed to create shim '
            "task: OCI runtime create failed: runc create failed: unable to start container "
            f'process: exec: "{program}": {why}: unknown'
        )

    def cannot_execute(self, id: str, program: str, why: str) -> str:
        """The daemon's answer, passed on by the dockershim."""
        return (
            "OCI runtime exec failed: exec failed: unable to start container process: "
            f'exec: "{program}": {why}: unknown'
        )

    def processes(self) -> list[ProcessRow]:
        """Two daemons, and beside them a shim for each container, the pause container's too."""
        rows = [ProcessRow(650, INIT, "dockerd")] if self.up else []
        rows.append(ProcessRow(700, INIT, "containerd"))
        for sandbox in self.sandboxes.values():
            if sandbox.ready:
                rows.append(ProcessRow(pid(sandbox), INIT, shim_command(sandbox.id)))
                rows.append(ProcessRow(pid(sandbox, 1), pid(sandbox), "/pause"))
        for container in self.containers.values():
            if container.running:
                shim = pid(container, 1)
                rows.append(ProcessRow(shim, INIT, shim_command(container.id)))
                rows += program_rows(container, shim)
        return rows
