"""The probes of a Pod's containers: set when a container starts, with what their results do.

Source: `pkg/kubelet/prober/prober_manager.go`.
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.engine import Simulation
from course_lib.network import Network
from course_lib.node.kubelet_events import KubeletEvents
from course_lib.node.node_runtime import PodCalls
from course_lib.node.pod_state import PodState, Worker
from course_lib.node.probes import LIVENESS, READINESS, STARTUP, ProbeDone, Prober, ProbeWorker
from course_lib.node.slot import Slot
from course_lib.objects.kinds.pod import Probe


class PodProbes:
    """The probes of one Pod.

    `sim` has the time, `state` is what is known of the Pod, `calls` reach the runtime, `network`
    carries requests, `events` report; `worker` is woken by results.
    """

    __slots__ = ("calls", "events", "prober", "sim", "state", "worker")

    def __init__(
        self,
        sim: Simulation,
        state: PodState,
        calls: PodCalls,
        network: Network,
        events: KubeletEvents,
        worker: Worker,
    ) -> None:
        self.sim, self.state, self.calls = sim, state, calls
        self.events, self.worker = events, worker
        self.prober = Prober(calls, network, state)

    def watch(self, slot: Slot) -> None:
        """A slot's container runs: ask its probes from now on."""
        assert slot.current is not None
        for kind, probe in (
            (STARTUP, slot.spec.startup_probe),
            (LIVENESS, slot.spec.liveness_probe),
            (READINESS, slot.spec.readiness_probe),
        ):
            if probe is not None:
                about = ProbedContainer(self, slot, slot.current.id, kind, probe)
                ProbeWorker(self.sim, kind, probe, slot.current.started_at, about)


class ProbedContainer:
    """One container of a `slot` of a `pod`, its `id`, as its `probe` of a `kind` sees it."""

    __slots__ = ("_id", "_kind", "_pod", "_probe", "_slot")

    def __init__(self, pod: PodProbes, slot: Slot, id: str, kind: str, probe: Probe) -> None:
        self._pod, self._slot, self._id, self._kind, self._probe = pod, slot, id, kind, probe

    def alive(self) -> bool:
        """Whether the container still runs, and the kubelet still looks after it."""
        return self._pod.calls.open and self._slot.current_id == self._id and self._slot.running

    def held_back(self) -> bool:
        """Whether the startup probe has not succeeded yet, for which the others wait."""
        return self._kind != STARTUP and not self._slot.started

    def ask(self, done: ProbeDone) -> None:
        """Ask once; `done` gets what went wrong."""
        self._pod.prober.ask(self._id, self._slot.spec, self._probe, done)

    def same_until(self, changed: Callable[[], object]) -> float:
        """Until when a good answer stays good; `changed` is called if it may change before."""
        return self._pod.prober.same_until(self._probe, changed)

    def on_result(self, good: bool) -> None:
        """The probe has come to another result."""
        self._slot.observe(self._kind, good)
        self._pod.worker.wake()

    def on_failure(self, said: str) -> None:
        """The probe has failed once."""
        pod = self._pod.state.pod
        self._pod.events.warning(pod, "Unhealthy", said, self._slot.spec.name)
