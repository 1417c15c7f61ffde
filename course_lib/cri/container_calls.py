"""The RuntimeService's calls for containers, and for commands in them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from course_lib.cri import messages as v1
from course_lib.cri.handlers import Handlers, given, matches
from course_lib.cri.translate import (
    STATES,
    container_parts,
    container_spec,
    container_status,
    invalid,
    resources,
)
from course_lib.runtimes import RuntimeContainer, RuntimeFault
from course_lib.runtimes.calls import Operation
from course_lib.runtimes.commands import Commands
from course_lib.runtimes.containers import Containers
from course_lib.runtimes.errors import CREATING
from course_lib.runtimes.machine import RuntimeMachine
from course_lib.runtimes.processes import pid
from course_lib.runtimes.sandboxes import Sandboxes


class ContainerCalls:
    """Make, start, stop and remove `containers` of `sandboxes`, look at them, run `commands` in
    them; `machine` is the node.
    """

    def __init__(
        self,
        sandboxes: Sandboxes,
        containers: Containers,
        commands: Commands,
        machine: RuntimeMachine,
    ) -> None:
        self._sandboxes, self._containers = sandboxes, containers
        self._commands, self._machine = commands, machine
        self.handlers: Handlers = {
            "CreateContainer": self.create,
            "StartContainer": self.start,
            "StopContainer": self.stop,
            "RemoveContainer": self.remove,
            "ListContainers": self.list,
            "StreamContainers": self.stream,
            "ContainerStatus": self.status,
            "UpdateContainerResources": self.update_resources,
            "ReopenContainerLog": self.reopen_log,
            "ExecSync": self.exec_sync,
        }

    def create(self, request: v1.CreateContainerRequest) -> Operation[v1.CreateContainerResponse]:
        """Make a container; its program does not run yet."""
        spec = container_spec(request.config)
        sandbox = self._sandboxes.by_id(request.pod_sandbox_id, CREATING)
        container = yield from self._containers.create(sandbox, spec)
        return v1.CreateContainerResponse(container_id=container.id)

    def start(self, request: v1.StartContainerRequest) -> Operation[v1.StartContainerResponse]:
        """Start its program."""
        yield from self._containers.start(request.container_id)
        return v1.StartContainerResponse()

    def stop(self, request: v1.StopContainerRequest) -> Operation[v1.StopContainerResponse]:
        """Ask its program to end, and end it when it does not."""
        id = given(request.container_id, "container_id")
        yield from self._containers.stop(id, max(0, request.timeout))
        return v1.StopContainerResponse()

    def remove(self, request: v1.RemoveContainerRequest) -> Operation[v1.RemoveContainerResponse]:
        """Remove it."""
        yield from self._containers.remove(given(request.container_id, "container_id"))
        return v1.RemoveContainerResponse()

    def list(self, request: v1.ListContainersRequest) -> v1.ListContainersResponse:
        """The containers that a filter lets through."""
        return v1.ListContainersResponse(containers=self._found(request.filter))

    def stream(self, request: v1.StreamContainersRequest) -> Iterator[v1.StreamContainersResponse]:
        """The same, in parts."""
        for container in self._found(request.filter):
            yield v1.StreamContainersResponse(containers=[container])

    def _found(self, wanted: v1.ContainerFilter) -> Iterator[v1.Container]:
        sandbox = self._sandboxes.get(wanted.pod_sandbox_id)
        for container in self._containers.of(sandbox) if sandbox else self._containers.values():
            same = not wanted.HasField("state") or wanted.state.state == STATES[container.state]
            if same and passes(container, wanted):
                parts = container_parts(container, self._machine.epoch)
                yield v1.Container(**parts, pod_sandbox_id=container.sandbox.id)

    def status(self, request: v1.ContainerStatusRequest) -> v1.ContainerStatusResponse:
        """Everything about one container; verbose: its walls too."""
        container = self._containers.by_id(request.container_id)
        info = {}
        if request.verbose:
            about = {
                "sandboxID": container.sandbox.id,
                "pid": pid(container) if container.running else 0,
                "namespaces": container.namespaces,
                "cgroup": container.cgroup(),
            }
            info["info"] = json.dumps(about)
        status = container_status(container, self._machine.epoch)
        return v1.ContainerStatusResponse(status=status, info=info)

    def update_resources(
        self, request: v1.UpdateContainerResourcesRequest
    ) -> v1.UpdateContainerResourcesResponse:
        """Write other limits."""
        self._containers.update(request.container_id, resources(request.linux))
        return v1.UpdateContainerResourcesResponse()

    def reopen_log(self, request: v1.ReopenContainerLogRequest) -> v1.ReopenContainerLogResponse:
        """Go on in a new log file; raises `RuntimeFault` for a container that does not run."""
        container = self._containers.by_id(request.container_id)
        if not container.running:
            raise RuntimeFault("Unknown", "container is not running")
        container.log.disk.append(container.log.path, b"")
        return v1.ReopenContainerLogResponse()

    def exec_sync(self, request: v1.ExecSyncRequest) -> Operation[v1.ExecSyncResponse]:
        """Run a command in a container, and wait for it."""
        if request.timeout < 0:
            raise invalid("timeout must not be negative")
        if not request.cmd:
            raise invalid("a command must be given")
        stdout, stderr, code = yield from self._commands.execute(
            request.container_id, list(request.cmd), request.timeout
        )
        return v1.ExecSyncResponse(stdout=stdout, stderr=stderr, exit_code=code)


def passes(
    container: RuntimeContainer, wanted: v1.ContainerFilter | v1.ContainerStatsFilter
) -> bool:
    """Whether a container has the ID, the sandbox and the labels of a filter."""
    return (
        container.id.startswith(wanted.id)
        and container.sandbox.id.startswith(wanted.pod_sandbox_id)
        and matches(container.spec.labels, wanted.label_selector)
    )
