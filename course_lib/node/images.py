"""The kubelet's image manager: pull policies, one pull at a time, back-off after failures.

Source: `pkg/kubelet/images/image_manager.go` (serializeImagePulls is the kubelet's default).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from sys import intern

import msgspec

from course_lib.cri import messages as v1
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.images import Reference
from course_lib.node.backoff import Backoff, duration
from course_lib.node.kubelet_events import KubeletEvents
from course_lib.node.node_runtime import NodeRuntime
from course_lib.objects.kinds.pod import Container, Pod
from course_lib.runtimes import RuntimeFault

Waiting = tuple[str, str]  # reason and message of a waiting container
RETRY_SHOWN_AFTER = 3.0  # s until a failed pull is seen as waiting in back-off


class Pull(msgspec.Struct):
    """One container's wish for its image."""

    pod: Pod
    container: Container
    wake: Callable[[float], None]
    asked_at: float
    image_id: str = ""  # once it is there
    failed_at: float | None = None
    error: str = ""


class ImageManager:
    """Sees to it that a container's image is on the node before the container starts.

    `sim` has the time, `runtime` pulls, `events` report.
    """

    def __init__(self, sim: Simulation, runtime: NodeRuntime, events: KubeletEvents) -> None:
        self._sim, self._runtime, self._events = sim, runtime, events
        self._backoff = Backoff()
        self._pulls: dict[tuple[str, str], Pull] = {}
        self._queue: deque[Pull] = deque()
        self._active: Pull | None = None

    def ensure(
        self, pod: Pod, container: Container, wake: Callable[[float], None]
    ) -> Waiting | str:
        """The image's ID when it is there; else why the container waits. `wake` calls back.

        `pod` has the `container`.
        """
        image, policy = container.image, container.image_pull_policy
        try:
            Reference.parse(image)
        except CourseError:
            message = f'Failed to apply default image tag "{image}": couldn\'t parse image name'
            self._events.warning(pod, "InspectFailed", message, container.name)
            self._events.warning(pod, "Failed", "Error: InvalidImageName", container.name)
            return "InvalidImageName", message
        key = pod.uid, container.name
        pull = self._pulls.get(key)
        if pull is None or pull.container.image != image:
            held = self.held(image)
            if policy != "Always" and held is not None:
                present = "already present on machine and can be accessed by the pod"
                message = intern(f'Container image "{image}" {present}')
                self._events.normal(pod, "Pulled", message, container.name)
                return held.id
            if policy == "Never":
                message = f'Container image "{image}" is not present with pull policy of Never'
                self._events.warning(pod, "ErrImageNeverPull", message, container.name)
                self._events.warning(pod, "Failed", "Error: ErrImageNeverPull", container.name)
                return "ErrImageNeverPull", message
            return self._begin(key, pod, container, wake)
        if pull.image_id:
            del self._pulls[key]
            return pull.image_id
        if pull.failed_at is None:
            return "ContainerCreating", ""
        return self._after_failure(key, pull)

    def held(self, image: str) -> v1.Image | None:
        """The image as the runtime has it; None where it has none of that name."""
        try:
            status: v1.ImageStatusResponse = self._runtime.cri.call(
                "ImageStatus", image={"image": image}
            )
        except RuntimeFault:
            return None
        return status.image if status.image.id else None

    def forget(self, pod: Pod) -> None:
        """A Pod is gone: so are its wishes."""
        self._pulls = {key: pull for key, pull in self._pulls.items() if key[0] != pod.uid}
        self._backoff.forget(pod.uid)

    def swap(self) -> None:
        """Another runtime answers: what the old one was asked for is asked again."""
        self.restart()
        self._backoff = Backoff()

    def restart(self) -> None:
        """The node came back from a power loss: no pull is under way."""
        self._pulls.clear()
        self._queue.clear()
        self._active = None

    def _begin(
        self, key: tuple[str, str], pod: Pod, container: Container, wake: Callable[[float], None]
    ) -> Waiting:
        pull = Pull(pod, container, wake, self._sim.now)
        self._pulls[key] = pull
        message = f'Pulling image "{container.image}"'  # said before its turn comes
        self._events.normal(pod, "Pulling", message, container.name)
        self._queue.append(pull)
        self._next()
        return "ContainerCreating", ""

    def _next(self) -> None:
        """Start the pull that has waited longest, if none is under way."""
        if self._active is not None or not self._queue:
            return
        pull = self._active = self._queue.popleft()
        image, started = pull.container.image, self._sim.now

        def finish(result: v1.PullImageResponse | RuntimeFault) -> None:
            if self._active is pull:
                self._active = None
                self._finish(pull, started, result)
                self._next()
                pull.wake(0.0)

        self._runtime.cri.begin("PullImage", finish, image={"image": image})

    def _finish(
        self, pull: Pull, started: float, result: v1.PullImageResponse | RuntimeFault
    ) -> None:
        now, events, image = self._sim.now, self._events, pull.container.image
        if isinstance(result, RuntimeFault):
            pull.failed_at, pull.error = now, str(result)
            self._backoff.next(self._backoff_key(pull), now, now)
            message = f'Failed to pull image "{image}": {result}'
            events.warning(pull.pod, "Failed", message, pull.container.name)
            events.warning(pull.pod, "Failed", "Error: ErrImagePull", pull.container.name)
            return
        pull.image_id = result.image_ref
        held = self.held(image)
        size = held.size if held is not None else 0
        events.normal(
            pull.pod,
            "Pulled",
            f'Successfully pulled image "{image}" in {duration(now - started)} '
            f"({duration(now - pull.asked_at)} including waiting). Image size: {size} bytes.",
            pull.container.name,
        )

    def _after_failure(self, key: tuple[str, str], pull: Pull) -> Waiting:
        assert pull.failed_at is not None
        now = self._sim.now
        left = self._backoff.remaining(self._backoff_key(pull), pull.failed_at, now)
        if left <= 0:
            return self._begin(key, pull.pod, pull.container, pull.wake)
        if now - pull.failed_at < RETRY_SHOWN_AFTER:
            pull.wake(RETRY_SHOWN_AFTER)
            return "ErrImagePull", pull.error
        pull.wake(left)
        message = f'Back-off pulling image "{pull.container.image}"'
        self._events.normal(pull.pod, "BackOff", message, pull.container.name)
        self._events.warning(pull.pod, "Failed", "Error: ImagePullBackOff", pull.container.name)
        return "ImagePullBackOff", f"{message}: ErrImagePull: {pull.error}"

    def _backoff_key(self, pull: Pull) -> str:
        return f"{pull.pod.uid}_{pull.container.image}"
