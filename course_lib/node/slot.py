"""A slot: one container of a Pod's spec, through all its restarts.

What the kubelet knows of a container is what the runtime last told it (`Seen`).
"""

from __future__ import annotations

from sys import intern

import msgspec

from course_lib.cri import messages as v1
from course_lib.cri.translate import seconds
from course_lib.engine import timestamp
from course_lib.node.probes import READINESS, STARTUP
from course_lib.objects.decode import encode
from course_lib.objects.derived import derived_once
from course_lib.objects.kinds import pod as spec
from course_lib.objects.kinds.pod.requests import is_sidecar
from course_lib.objects.manifests import Document

CREATING, INITIALIZING = "ContainerCreating", "PodInitializing"
UNKNOWN = "ContainerStatusUnknown"
LOST = "The container could not be located when the pod was terminated"


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
    so, waiting again. `container` and `pod` are the specs; `kind` is `init`, `ephemeral`, or empty.
    """

    __slots__ = ("actuated", "current", "ephemeral", "init", "policy", "previous", "reason",
                 "restarts", "results", "sandbox", "sidecar", "spec", "stopping",
                 "waits_as")  # fmt: skip

    def __init__(self, container: spec.Container, pod: spec.PodSpec, kind: str = "") -> None:
        self.spec, self.policy = container, pod.restart_policy
        self.init, self.ephemeral = kind == "init", kind == "ephemeral"
        self.sidecar = self.init and is_sidecar(container)
        self.waits_as = INITIALIZING if pod.init_containers else CREATING
        self.actuated = container.resources  # of its container, as the runtime has them
        self.current: Seen | None = None
        self.previous: Seen | None = None
        self.sandbox = ""  # in which its container is
        self.stopping = False
        self.restarts = 0
        # Why it was not started, as the last synchronisation found (`reasonCache`); with a message.
        self.reason = ("", "")
        self.results: dict[str, bool] = {}

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
    def ended_last(self) -> Seen | None:
        """Of its containers the one that ended last."""
        return self.exited or self.previous

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
        if self.ephemeral:
            return False
        if self.init and not self.sidecar:
            return self.succeeded
        return self.started and (
            self.spec.readiness_probe is None or self.results.get(READINESS, False)
        )

    def failed(self, probe: str) -> bool:
        """Whether a probe of this kind has failed for good."""
        return self.results.get(probe) is False

    def to_be_started(self, deleted: bool) -> bool:
        """Whether it needs a container (`ShouldContainerBeRestarted`); none that is `deleted`."""
        if deleted or self.running:
            return False
        return self.exited is None or restarts(self.spec, self.policy, self.exited.exit_code)

    @property
    def to_be_resized(self) -> list[str]:
        """Of which resources its container has not yet what is allocated."""
        if not self.running or self.actuated is self.spec.resources:
            return []
        return [
            name
            for name in ("cpu", "memory")
            if any(
                (getattr(self.actuated, group) or {}).get(name)
                != (getattr(self.spec.resources, group) or {}).get(name)
                for group in ("requests", "limits")
            )
        ]

    @property
    def resize_restarts(self) -> bool:
        """Whether its container has to be made anew to get what is allocated (`resizePolicy`)."""
        rules = {rule.resource_name: rule.restart_policy for rule in self.spec.resize_policy or ()}
        return any(rules.get(name) == "RestartContainer" for name in self.to_be_resized)

    @property
    def restarts_on_failure(self) -> bool:
        """Whether a container that the kubelet kills is started again."""
        return (self.spec.restart_policy or self.policy) != "Never"

    @property
    def next_attempt(self) -> int:
        """The number of the container that would come next."""
        return self.restarts + (self.current is not None)

    def take(self, container: Seen, sandbox: str) -> None:
        """A new container is in the slot, in a `sandbox`."""
        if self.current is not None:
            self.restarts += 1
            self.previous = self.current
        self.current, self.sandbox, self.stopping = container, sandbox, False
        self.actuated = self.spec.resources
        self.results = {}

    def observe(self, kind: str, good: bool) -> None:
        """A probe of a `kind` has come to a result."""
        self.results[kind] = good

    def see(self, container: Seen) -> None:
        """The runtime has reported the slot's container again."""
        if self.current is not None and self.current.id == container.id:
            self.current = container

    def facts(self) -> tuple[object, ...]:
        """All that its status is made of."""
        found = self.current, self.previous, *self.results.items()  # of its probes
        return *found, self.restarts, self.reason, self.spec.resources, self.actuated

    def status(self, runtime: str, deleted: bool = False, unknown: bool = False) -> Document:
        """What `status.containerStatuses` says of it (`convertToAPIContainerStatuses`).

        `runtime` is its name. A container of a Pod that is `deleted` is not started again.
        `unknown` says that the Pod is terminated: what has not ended counts as lost.
        """
        status: Document = {
            "name": self.spec.name,
            "image": self.spec.image,
            "imageID": "",
            "ready": self.ready,
            "restartCount": self.restarts,
        }
        if not self.ephemeral:
            status["started"] = self.started
        if mounts := _mounts(self.spec):
            status["volumeMounts"] = mounts
        if self.current is not None:
            status["image"] = self.current.shown or self.spec.image
            status["containerID"] = intern(f"{runtime}://{self.current.id}")
            status["imageID"] = self.current.image_ref
            status |= _allocated(self.spec)
            if self.running and self.actuated != self.spec.resources:
                status["resources"] = encode(self.actuated)
        state = self._state(runtime, deleted)
        ended = self.ended_last if "waiting" in state else self.previous
        if unknown and "terminated" not in state:
            state = {"terminated": {"exitCode": 137, "reason": UNKNOWN, "message": LOST}}
        last: Document = {"terminated": _terminated(ended, runtime)} if ended else {}
        return status | {"state": state, "lastState": last}

    def _state(self, runtime: str, deleted: bool) -> Document:
        if self.current is not None and self.running:
            return {"running": {"startedAt": timestamp(self.current.started_at)}}
        reason, message = self.reason if self.to_be_started(deleted) else ("", "")
        if self.exited is not None and not reason:
            return {"terminated": _terminated(self.exited, runtime)}
        waiting = {"reason": reason or self.waits_as}
        return {"waiting": waiting | ({"message": message} if message else {})}


def restarts(container: spec.Container, policy: str, exit_code: int) -> bool:
    """Whether a `container` that ended with `exit_code` is started again.

    `policy` is the Pod's. Source: `ContainerShouldRestart` in `pkg/api/v1/pod/util.go`.
    """
    own = container.restart_policy
    if own is not None:
        if any(rule.fits(exit_code) for rule in container.restart_policy_rules or ()):
            return True
        policy = own
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


@derived_once()
def _allocated(container: spec.Container) -> Document:
    """What a container has got of its node."""
    allocated: Document = {"resources": encode(container.resources)}
    requests = container.resources.requests
    return allocated | ({"allocatedResources": encode(requests)} if requests else {})


@derived_once()
def _mounts(container: spec.Container) -> list[Document]:
    """The volumes that a container mounts, as its status names them."""
    return [
        {"name": mount.name, "mountPath": mount.mount_path}
        | ({"readOnly": True, "recursiveReadOnly": "Disabled"} if mount.read_only else {})
        for mount in container.volume_mounts or ()
    ]


def _terminated(container: Seen, runtime: str) -> Document:
    ended: Document = {
        "exitCode": container.exit_code,
        "reason": container.reason,
        "startedAt": timestamp(container.started_at),
        "finishedAt": timestamp(container.finished_at),
        "containerID": f"{runtime}://{container.id}",
    }
    return ended | ({"message": container.message} if container.message else {})
