"""The containers of a Pod: what they run, need and mount, and how they are probed (`core/v1`)."""

from __future__ import annotations

from typing import Any

import msgspec

from course_lib.objects.kinds.pod.security import SecurityContext
from course_lib.objects.meta import Value
from course_lib.objects.quantity import ResourceList


class ResourceRequirements(Value, frozen=True):
    """What a container asks for (`requests`) and may use at most (`limits`)."""

    requests: ResourceList | None = None
    limits: ResourceList | None = None


class ContainerPort(Value, frozen=True):
    """A port that a container listens on; `host_port` also claims it on the node."""

    container_port: int
    name: str = ""
    protocol: str = "TCP"
    host_port: int = 0
    host_ip: str = msgspec.field(default="", name="hostIP")


class KeySelector(Value, frozen=True):
    """One key of a ConfigMap or Secret."""

    key: str
    name: str = ""
    optional: bool = False


class ObjectFieldSelector(Value, frozen=True):
    """A field of the Pod itself."""

    field_path: str


class EnvVarSource(Value, frozen=True):
    """Where the value of an environment variable comes from."""

    config_map_key_ref: KeySelector | None = None
    secret_key_ref: KeySelector | None = None
    field_ref: ObjectFieldSelector | None = None
    resource_field_ref: dict[str, Any] | None = None


class EnvVar(Value, frozen=True):
    """One environment variable."""

    name: str
    value: str = ""
    value_from: EnvVarSource | None = None


class SourceName(Value, frozen=True):
    """A ConfigMap or Secret by name."""

    name: str = ""
    optional: bool = False


class EnvFromSource(Value, frozen=True):
    """All keys of a ConfigMap or Secret as environment variables."""

    prefix: str = ""
    config_map_ref: SourceName | None = None
    secret_ref: SourceName | None = None


class ExecAction(Value, frozen=True):
    """A command that runs in the container; exit code 0 is success."""

    command: list[str] | None = None


class HTTPGetAction(Value, frozen=True):
    """A GET request; a status from 200 to 399 is success."""

    port: int | str
    path: str = "/"
    host: str = ""
    scheme: str = "HTTP"


class TCPSocketAction(Value, frozen=True):
    """A connection; being accepted is success."""

    port: int | str
    host: str = ""


class GRPCAction(Value, frozen=True):
    """A call of the standard gRPC health service."""

    port: int
    service: str = ""


class SleepAction(Value, frozen=True):
    """A pause of so many seconds."""

    seconds: int = 0


class Probe(Value, frozen=True):
    """A question that the kubelet asks again and again."""

    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None
    grpc: GRPCAction | None = None
    initial_delay_seconds: int = 0
    timeout_seconds: int = 1
    period_seconds: int = 10
    success_threshold: int = 1
    failure_threshold: int = 3
    termination_grace_period_seconds: int | None = None


class LifecycleHandler(Value, frozen=True):
    """What runs after a container's start or before its stop."""

    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None
    sleep: SleepAction | None = None


class Lifecycle(Value, frozen=True):
    """The two hooks of a container."""

    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None


class VolumeMount(Value, frozen=True):
    """A volume of the Pod at a path of the container."""

    name: str
    mount_path: str
    read_only: bool = False
    sub_path: str = ""
    sub_path_expr: str = ""


class ExitCodes(Value, frozen=True):
    """Exit codes that are `In` a list, or `NotIn` it."""

    operator: str = "In"
    values: list[int] | None = None


class RestartRule(Value, frozen=True):
    """What happens when a container ends with one of these exit codes.

    Simplified: `RestartAllContainers` restarts this container alone, as `Restart` does.
    """

    action: str = "Restart"
    exit_codes: ExitCodes | None = None

    def fits(self, exit_code: int) -> bool:
        """Whether the rule is for this exit code (`findMatchingContainerRestartRule`)."""
        if self.exit_codes is None:
            return False
        among = exit_code in (self.exit_codes.values or ())
        return among == (self.exit_codes.operator == "In")


class ResizeRule(Value, frozen=True):
    """Whether a container has to be restarted when it gets more or less of a resource."""

    resource_name: str = ""
    restart_policy: str = "NotRequired"


class Container(Value, frozen=True):
    """One process image of a Pod, with what it needs."""

    name: str
    image: str = ""
    image_pull_policy: str | None = None
    command: list[str] | None = None
    args: list[str] | None = None
    working_dir: str = ""
    ports: list[ContainerPort] | None = None
    env: list[EnvVar] | None = None
    env_from: list[EnvFromSource] | None = None
    resources: ResourceRequirements = ResourceRequirements()
    restart_policy: str | None = None  # Always on an init container: a sidecar
    restart_policy_rules: list[RestartRule] | None = None
    resize_policy: list[ResizeRule] | None = None
    startup_probe: Probe | None = None
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    lifecycle: Lifecycle | None = None
    volume_mounts: list[VolumeMount] | None = None
    termination_message_path: str = "/dev/termination-log"
    termination_message_policy: str = "File"
    security_context: SecurityContext | None = None
    stdin: bool = False
    stdin_once: bool = False
    tty: bool = False


class EphemeralContainer(Container, frozen=True):
    """A container that is added to a Pod that runs, to look into it."""
