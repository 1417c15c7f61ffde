"""Lifecycle hooks: what a container does right after its start, and right before its stop.

Source: kubernetes.io "Container Lifecycle HandlerRunner"; `pkg/kubelet/lifecycle/handlers.go`.
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.cri import messages as v1
from course_lib.engine import Simulation
from course_lib.node.node_runtime import PodCalls
from course_lib.node.probes import not_simulated
from course_lib.objects.kinds.pod import LifecycleHandler, Pod
from course_lib.runtimes import RuntimeFault
from course_lib.runtimes.shell import NOT_SIMULATED


class HandlerRunner:
    """Runs the hooks of one Pod's containers.

    `sim` has the time, `calls` reach the runtime, `component` is the kubelet's name in the log.
    """

    def __init__(self, sim: Simulation, calls: PodCalls, component: str) -> None:
        self._sim, self._calls, self._component = sim, calls, component

    def run(
        self,
        pod: Pod,
        container_id: str,
        hook: LifecycleHandler,
        limit: float,
        done: Callable[[str], None],
    ) -> None:
        """Run a hook; `done` gets what went wrong, or nothing. `limit` in s, 0: none.

        `pod` has the container of `container_id`.
        """
        over = False

        def end(problem: str) -> None:
            nonlocal over
            if not over and self._calls.open:
                over = True
                done(problem)

        def ran(result: v1.ExecSyncResponse | RuntimeFault) -> None:
            end(self._outcome(pod, command, result))

        if limit:
            self._sim.at(self._sim.now + limit, lambda: end(""))
        if hook.sleep is not None:
            self._sim.at(self._sim.now + hook.sleep.seconds, lambda: end(""))
        elif hook.exec is not None:
            command = list(hook.exec.command or ())
            self._calls.begin("ExecSync", ran, container_id=container_id, cmd=command, timeout=0)
        else:
            end("")

    def _outcome(
        self, pod: Pod, command: list[str], result: v1.ExecSyncResponse | RuntimeFault
    ) -> str:
        """What went wrong with a command; empty when nothing did."""
        if not_simulated(result):  # nothing says that it would fail
            words = f"{' '.join(command)}: {NOT_SIMULATED}"
            self._sim.record(self._component, f"Pod/{pod.name}", "NotSimulated", words)
            return ""
        if isinstance(result, RuntimeFault):
            return str(result)
        return f"exited with {result.exit_code}" if result.exit_code else ""
