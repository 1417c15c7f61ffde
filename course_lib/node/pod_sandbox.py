"""A Pod's sandbox, as the kubelet has it made, looked at and given up.

Source: `pkg/kubelet/kuberuntime/kuberuntime_sandbox.go`.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import intern

from course_lib.cri import messages as v1
from course_lib.node.cri_config import sandbox_config
from course_lib.node.invalid_config import InvalidConfig
from course_lib.node.kubelet_events import KubeletEvents
from course_lib.node.node_runtime import PodCalls
from course_lib.node.pod_dns import resolver
from course_lib.node.pod_state import PodState
from course_lib.node.steps import Steps
from course_lib.runtimes import RuntimeFault

SANDBOX_RETRY = 1.0  # s


class PodSandbox:
    """The sandbox of one Pod.

    `prepare` is called before a sandbox is made, and says what is wrong with the node's network.
    A Pod on the node's network gets `node_address`. `state` is what is known of the Pod, `calls`
    reach the runtime, `events` report.
    """

    __slots__ = ("_calls", "_events", "_node_address", "_prepare", "_state", "count")

    def __init__(
        self,
        state: PodState,
        calls: PodCalls,
        events: KubeletEvents,
        node_address: str,
        prepare: Callable[[], str],
    ) -> None:
        self._state, self._calls, self._events = state, calls, events
        self._node_address, self._prepare = node_address, prepare
        self.count = 0  # of sandboxes that the Pod has had here

    def make(self) -> Steps[bool]:
        """Have the sandbox made; whether it is there. A failure is reported."""
        pod, events = self._state.pod, self._events
        try:
            config = sandbox_config(pod, self.count)
        except InvalidConfig as problem:
            message = f"Failed to create pod sandbox: {problem.what}"
            events.warning(pod, "FailedCreatePodSandBox", message)
            return False
        if pod.spec.dns_config is not None:
            for left_out in resolver(pod)[3]:
                events.warning(pod, "DNSConfigForming", left_out)
        made = yield self._calls.step("RunPodSandbox", config=config)
        if isinstance(made, RuntimeFault):
            message = f"Failed to create pod sandbox: {made}"
            self._events.warning(self._state.pod, "FailedCreatePodSandBox", message)
            return False
        self.count += 1
        id = intern(made.pod_sandbox_id)
        seen = yield self._calls.step("PodSandboxStatus", pod_sandbox_id=id)
        if isinstance(seen, RuntimeFault):  # gone again
            message = f"Unable to get pod sandbox status: {seen}"
            self._events.warning(self._state.pod, "FailedStatusPodSandBox", message)
            return False
        self._state.sandbox = id
        self._state.address = seen.status.network.ip or self._node_address
        return True

    def network_problem(self) -> str:
        """Why the Pod's sandbox cannot get an address now, which is reported; empty when it can.

        While the network is not ready only Pods on the node's own network start.
        """
        problem = self._prepare()
        if not problem or self._state.pod.spec.host_network:
            return ""
        message = f"network is not ready: {problem}"
        self._events.warning(self._state.pod, "NetworkNotReady", message)
        return message

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
