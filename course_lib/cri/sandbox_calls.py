"""The RuntimeService's calls for Pod sandboxes."""

from __future__ import annotations

import json
from collections.abc import Iterator

from course_lib.cri import messages as v1
from course_lib.cri.handlers import Handlers, given, matches
from course_lib.cri.translate import sandbox_parts, sandbox_spec, sandbox_status
from course_lib.runtimes import RuntimeFault, Sandbox
from course_lib.runtimes.calls import Operation
from course_lib.runtimes.machine import RuntimeMachine
from course_lib.runtimes.processes import pid
from course_lib.runtimes.sandboxes import Sandboxes


class SandboxCalls:
    """Make sandboxes, stop and remove them, and look at them."""

    def __init__(self, sandboxes: Sandboxes, machine: RuntimeMachine) -> None:
        self._sandboxes, self._machine = sandboxes, machine
        self.handlers: Handlers = {
            "RunPodSandbox": self.run,
            "StopPodSandbox": self.stop,
            "RemovePodSandbox": self.remove,
            "PodSandboxStatus": self.status,
            "ListPodSandbox": self.list,
            "StreamPodSandboxes": self.stream,
            "UpdatePodSandboxResources": self.update_resources,
        }

    def run(self, request: v1.RunPodSandboxRequest) -> Operation[v1.RunPodSandboxResponse]:
        """Make a sandbox; raises `RuntimeFault` for a request that the runtime refuses."""
        if handler := request.runtime_handler:
            why = f'no runtime for "{handler}" is configured'
            raise RuntimeFault("Unknown", f"failed to get sandbox runtime: {why}")
        sandbox = yield from self._sandboxes.run(sandbox_spec(request.config))
        return v1.RunPodSandboxResponse(pod_sandbox_id=sandbox.id)

    def stop(self, request: v1.StopPodSandboxRequest) -> Operation[v1.StopPodSandboxResponse]:
        """Stop a sandbox and what is in it."""
        yield from self._sandboxes.stop(given(request.pod_sandbox_id, "pod_sandbox_id"))
        return v1.StopPodSandboxResponse()

    def remove(self, request: v1.RemovePodSandboxRequest) -> Operation[v1.RemovePodSandboxResponse]:
        """Remove a sandbox and what is in it."""
        yield from self._sandboxes.remove(given(request.pod_sandbox_id, "pod_sandbox_id"))
        return v1.RemovePodSandboxResponse()

    def status(self, request: v1.PodSandboxStatusRequest) -> v1.PodSandboxStatusResponse:
        """Everything about one sandbox; verbose: its namespaces too."""
        failed = "an error occurred when try to find sandbox"
        sandbox = self._sandboxes.by_id(request.pod_sandbox_id, failed)
        info = {}
        if request.verbose:
            about = {"pid": pid(sandbox), "namespaces": sandbox.namespaces}
            info["info"] = json.dumps(about)
        status, now = sandbox_status(sandbox, self._machine.epoch), self._machine.clock()
        return v1.PodSandboxStatusResponse(status=status, info=info, timestamp=now)

    def list(self, request: v1.ListPodSandboxRequest) -> v1.ListPodSandboxResponse:
        """The sandboxes that a filter lets through."""
        return v1.ListPodSandboxResponse(items=self._found(request.filter))

    def stream(
        self, request: v1.StreamPodSandboxesRequest
    ) -> Iterator[v1.StreamPodSandboxesResponse]:
        """The same, in parts."""
        for sandbox in self._found(request.filter):
            yield v1.StreamPodSandboxesResponse(pod_sandboxes=[sandbox])

    def _found(self, wanted: v1.PodSandboxFilter) -> Iterator[v1.PodSandbox]:
        named = self._sandboxes.get(wanted.id)
        for sandbox in [named] if named else self._sandboxes.values():
            if _passes(sandbox, wanted):
                yield v1.PodSandbox(**sandbox_parts(sandbox, self._machine.epoch))

    def update_resources(
        self, request: v1.UpdatePodSandboxResourcesRequest
    ) -> v1.UpdatePodSandboxResourcesResponse:
        """The Pod's limits have changed; nothing to do where each container has its own."""
        self._sandboxes.by_id(request.pod_sandbox_id)
        return v1.UpdatePodSandboxResourcesResponse()


def _passes(sandbox: Sandbox, wanted: v1.PodSandboxFilter) -> bool:
    state = v1.SANDBOX_READY if sandbox.ready else v1.SANDBOX_NOTREADY
    return (
        sandbox.id.startswith(wanted.id)
        and (not wanted.HasField("state") or wanted.state.state == state)
        and matches(sandbox.spec.labels, wanted.label_selector)
    )
