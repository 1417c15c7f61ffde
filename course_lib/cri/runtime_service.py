"""The RuntimeService: the runtime itself, its sandboxes and containers, streams, statistics."""

from __future__ import annotations

from collections.abc import Callable

from course_lib.cri import messages as v1
from course_lib.cri.container_calls import ContainerCalls
from course_lib.cri.handlers import Handlers
from course_lib.cri.sandbox_calls import SandboxCalls
from course_lib.cri.stats_calls import StatsCalls
from course_lib.cri.stream_calls import StreamCalls
from course_lib.cri.translate import container_status, invalid, sandbox_status
from course_lib.runtimes import Runtime, RuntimeContainer

API_VERSION = "v1"
EVENTS = {
    "created": v1.CONTAINER_CREATED_EVENT,
    "started": v1.CONTAINER_STARTED_EVENT,
    "stopped": v1.CONTAINER_STOPPED_EVENT,
    "deleted": v1.CONTAINER_DELETED_EVENT,
}


class RuntimeService:
    """All that concerns Pods and containers."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        sandboxes, containers, machine = runtime.sandboxes, runtime.containers, runtime.machine
        self.streams = StreamCalls(sandboxes, containers, machine, runtime.commands)
        self.handlers: Handlers = {
            "Version": self.version,
            "Status": self.status,
            "UpdateRuntimeConfig": self.update_runtime_config,
            "RuntimeConfig": self.runtime_config,
            **SandboxCalls(sandboxes, machine).handlers,
            **ContainerCalls(sandboxes, containers, runtime.commands, machine).handlers,
            **StatsCalls(sandboxes, containers, machine).handlers,
            **self.streams.handlers,
        }

    def version(self, request: v1.VersionRequest) -> v1.VersionResponse:
        """Who answers here."""
        return v1.VersionResponse(
            version="0.1.0",  # of this message, for ever
            runtime_name=self._runtime.name,
            runtime_version=self._runtime.flavour.version,
            runtime_api_version=API_VERSION,
        )

    def status(self, request: v1.StatusRequest) -> v1.StatusResponse:
        """Whether runtime and network are ready."""
        ready = self._runtime.sandboxes.network_ready
        network = v1.RuntimeCondition(type="NetworkReady", status=ready)
        if not ready:
            network.reason = "NetworkPluginNotReady"
            network.message = "Network plugin returns error: cni plugin not initialized"
        conditions = [v1.RuntimeCondition(type="RuntimeReady", status=True), network]
        info = {"runtime": f'"{self._runtime.name}"'} if request.verbose else {}
        return v1.StatusResponse(
            status=v1.RuntimeStatus(conditions=conditions),
            info=info,
            runtime_handlers=[v1.RuntimeHandler(name="")],
        )

    def update_runtime_config(
        self, request: v1.UpdateRuntimeConfigRequest
    ) -> v1.UpdateRuntimeConfigResponse:
        """Take the node's block of Pod addresses from the kubelet."""
        cidr = request.runtime_config.network_config.pod_cidr
        try:
            self._runtime.sandboxes.set_address_block(cidr.split(",")[0])
        except ValueError as problem:
            raise invalid(f"pod_cidr: {problem}") from problem
        return v1.UpdateRuntimeConfigResponse()

    def runtime_config(self, request: v1.RuntimeConfigRequest) -> v1.RuntimeConfigResponse:
        """How the runtime keeps cgroups: the kubelet must do the same."""
        linux = v1.LinuxRuntimeConfiguration(cgroup_driver=v1.SYSTEMD)
        return v1.RuntimeConfigResponse(linux=linux)

    def events(self, listener: Callable[[v1.ContainerEventResponse], None]) -> Callable[[], None]:
        """Tell a listener of each container event; the result ends that (GetContainerEvents)."""
        listeners, machine = self._runtime.listeners, self._runtime.machine

        def tell(kind: str, container: RuntimeContainer) -> None:
            siblings = self._runtime.containers.of(container.sandbox)
            listener(
                v1.ContainerEventResponse(
                    container_id=container.id,
                    container_event_type=EVENTS[kind],
                    created_at=machine.clock(),
                    pod_sandbox_status=sandbox_status(container.sandbox, machine.epoch),
                    containers_statuses=[container_status(c, machine.epoch) for c in siblings],
                )
            )

        listeners.append(tell)
        return lambda: listeners.remove(tell)
