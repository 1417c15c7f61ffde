"""One synchronisation of a Pod: its sandbox, then what stops, then what starts, one by one.

As in the real kubelet each step waits for the one before it: a container whose image is pulled,
or whose hook runs, holds up those after it.
Source: `SyncPod` and `doBackOff` in `pkg/kubelet/kuberuntime/kuberuntime_manager.go`,
`completeWork` in `pkg/kubelet/pod_workers.go`. It adds up to half of each wait, at random; here a
synchronisation that failed waits for the mean, and the end of a back-off is exact.
"""

from __future__ import annotations

from course_lib.engine import FOR_EVER
from course_lib.node.backoff import shown
from course_lib.node.node_parts import NodeParts
from course_lib.node.node_runtime import PodCalls
from course_lib.node.pod_actions import compute_actions
from course_lib.node.pod_containers import PodContainers
from course_lib.node.pod_sandbox import PodSandbox
from course_lib.node.pod_state import PodState
from course_lib.node.slot import Seen, Slot
from course_lib.node.steps import Steps

RETRY = 12.5  # s until a synchronisation that failed is tried again: 10 to 15 (`backOffPeriod`)
RESYNC = 60.0  # s between two synchronisations of a Pod at most (`syncFrequency`)
NOW = 0.0


class PodSync:
    """The synchronisations of one Pod.

    `node` has what the node's Pods share, `state` is what is known of the Pod, `calls` reach the
    runtime, `sandbox` and `containers` are the Pod's.
    """

    __slots__ = ("_calls", "_containers", "_node", "_sandbox", "_state")

    def __init__(
        self,
        node: NodeParts,
        state: PodState,
        calls: PodCalls,
        sandbox: PodSandbox,
        containers: PodContainers,
    ) -> None:
        self._node, self._state, self._calls = node, state, calls
        self._sandbox, self._containers = sandbox, containers

    def steps(self) -> Steps[float]:
        """Bring the Pod's containers to what its spec says; in how many seconds to look again."""
        state = self._state
        if not state.sandbox:
            if not (yield from self._sandbox.make()):
                return RETRY
            self._node.pleg().hear(state.sandbox)
            self._node.status.report(state)  # the network is there (`OnPodSandboxReady`)
        todo = compute_actions(state)
        if todo.kill_pod:
            return (yield from self._kill_pod())
        for kill in todo.kills:
            yield from self._containers.kill(kill.slot, kill.message, kill.grace)
        for slot in todo.resizes:
            if not (yield from self._containers.resize(slot)):
                return RETRY
        failed, waits = False, list[float]()
        killed = [kill.slot for kill in todo.kills]
        for slot in todo.starts:  # of those just killed the end before this one counts
            ended = slot.previous if slot in killed else slot.ended_last
            waits += [left] if (left := self._in_backoff(slot, ended)) else []
            good = not left and (yield from self._start(slot))
            failed = failed or not good
            if not good and slot.init and not slot.sidecar:
                break
        self._tell_missing_secrets([slot.reason[0] for slot in todo.starts])
        if failed:
            return min([*waits, RESYNC]) if waits else RETRY
        return NOW if todo.kills or todo.starts or todo.resizes else FOR_EVER

    def _kill_pod(self) -> Steps[float]:
        """Stop what still runs, and the sandbox: nothing of the Pod is started again."""
        state = self._state
        running = [slot for slot in state.slots if slot.running and not slot.sidecar]
        for slot in (*running, *reversed([s for s in state.inits if s.sidecar and s.running])):
            message = f"Stopping container {slot.spec.name}"
            yield from self._containers.kill(slot, message, state.grace)
        return NOW if running else FOR_EVER

    def _start(self, slot: Slot) -> Steps[bool]:
        """Start a slot's next container; whether it runs. Why it does not is kept."""
        pod, node = self._state.pod, self._node
        found = yield from node.images.ensure(self._calls, pod, slot.spec)
        if isinstance(found, tuple):
            message = f"Error: {found[0]}"
            node.events.warning(pod, "Failed", message, slot.spec.name)
            slot.reason = found
        else:
            slot.reason = yield from self._containers.start(slot, found)
        return not slot.reason[0]

    def _tell_missing_secrets(self, reasons: list[str]) -> None:
        """Say which pull secrets are missing, if an image could not be pulled."""
        pod = self._state.pod
        if "ErrImagePull" not in reasons or not pod.spec.image_pull_secrets:
            return
        named = [each.name for each in pod.spec.image_pull_secrets if each.name]
        if missing := self._node.options.missing_secrets(pod, named):
            said = (
                f"Unable to retrieve some image pull secrets ({', '.join(missing)}); "
                "attempting to pull the image may not succeed."
            )
            self._node.events.warning(pod, "FailedToRetrieveImagePullSecret", said)

    def _in_backoff(self, slot: Slot, ended: Seen | None) -> float:
        """Seconds that a crashed container must wait; its first restart does not (`doBackOff`)."""
        if ended is None:
            return 0.0
        backoff, pod, now = self._node.backoff, self._state.pod, self._node.sim.now
        key = f"{pod.uid}_{slot.spec.name}"
        left = backoff.remaining(key, ended.finished_at, now)
        if left <= 0:
            backoff.next(key, ended.finished_at, now)
            return 0.0
        name = f"{pod.name}_{pod.namespace}({pod.uid})"
        said = f"Back-off restarting failed container {slot.spec.name} in pod {name}"
        self._node.events.warning(pod, "BackOff", said, slot.spec.name)
        failed = f"restarting failed container={slot.spec.name} pod={name}"
        slot.reason = "CrashLoopBackOff", f"back-off {shown(backoff.current(key))} {failed}"
        return left
