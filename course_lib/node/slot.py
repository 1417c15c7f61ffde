"""A slot: one container of a Pod's spec, through all its restarts.

What the kubelet knows of a container is what the runtime last told it (`Seen`).
"""

from __future__ import annotations

from sys import intern

import msgspec

from course_lib.cri import messages as v1
from course_lib.cri.translate import seconds
from course_lib.engine import timestamp
from course_lib.node.probes import LIVENESS, READINESS, STARTUP
from course_lib.objects.decode import encode
from course_lib.objects.derived import derived_once
from course_lib.objects.kinds import pod as spec
from course_lib.objects.kinds.pod.requests import is_sidecar
from course_lib.objects.manifests import Document

CREATING, INITIALIZING = "ContainerCreating", "PodInitializing"
REDEFINED, HOOK_FAILED = "definition changed", "FailedPostStartHook"  # why a container is killed


class Seen(msgspec.Struct, frozen=True, gc=False):
    """A container as its runtime told of it; times in simulated seconds."""

    id: str
    image: str  # as the Pod asks for it
    shown: str  # as the runtime names it
    image_ref: str
    state: int
    started_at: float
    finished_at: float
    exit_code: int
    reason: str
    message: str

    @classmethod
    def of(cls, status: v1.ContainerStatus, image: str) -> Seen:
        """Read a `ContainerStatus`."""
        return cls(
            intern(status.id),
            image,
            intern(status.image.image),
            intern(status.image_ref),
            status.state,
            seconds(status.started_at),  # 1970 for one that never started, as it is shown
            seconds(status.finished_at) if status.finished_at else 0.0,
            status.exit_code,
            status.reason,
            status.message,
        )

    @property
    def running(self) -> bool:
        """Whether it ran when it was last looked at."""
        return self.state == v1.CONTAINER_RUNNING

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.state == v1.CONTAINER_EXITED


class Slot:
    """What the kubelet knows of one container of one Pod.

    Its life: waiting (with a reason), running, terminated; and, where the restart policy says
    so, waiting again.
    """

    __slots__ = ("current", "init", "kill_because", "previous", "restarts", "results", "sidecar",
                 "spec", "starting", "stopping", "waiting")  # fmt: skip

    def __init__(self, container: spec.Container, init: bool) -> None:
        self.spec, self.init = container, init
        self.sidecar = init and is_sidecar(container)
        self.current: Seen | None = None
        self.previous: Seen | None = None
        self.starting = False
        self.stopping = False
        self.restarts = 0
        self.waiting = (CREATING, "")
        self.results: dict[str, bool] = {}
        self.kill_because = ""

    @property
    def current_id(self) -> str:
        """The ID of its container; empty where there is none."""
        return self.current.id if self.current is not None else ""

    @property
    def running(self) -> bool:
        """Whether its container runs now."""
        return self.current is not None and self.current.state == v1.CONTAINER_RUNNING

    @property
    def exited(self) -> Seen | None:
        """Its container, if that has ended."""
        ended = self.current is not None and self.current.state == v1.CONTAINER_EXITED
        return self.current if ended else None

    @property
    def succeeded(self) -> bool:
        """Whether its container ended with exit code 0."""
        return self.exited is not None and self.exited.exit_code == 0

    @property
    def started(self) -> bool:
        """Running, and past its startup probe."""
        return self.running and (
            self.spec.startup_probe is None or self.results.get(STARTUP, False)
        )

    @property
    def ready(self) -> bool:
        """Started, and ready as its readiness probe says (at once, where there is none)."""
        if self.init and not self.sidecar:
            return self.succeeded
        return self.started and (
            self.spec.readiness_probe is None or self.results.get(READINESS, False)
        )

    def restarts_under(self, policy: str) -> bool:
        """Whether its ended container is to be started again."""
        assert self.exited is not None
        if self.sidecar:
            return True
        if self.init:
            return self.exited.exit_code != 0 and policy != "Never"
        return policy == "Always" or (policy == "OnFailure" and self.exited.exit_code != 0)

    @property
    def next_attempt(self) -> int:
        """The number of the container that would come next."""
        return self.restarts + (self.current is not None)

    def take(self, container: Seen) -> None:
        """A new container is in the slot."""
        if self.current is not None:
            self.restarts += 1
            self.previous = self.current
        self.current, self.starting, self.stopping = container, False, False
        self.results, self.kill_because = {}, ""

    def observe(self, kind: str, good: bool, problem: str) -> None:
        """A probe has come to a result.

        `kind` is the probe's, `good` its result, `problem` says why it is not.
        """
        self.results[kind] = good
        if not good and kind in (LIVENESS, STARTUP):
            self.kill_because = f"failed {kind.lower()} probe"

    def see(self, container: Seen) -> None:
        """The runtime has reported the slot's container again."""
        if self.current is not None and self.current.id == container.id:
            self.current = container

    def facts(self) -> tuple[object, ...]:
        """All that its status is made of."""
        found = self.current, self.previous, *self.results.items()  # of its probes
        return *found, self.restarts, self.waiting

    def status(self, runtime: str) -> Document:
        """What `status.containerStatuses` says of it."""
        status: Document = {
            "name": self.spec.name,
            "image": self.spec.image,
            "imageID": "",
            "ready": self.ready,
            "started": self.started,
            "restartCount": self.restarts,
            "state": self._state(runtime),
        }
        if self.current is not None:
            status["image"] = self.current.shown or self.spec.image
            status["containerID"] = intern(f"{runtime}://{self.current.id}")
            status["imageID"] = self.current.image_ref
            status |= _allocated(self.spec)
        ended = self.exited if "waiting" in status["state"] else self.previous
        status["lastState"] = {"terminated": _terminated(ended, runtime)} if ended else {}
        return status

    def _state(self, runtime: str) -> Document:
        if self.current is not None and self.running:
            return {"running": {"startedAt": timestamp(self.current.started_at)}}
        if self.exited is not None and (not self.waiting[0] or self.waiting[0] == CREATING):
            return {"terminated": _terminated(self.exited, runtime)}
        reason, message = self.waiting
        waiting = {"reason": reason or CREATING}
        return {"waiting": waiting | ({"message": message} if message else {})}


@derived_once()
def _allocated(container: spec.Container) -> Document:
    """What a container has got of its node."""
    allocated: Document = {"resources": encode(container.resources)}
    requests = container.resources.requests
    return allocated | ({"allocatedResources": encode(requests)} if requests else {})


def _terminated(container: Seen, runtime: str) -> Document:
    ended: Document = {
        "exitCode": container.exit_code,
        "reason": container.reason,
        "startedAt": timestamp(container.started_at),
        "finishedAt": timestamp(container.finished_at),
        "containerID": f"{runtime}://{container.id}",
    }
    return ended | ({"message": container.message} if container.message else {})
