"""The status manager: writes the Pods' statuses to the API server, and confirms deletions.

Each sync of a Pod asks for its whole status; it is written once for each transition, when it
differs from what the API server has. A Pod that starts has four transitions: it waits for its
containers, its sandbox is ready, its containers run, they are ready. What does not get through is
kept, and written with a later heartbeat.
Source: `pkg/kubelet/status/status_manager.go`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from course_lib.apiserver.errors import APIError, Conflict, NotFound
from course_lib.client import Client
from course_lib.node.mirror_pods import MirrorPods
from course_lib.node.node_runtime import NodeRuntime
from course_lib.node.pod_state import PodState
from course_lib.node.pod_status import READY, pod_status
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.pod.status import FINAL_PHASES


class StatusManager:
    """Writes the statuses of one node's Pods; `address` is the node's.

    `client` writes, `mirrors` stand for static Pods, `runtime` names containers; `late` is called
    when something does not get through.
    """

    def __init__(
        self,
        client: Client,
        mirrors: MirrorPods,
        runtime: NodeRuntime,
        address: str,
        late: Callable[[], None],
    ) -> None:
        self._client, self._mirrors, self._late = client, mirrors, late
        self._runtime, self._address = runtime, address
        self._unwritten: dict[str, None] = {}  # UIDs of Pods whose status did not get through
        self._unconfirmed: dict[str, Pod] = {}  # by UID, those whose deletion did not

    def report(self, state: PodState) -> None:
        """Write a Pod's status, if the Pod is still there; what does not get through, later.

        Source: `needsUpdate` and `needsReconcile`.
        """
        if state.gone:
            return
        pod, static = state.pod, state.pod.uid in self._mirrors
        facts = state.facts()
        if facts == state.written and pod.status == state.accepted and not static:
            return  # the API server has it, and nobody else has changed it
        stated = (self._mirrors.find(pod) or pod) if static else pod
        now, runtime = self._client.sim.now, self._runtime.name
        status = pod_status(state, stated.status, runtime, self._address, now)
        state.over = status["phase"] in FINAL_PHASES
        state.ready = status["conditions"][READY]["status"]
        self._unwritten.pop(pod.uid, None)
        try:
            if static:
                self._mirrors.report(pod, status)
            else:
                state.pod = self._client.patch_status(pod, status)
                state.written, state.accepted = facts, state.pod.status
        except NotFound:
            state.gone = not static
        except APIError:
            self._unwritten[pod.uid] = None
            self._late()

    @property
    def behind(self) -> bool:
        """Whether something did not get through yet."""
        return bool(self._unwritten or self._unconfirmed)

    def confirm_deleted(self, pod: Pod) -> None:
        """Delete a Pod for good, whose containers have stopped."""
        self._unconfirmed.pop(pod.uid, None)
        try:
            with suppress(NotFound, Conflict):  # somebody else was faster
                self._client.delete(Pod, pod.name, pod.namespace, grace_period=0, uid=pod.uid)
        except APIError:
            self._unconfirmed[pod.uid] = pod
            self._late()

    def catch_up(self, wake: Callable[[str], None]) -> None:
        """Try again what did not get through; `wake` has the worker of a UID report."""
        unwritten, self._unwritten = self._unwritten, {}
        for uid in unwritten:
            wake(uid)
        for pod in list(self._unconfirmed.values()):
            self.confirm_deleted(pod)
