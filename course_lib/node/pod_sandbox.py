"""A Pod's sandbox, as the kubelet has it made, looked at and given up.

Source: `pkg/kubelet/kuberuntime/kuberuntime_sandbox.go`.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import intern

from course_lib.cri import messages as v1
from course_lib.node.cri_config import sandbox_config
from course_lib.node.kubelet_events import KubeletEvents
from course_lib.node.node_runtime import PodCalls
from course_lib.node.pod_state import PodState, Worker
from course_lib.runtimes import RuntimeFault

SANDBOX_RETRY = 1.0  # s


class PodSandbox:
    """The sandbox of one Pod.

    `prepare` is called before a sandbox is made, and says what is wrong with the node's network;
    `worker` is woken by results.
    A Pod on the node's network gets `node_address`. `state` is what is known of the Pod, `calls`
    reach the runtime, `events` report.
    """

    __slots__ = ("_calls", "_count", "_events", "_making", "_node_address", "_prepare", "_state",
                 "_worker")  # fmt: skip

    def __init__(
        self,
        state: PodState,
        calls: PodCalls,
        events: KubeletEvents,
        node_address: str,
        prepare: Callable[[], str],
        worker: Worker,
    ) -> None:
        self._state, self._calls, self._events = state, calls, events
        self._node_address, self._prepare, self._worker = node_address, prepare, worker
        self._count = 0  # of sandboxes that the Pod has had here
        self._making = False

    def make(self) -> None:
        """Have the sandbox made; a failure is reported, and tried again.

        While the network is not ready only Pods on the node's own network start.
        """
        if self._making:
            return
        if (problem := self._prepare()) and not self._state.pod.spec.host_network:
            message = f"network is not ready: {problem}"
            self._events.warning(self._state.pod, "NetworkNotReady", message)
            self._worker.wake(SANDBOX_RETRY)
            return
        self._making = True
        config = sandbox_config(self._state.pod, self._count)
        self._calls.begin("RunPodSandbox", self._made, config=config)

    def _made(self, result: v1.RunPodSandboxResponse | RuntimeFault) -> None:
        self._making = False
        if isinstance(result, RuntimeFault):
            message = f"Failed to create pod sandbox: {result}"
            self._events.warning(self._state.pod, "FailedCreatePodSandBox", message)
            self._worker.wake(SANDBOX_RETRY)
            return
        self._count += 1
        self._state.sandbox = intern(result.pod_sandbox_id)
        self._calls.begin("PodSandboxStatus", self._looked, pod_sandbox_id=result.pod_sandbox_id)

    def _looked(self, result: v1.PodSandboxStatusResponse | RuntimeFault) -> None:
        if isinstance(result, RuntimeFault):
            self._state.sandbox = ""  # gone again: the next sync makes another
            self._worker.wake(SANDBOX_RETRY)
            return
        self._state.address = result.status.network.ip or self._node_address
        self._worker.wake(0.0)

    def lose(self) -> None:
        """The sandbox has stopped, and what was in it: the next sync makes another."""
        message = "Pod sandbox changed, it will be killed and re-created."
        self._events.normal(self._state.pod, "SandboxChanged", message)
        sandbox, self._state.sandbox = self._state.sandbox, ""
        self._calls.begin("StopPodSandbox", lambda _: None, pod_sandbox_id=sandbox)

    def stop(self, done: Callable[[RuntimeFault | None], None]) -> None:
        """Stop the sandbox for good, if there is one; `done` gets what went wrong, or nothing."""

        def stopped(result: v1.StopPodSandboxResponse | RuntimeFault) -> None:
            done(result if isinstance(result, RuntimeFault) else None)

        if self._state.sandbox:
            self._calls.begin("StopPodSandbox", stopped, pod_sandbox_id=self._state.sandbox)
        else:
            done(None)
