"""The kubelet's image manager: pull policies, one pull at a time, back-off after failures.

Source: `pkg/kubelet/images/image_manager.go` (serializeImagePulls is the kubelet's default).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec

from course_lib.apiserver import APIServer
from course_lib.errors import CourseError
from course_lib.images import Reference, RegistryError
from course_lib.node.backoff import Backoff
from course_lib.objects.pod import Container, Pod
from course_lib.runtimes import PlainRuntime
from course_lib.runtimes.plain import Image

Waiting = tuple[str, str]  # reason and message of a waiting container
RETRY_SHOWN_AFTER = 3.0  # s until a failed pull is seen as waiting in back-off


class Pull(msgspec.Struct):
    """One container's wish for its image."""

    pod: Pod
    container: Container
    wake: Callable[[float], None]
    asked_at: float
    done: bool = False
    failed_at: float | None = None
    error: str = ""


class ImageManager:
    """Sees to it that a container's image is on the node before the container starts."""

    def __init__(self, api: APIServer, runtime: PlainRuntime, component: str) -> None:
        self.api, self.runtime, self.component = api, runtime, component
        self.backoff = Backoff()
        self._pulls: dict[tuple[str, str], Pull] = {}
        self._queue: deque[Pull] = deque()
        self._active: Pull | None = None

    def ensure(
        self, pod: Pod, container: Container, wake: Callable[[float], None]
    ) -> Waiting | None:
        """None when the image is there; else why the container waits. `wake` calls back."""
        image, policy = container.image, container.image_pull_policy
        try:
            Reference.parse(image)
        except CourseError:
            message = f'Failed to apply default image tag "{image}": couldn\'t parse image name'
            self._once(pod, "InspectFailed", message)
            return "InvalidImageName", message
        key = pod.uid, container.name
        pull = self._pulls.get(key)
        if pull is None or pull.container.image != image:
            if policy != "Always" and image in self.runtime.images:
                message = f'Container image "{image}" already present on machine'
                self.api.events.normal(self.component, pod, "Pulled", message)
                return None
            if policy == "Never":
                message = f'Container image "{image}" is not present with pull policy of Never'
                self._once(pod, "ErrImageNeverPull", message)
                return "ErrImageNeverPull", message
            return self._begin(key, pod, container, wake)
        if pull.done:
            del self._pulls[key]
            return None
        if pull.failed_at is None:
            return "ContainerCreating", ""
        return self._after_failure(key, pull)

    def forget(self, pod: Pod) -> None:
        """A Pod is gone: so are its wishes."""
        self._pulls = {key: pull for key, pull in self._pulls.items() if key[0] != pod.uid}
        self.backoff.forget(pod.uid)

    def restart(self) -> None:
        """The node came back from a power loss: no pull is under way."""
        self._pulls.clear()
        self._queue.clear()
        self._active = None

    def _begin(
        self,
        key: tuple[str, str],
        pod: Pod,
        container: Container,
        wake: Callable[[float], None],
    ) -> Waiting:
        pull = Pull(pod, container, wake, self.api.sim.now)
        self._pulls[key] = pull
        self._queue.append(pull)
        self._next()
        return "ContainerCreating", ""

    def _next(self) -> None:
        """Start the pull that has waited longest, if none is under way."""
        if self._active is not None or not self._queue:
            return
        pull = self._active = self._queue.popleft()
        image, started = pull.container.image, self.api.sim.now
        events = self.api.events
        events.normal(self.component, pull.pod, "Pulling", f'Pulling image "{image}"')

        def finish(result: Image | RegistryError) -> None:
            now = self.api.sim.now
            if isinstance(result, Image):
                pull.done = True
                events.normal(
                    self.component,
                    pull.pod,
                    "Pulled",
                    f'Successfully pulled image "{image}" in {now - started:.3g}s '
                    f"({now - pull.asked_at:.3g}s including waiting). "
                    f"Image size: {result.size} bytes.",
                )
            else:
                pull.failed_at, pull.error = now, result.what
                self.backoff.next(self._backoff_key(pull), now, now)
                message = f'Failed to pull image "{image}": {result.what}'
                events.warning(self.component, pull.pod, "Failed", message)
                events.warning(self.component, pull.pod, "Failed", "Error: ErrImagePull")
            self._active = None
            self._next()
            pull.wake(0.0)

        self.runtime.pull_image(image, finish)

    def _after_failure(self, key: tuple[str, str], pull: Pull) -> Waiting | None:
        assert pull.failed_at is not None
        now = self.api.sim.now
        left = self.backoff.remaining(self._backoff_key(pull), pull.failed_at, now)
        if left <= 0:
            return self._begin(key, pull.pod, pull.container, pull.wake)
        if now - pull.failed_at < RETRY_SHOWN_AFTER:
            pull.wake(RETRY_SHOWN_AFTER)
            return "ErrImagePull", pull.error
        pull.wake(left)
        message = f'Back-off pulling image "{pull.container.image}"'
        self.api.events.normal(self.component, pull.pod, "BackOff", message)
        return "ImagePullBackOff", f"{message}: ErrImagePull: {pull.error}"

    def _backoff_key(self, pull: Pull) -> str:
        return f"{pull.pod.uid}_{pull.container.image}"

    def _once(self, pod: Pod, reason: str, message: str) -> None:
        self.api.events.warning(self.component, pod, reason, message)
