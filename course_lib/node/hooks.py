"""Lifecycle hooks: what a container does right after its start, and right before its stop.

Source: kubernetes.io "Container Lifecycle HandlerRunner"; `pkg/kubelet/lifecycle/handlers.go`.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from course_lib.cri import messages as v1
from course_lib.engine import Simulation
from course_lib.network import Network
from course_lib.node.node_runtime import PodCalls
from course_lib.node.probes import Addressed, not_simulated, port_number
from course_lib.objects.kinds.pod import Container, HTTPGetAction, LifecycleHandler, Pod
from course_lib.runtimes import RuntimeFault
from course_lib.runtimes.launch import NOT_SIMULATED


class HandlerRunner:
    """Runs the hooks of one Pod's containers.

    `sim` has the time, `calls` reach the runtime, `component` is the kubelet's name in the log;
    `network` carries requests to the address that the Pod, `of` which they are, has.
    """

    def __init__(
        self, sim: Simulation, calls: PodCalls, component: str, network: Network, of: Addressed
    ) -> None:
        self._sim, self._calls, self._component = sim, calls, component
        self._network, self._of = network, of

    def run(
        self,
        pod: Pod,
        container: Container,
        container_id: str,
        hook: LifecycleHandler,
        limit: float,
        done: Callable[[str], None],
    ) -> None:
        """Run a hook; `done` gets what went wrong, or nothing. `limit` in s, 0: none.

        `pod` has the `container`, of which `container_id` is running.
        """
        over = False

        def end(problem: str) -> None:
            nonlocal over
            if not over and self._calls.open:
                over = True
                done(problem)

        def ran(result: v1.ExecSyncResponse | RuntimeFault) -> None:
            end(self._outcome(pod, container, command, result))

        if limit:
            self._sim.at(self._sim.now + limit, lambda: end(""))
        if hook.sleep is not None:
            self._sim.at(self._sim.now + hook.sleep.seconds, lambda: end(""))
        elif hook.exec is not None:
            command = list(hook.exec.command or ())
            self._calls.begin("ExecSync", ran, container_id=container_id, cmd=command, timeout=0)
        elif hook.http_get is not None:
            end(self._asked(pod, container, hook.http_get))
        else:
            end("Cannot run handler: invalid handler")

    def _asked(self, pod: Pod, container: Container, action: HTTPGetAction) -> str:
        """What went wrong with a request to the container; any answer of a server is good."""
        port = port_number(container, action.port)
        if port is None:
            problem = f"couldn't find port: {action.port} in container"
        elif self._network.knock(action.host or self._of.address, port, self._of.node) is None:
            target = f"{action.host or self._of.address}:{port}"
            url = f"{action.scheme.lower()}://{target}/{action.path.removeprefix('/')}"
            problem = f'Get "{url}": dial tcp {target}: connect: connection refused'
        else:
            return ""
        return (
            f'HTTP lifecycle hook ({action.path}) for Container "{container.name}" in Pod '
            f'"{pod.name}_{pod.namespace}({pod.uid})" failed - error: {problem}'
        )

    def _outcome(
        self,
        pod: Pod,
        container: Container,
        command: list[str],
        result: v1.ExecSyncResponse | RuntimeFault,
    ) -> str:
        """What went wrong with a command; empty when nothing did."""
        line = " ".join(command)
        if not_simulated(result):  # nothing says that it would fail
            words = f"{line}: {NOT_SIMULATED}"
            self._sim.record(self._component, f"Pod/{pod.name}", "NotSimulated", words)
            return ""
        output = ""
        if isinstance(result, RuntimeFault):
            error = str(result)
        elif result.exit_code:
            output = (result.stdout + result.stderr).decode(errors="replace")
            said = result.stderr.decode(errors="replace")
            error = f"command '{line}' exited with {result.exit_code}: {said}"
        else:
            return ""
        where = f'"{pod.name}_{pod.namespace}({pod.uid})"'
        return (
            f'Exec lifecycle hook ([{line}]) for Container "{container.name}" in Pod {where} '
            f"failed - error: {error}, message: {json.dumps(output, ensure_ascii=False)}"
        )
