"""Calls that only look: sandboxes and containers, as lists and one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from course_lib.cri import messages as v1
from course_lib.cri.translate import container_parts, container_status, sandbox_parts
from course_lib.runtimes import Runtime, RuntimeContainer, Sandbox
from course_lib.runtimes.processes import pid

Message = Any
_NAMESPACE_MODES = {"POD": v1.POD, "CONTAINER": v1.CONTAINER, "NODE": v1.NODE, "TARGET": v1.TARGET}


def matches(labels: Mapping[str, str], selector: Mapping[str, str]) -> bool:
    """Whether something has all these labels."""
    return all(labels.get(name) == value for name, value in selector.items())


class Lookups:
    """The part of the RuntimeService that reads."""

    runtime: Runtime

    def PodSandboxStatus(self, request: Message) -> Message:  # noqa: N802
        """Everything about one sandbox; verbose: its namespaces too."""
        sandbox = self.runtime.sandboxes.by_id(
            request.pod_sandbox_id, "an error occurred when try to find sandbox"
        )
        info = {}
        if request.verbose:
            about = {"pid": pid(sandbox), "namespaces": sandbox.namespaces}
            info["info"] = json.dumps(about)
        return v1.PodSandboxStatusResponse(
            status=self._sandbox_status(sandbox), info=info, timestamp=self.runtime.machine.clock()
        )

    def _sandbox_status(self, sandbox: Sandbox) -> Message:
        wanted = sandbox.spec.namespaces
        options = v1.NamespaceOption(
            network=_NAMESPACE_MODES[wanted.network],
            pid=_NAMESPACE_MODES[wanted.pid],
            ipc=_NAMESPACE_MODES[wanted.ipc],
        )
        return v1.PodSandboxStatus(
            **sandbox_parts(sandbox, self.runtime.machine.epoch),
            network=v1.PodSandboxNetworkStatus(ip=sandbox.ip if sandbox.ready else ""),
            linux=v1.LinuxPodSandboxStatus(namespaces=v1.Namespace(options=options)),
        )

    def ListPodSandbox(self, request: Message) -> Message:  # noqa: N802
        """The sandboxes that a filter lets through."""
        found = self._sandboxes(request.filter)
        items = [
            v1.PodSandbox(**sandbox_parts(sandbox, self.runtime.machine.epoch)) for sandbox in found
        ]
        return v1.ListPodSandboxResponse(items=items)

    def StreamPodSandboxes(self, request: Message) -> Iterator[Message]:  # noqa: N802
        """The same, in parts."""
        for sandbox in self.ListPodSandbox(request).items:
            yield v1.StreamPodSandboxesResponse(pod_sandboxes=[sandbox])

    def _sandboxes(self, wanted: Message) -> Iterable[Sandbox]:
        for sandbox in self.runtime.sandboxes.values():
            state = v1.SANDBOX_READY if sandbox.ready else v1.SANDBOX_NOTREADY
            if (
                sandbox.id.startswith(wanted.id)
                and (not wanted.HasField("state") or wanted.state.state == state)
                and matches(sandbox.spec.labels, wanted.label_selector)
            ):
                yield sandbox

    def ListContainers(self, request: Message) -> Message:  # noqa: N802
        """The containers that a filter lets through."""
        wanted, found = request.filter, []
        for container in self._containers(wanted):
            parts = container_parts(container, self.runtime.machine.epoch)
            if not wanted.HasField("state") or wanted.state.state == parts["state"]:
                found.append(v1.Container(**parts, pod_sandbox_id=container.sandbox.id))
        return v1.ListContainersResponse(containers=found)

    def StreamContainers(self, request: Message) -> Iterator[Message]:  # noqa: N802
        """The same, in parts."""
        for container in self.ListContainers(request).containers:
            yield v1.StreamContainersResponse(containers=[container])

    def _containers(self, wanted: Message) -> Iterable[RuntimeContainer]:
        """By ID, sandbox and labels: what filters of containers and of statistics share."""
        for container in self.runtime.containers.values():
            if (
                container.id.startswith(wanted.id)
                and container.sandbox.id.startswith(wanted.pod_sandbox_id)
                and matches(container.spec.labels, wanted.label_selector)
            ):
                yield container

    def ContainerStatus(self, request: Message) -> Message:  # noqa: N802
        """Everything about one container; verbose: its walls too."""
        container = self.runtime.containers.by_id(request.container_id)
        info = {}
        if request.verbose:
            about = {
                "sandboxID": container.sandbox.id,
                "pid": pid(container) if container.running else 0,
                "namespaces": container.namespaces,
                "cgroup": container.cgroup(),
            }
            info["info"] = json.dumps(about)
        return v1.ContainerStatusResponse(
            status=container_status(container, self.runtime.machine.epoch), info=info
        )
