"""The kubelet's image manager: pull policies, one pull at a time, back-off after failures.

Source: `pkg/kubelet/images/image_manager.go` (serializeImagePulls is the kubelet's default).
"""

from __future__ import annotations

from collections import deque
from sys import intern

from course_lib.cri import messages as v1
from course_lib.engine import Simulation
from course_lib.node.backoff import Backoff, duration
from course_lib.node.kubelet_events import KubeletEvents
from course_lib.node.node_runtime import NodeRuntime, PodCalls
from course_lib.node.steps import Begin, Done, Steps
from course_lib.objects.image_names import reference_problem
from course_lib.objects.kinds.pod import Container, Pod
from course_lib.runtimes import RuntimeFault

Failure = tuple[str, str]  # why there is no image: a reason, and a message
Pulled = v1.PullImageResponse | RuntimeFault


class ImageManager:
    """Sees to it that a container's image is on the node before the container starts.

    `sim` has the time, `runtime` pulls, `events` report.
    """

    def __init__(self, sim: Simulation, runtime: NodeRuntime, events: KubeletEvents) -> None:
        self._sim, self._runtime, self._events = sim, runtime, events
        self._backoff = Backoff()
        self._errors: dict[str, str] = {}  # of the last pull, by Pod and image
        self._queue: deque[Begin] = deque()
        self._pulling = False

    def ensure(self, calls: PodCalls, pod: Pod, container: Container) -> Steps[str | Failure]:
        """The image's ID, once it is there; or why it is not (`EnsureImageExists`).

        `pod` has the `container`; its `calls` say whether it is still of interest.
        """
        image, policy = container.image, container.image_pull_policy
        if problem := reference_problem(image):
            message = f'Failed to apply default image tag "{image}": {problem}'
            self._events.warning(pod, "InspectFailed", message, container.name)
            return "InvalidImageName", message
        held = self.held(image) if policy != "Always" else None
        if held is not None:
            present = "already present on machine and can be accessed by the pod"
            message = intern(f'Container image "{image}" {present}')
            self._events.normal(pod, "Pulled", message, container.name)
            return held.id
        if policy == "Never":
            message = f'Container image "{image}" is not present with pull policy of Never'
            self._events.warning(pod, "ErrImageNeverPull", message, container.name)
            return "ErrImageNeverPull", message
        return (yield from self._pull(calls, pod, container))

    def _pull(self, calls: PodCalls, pod: Pod, container: Container) -> Steps[str | Failure]:
        image, key, events = container.image, f"{pod.uid}_{container.image}", self._events
        if self._backoff.since_last(key, self._sim.now) > 0:
            message = f'Back-off pulling image "{image}"'
            events.normal(pod, "BackOff", message, container.name)
            before = self._errors.get(key)
            return "ImagePullBackOff", f"{message}: {before}" if before else message
        self._errors.pop(key, None)
        events.normal(pod, "Pulling", f'Pulling image "{image}"', container.name)
        asked = self._sim.now  # before its turn comes
        result, began = yield lambda done: self._in_turn(calls, image, done)
        now = self._sim.now
        if isinstance(result, RuntimeFault):
            words = result.what if result.code == "Unknown" else str(result)
            message = f'Failed to pull image "{image}": {words}'
            events.warning(pod, "Failed", message, container.name)
            self._backoff.next(key, now, now)
            reason, words = evaluated(image, words)
            self._errors[key] = f"{reason}: {words}"
            return reason, words
        held = self.held(image)
        events.normal(
            pod,
            "Pulled",
            f'Successfully pulled image "{image}" in {duration(now - began)} '
            f"({duration(now - asked)} including waiting). "
            f"Image size: {held.size if held is not None else 0} bytes.",
            container.name,
        )
        return str(result.image_ref)

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
        """A Pod is gone: so is what was tried for it."""
        self._backoff.forget(pod.uid)
        self._errors = {k: v for k, v in self._errors.items() if not k.startswith(pod.uid)}

    def swap(self) -> None:
        """Another runtime answers: what the old one was asked for is asked again."""
        self.restart()
        self._backoff = Backoff()
        self._errors.clear()

    def restart(self) -> None:
        """The node came back from a power loss: no pull is under way."""
        self._queue.clear()
        self._pulling = False

    def _in_turn(self, calls: PodCalls, image: str, done: Done) -> None:
        """Pull an image when those that were asked for before are done.

        `done` gets the result, and when (simulated s) the pull began.
        """

        def begin(next: Done) -> None:
            began, cri = self._sim.now, self._runtime.cri

            def ended(result: Pulled) -> None:
                if cri is self._runtime.cri:
                    if calls.open:
                        done((result, began))
                    next(None)

            cri.begin("PullImage", ended, image={"image": image})

        self._queue.append(begin)
        if not self._pulling:
            self._next()

    def _next(self, _: object = None) -> None:
        """Begin the pull that has waited longest."""
        self._pulling = bool(self._queue)
        if self._queue:
            self._queue.popleft()(self._next)


def evaluated(image: str, error: str) -> Failure:
    """Reason and message of a container whose image could not be pulled (`evalCRIPullErr`)."""
    for reason, why in (
        ("RegistryUnavailable", "registry is unavailable"),
        ("SignatureValidationFailed", "signature validation failed"),
    ):
        if error.startswith(reason):
            return reason, f"image pull failed for {image} because the {why}{error[len(reason) :]}"
    return "ErrImagePull", error
