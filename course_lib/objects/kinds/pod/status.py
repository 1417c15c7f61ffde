"""What a Pod is: its phase, and the state of each container (`core/v1`, "PodStatus")."""

from __future__ import annotations

import msgspec

from course_lib.objects.manifests import Document
from course_lib.objects.meta import Condition, Value


class ContainerStateWaiting(Value, frozen=True):
    """Not started yet, and why."""

    reason: str = ""
    message: str = ""


class ContainerStateRunning(Value, frozen=True):
    """Running since."""

    started_at: str | None = None


class ContainerStateTerminated(Value, frozen=True):
    """Ended, how and when."""

    exit_code: int
    reason: str = ""
    message: str = ""
    signal: int = 0
    started_at: str | None = None
    finished_at: str | None = None
    container_id: str = msgspec.field(default="", name="containerID")


class ContainerState(Value, frozen=True):
    """One of waiting, running, terminated."""

    waiting: ContainerStateWaiting | None = None
    running: ContainerStateRunning | None = None
    terminated: ContainerStateTerminated | None = None


class ContainerStatus(Value, frozen=True):
    """What the kubelet last said of a container."""

    name: str
    ready: bool = False
    started: bool = False
    restart_count: int = 0
    image: str = ""
    image_id: str = msgspec.field(default="", name="imageID")
    container_id: str = msgspec.field(default="", name="containerID")
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


def complete_status(status: Document) -> Document:
    """A Pod's status with both forms of its address.

    Source: `SetDefaults_PodStatus` in `pkg/apis/core/v1/defaults.go`.
    """
    single, several = status.get("podIP"), status.get("podIPs")
    if single and (not several or several[0].get("ip") != single):
        status = status | {"podIPs": [{"ip": single}]}
    elif several and not single:
        status = status | {"podIP": several[0].get("ip")}
    return status


FINAL_PHASES = ("Succeeded", "Failed")  # all containers have ended for good
GATED = "SchedulingGated"  # the reason of PodScheduled, for as long as a Pod has gates


class PodStatus(Value, frozen=True):
    """What a Pod is."""

    phase: str = "Pending"
    reason: str = ""
    message: str = ""
    conditions: list[Condition] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    ephemeral_container_statuses: list[ContainerStatus] | None = None
    container_statuses: list[ContainerStatus] | None = None
    host_ip: str = msgspec.field(default="", name="hostIP")
    pod_ip: str = msgspec.field(default="", name="podIP")
    start_time: str | None = None
    nominated_node_name: str = ""
    qos_class: str = ""
