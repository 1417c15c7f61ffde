"""The CRI shim: the server that stands in front of a runtime and answers the kubelet.

One method for each call, under its name in `runtime_v1.proto`. A method that takes time is a
process (a generator); one that only looks returns at once. Failures are `RuntimeFault`s, whose
codes are gRPC's. What a simulated runtime cannot do (checkpoints, metrics) is refused as
Unimplemented, as real runtimes do.
Source: `runtime_v1.proto`; containerd 2.3, `internal/cri/server`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_lib.cri import messages as v1
from course_lib.cri.images import ImageCalls
from course_lib.cri.stats import StatsCalls
from course_lib.cri.streams import StreamCalls, Wanted
from course_lib.cri.translate import (
    container_spec,
    container_status,
    invalid,
    resources,
    sandbox_spec,
)
from course_lib.runtimes import Runtime, RuntimeContainer, RuntimeFault
from course_lib.runtimes.calls import Operation
from course_lib.runtimes.errors import CREATING

Message = Any
API_VERSION = "v1"
EVENTS = {
    "created": v1.CONTAINER_CREATED_EVENT,
    "started": v1.CONTAINER_STARTED_EVENT,
    "stopped": v1.CONTAINER_STOPPED_EVENT,
    "deleted": v1.CONTAINER_DELETED_EVENT,
}


class Shim(StatsCalls, ImageCalls, StreamCalls):
    """RuntimeService and ImageService in front of a runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.streams: dict[str, Wanted] = {}

    def call(self, method: str, request: Message) -> Message | Operation[Message]:
        """Answer a call by its name: a response, or a process that returns it."""
        answer: Callable[[Message], Message] | None = getattr(self, method, None)
        if method not in v1.METHODS or answer is None:
            raise RuntimeFault("Unimplemented", f"method {method} not implemented")
        self.runtime.calls.check()
        return answer(request)

    # The runtime itself

    def Version(self, request: Message) -> Message:  # noqa: N802
        """Who answers here."""
        return v1.VersionResponse(
            version="0.1.0",  # of this message, for ever
            runtime_name=self.runtime.name,
            runtime_version=self.runtime.flavour.version,
            runtime_api_version=API_VERSION,
        )

    def Status(self, request: Message) -> Message:  # noqa: N802
        """Whether runtime and network are ready."""
        ready = self.runtime.pool is not None
        network = v1.RuntimeCondition(type="NetworkReady", status=ready)
        if not ready:
            network.reason = "NetworkPluginNotReady"
            network.message = "Network plugin returns error: cni plugin not initialized"
        conditions = [v1.RuntimeCondition(type="RuntimeReady", status=True), network]
        info = {"runtime": f'"{self.runtime.name}"'} if request.verbose else {}
        return v1.StatusResponse(
            status=v1.RuntimeStatus(conditions=conditions),
            info=info,
            runtime_handlers=[v1.RuntimeHandler(name="")],
        )

    def UpdateRuntimeConfig(self, request: Message) -> Message:  # noqa: N802
        """The kubelet tells the node's block of Pod addresses."""
        cidr = request.runtime_config.network_config.pod_cidr
        try:
            self.runtime.sandboxes.set_address_block(cidr.split(",")[0])
        except ValueError as problem:
            raise invalid(f"pod_cidr: {problem}") from problem
        return v1.UpdateRuntimeConfigResponse()

    def RuntimeConfig(self, request: Message) -> Message:  # noqa: N802
        """How the runtime keeps cgroups: the kubelet must do the same."""
        linux = v1.LinuxRuntimeConfiguration(cgroup_driver=v1.SYSTEMD)
        return v1.RuntimeConfigResponse(linux=linux)

    # Sandboxes

    def RunPodSandbox(self, request: Message) -> Operation[Message]:  # noqa: N802
        """Make a sandbox."""
        if request.runtime_handler:
            raise RuntimeFault(
                "Unknown",
                f'failed to get sandbox runtime: no runtime for "{request.runtime_handler}" '
                "is configured",
            )
        sandbox = yield from self.runtime.sandboxes.run(sandbox_spec(request.config))
        return v1.RunPodSandboxResponse(pod_sandbox_id=sandbox.id)

    def StopPodSandbox(self, request: Message) -> Operation[Message]:  # noqa: N802
        """Stop a sandbox and what is in it."""
        yield from self.runtime.sandboxes.stop(_given(request.pod_sandbox_id, "pod_sandbox_id"))
        return v1.StopPodSandboxResponse()

    def RemovePodSandbox(self, request: Message) -> Operation[Message]:  # noqa: N802
        """Remove a sandbox and what is in it."""
        yield from self.runtime.sandboxes.remove(_given(request.pod_sandbox_id, "pod_sandbox_id"))
        return v1.RemovePodSandboxResponse()

    def UpdatePodSandboxResources(self, request: Message) -> Message:  # noqa: N802
        """The Pod's limits have changed; nothing to do where each container has its own."""
        self.runtime.sandboxes.by_id(request.pod_sandbox_id)
        return v1.UpdatePodSandboxResourcesResponse()

    # Containers

    def CreateContainer(self, request: Message) -> Operation[Message]:  # noqa: N802
        """Make a container; its program does not run yet."""
        spec = container_spec(request.config)
        sandbox = self.runtime.sandboxes.by_id(request.pod_sandbox_id, CREATING)
        container = yield from self.runtime.containers.create(sandbox, spec)
        return v1.CreateContainerResponse(container_id=container.id)

    def StartContainer(self, request: Message) -> Operation[Message]:  # noqa: N802
        """Start its program."""
        yield from self.runtime.containers.start(request.container_id)
        return v1.StartContainerResponse()

    def StopContainer(self, request: Message) -> Operation[Message]:  # noqa: N802
        """Ask its program to end, and end it when it does not."""
        id = _given(request.container_id, "container_id")
        yield from self.runtime.containers.stop(id, max(0, request.timeout))
        return v1.StopContainerResponse()

    def RemoveContainer(self, request: Message) -> Operation[Message]:  # noqa: N802
        """Remove it."""
        yield from self.runtime.containers.remove(_given(request.container_id, "container_id"))
        return v1.RemoveContainerResponse()

    def UpdateContainerResources(self, request: Message) -> Message:  # noqa: N802
        """Write other limits."""
        self.runtime.containers.update(request.container_id, resources(request.linux))
        return v1.UpdateContainerResourcesResponse()

    def ReopenContainerLog(self, request: Message) -> Message:  # noqa: N802
        """The log was renamed: go on in a new file."""
        container = self.runtime.containers.by_id(request.container_id)
        if not container.running:
            raise RuntimeFault("Unknown", "container is not running")
        container.log.disk.append(container.log.path, b"")
        return v1.ReopenContainerLogResponse()

    def ExecSync(self, request: Message) -> Operation[Message]:  # noqa: N802
        """Run a command in a container, and wait for it."""
        if request.timeout < 0:
            raise invalid("timeout must not be negative")
        if not request.cmd:
            raise invalid("a command must be given")
        stdout, stderr, code = yield from self.runtime.commands.execute(
            request.container_id, list(request.cmd), request.timeout
        )
        return v1.ExecSyncResponse(stdout=stdout, stderr=stderr, exit_code=code)

    # News

    def events(self, listener: Callable[[Message], None]) -> Callable[[], None]:
        """Tell a listener of each container event; the result ends that (GetContainerEvents)."""

        def tell(kind: str, container: RuntimeContainer) -> None:
            event = v1.ContainerEventResponse(
                container_id=container.id,
                container_event_type=EVENTS[kind],
                created_at=self.runtime.machine.clock(),
                pod_sandbox_status=self._sandbox_status(container.sandbox),
            )
            siblings = self.runtime.containers.of(container.sandbox)
            epoch = self.runtime.machine.epoch
            event.containers_statuses.extend(container_status(c, epoch) for c in siblings)
            listener(event)

        self.runtime.listeners.append(tell)
        return lambda: self.runtime.listeners.remove(tell)


def _given(id: str, field: str) -> str:
    if not id:
        raise invalid(f"{field} must be given")
    return id
