"""The Pod: containers that share one address and one life (chapters 01, 03 and 06).

The life of a Pod, its `phase`:
- Pending: accepted; waiting for a node, for images, for volumes, for its init containers;
- Running: on a node, all containers created, at least one running or restarting;
- Succeeded or Failed: all containers ended for good, all with exit code 0 or not.

Source: the Kubernetes API reference, `core/v1`; "Pod Lifecycle".
"""

from __future__ import annotations

from typing import Any

import msgspec

from course_lib.objects.meta import Condition, LabelSelector, Object, ObjectMeta, Value
from course_lib.objects.quantity import Quantity

ResourceList = dict[str, Quantity]


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

    seconds: int


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
    startup_probe: Probe | None = None
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    lifecycle: Lifecycle | None = None
    volume_mounts: list[VolumeMount] | None = None
    termination_message_path: str = "/dev/termination-log"
    termination_message_policy: str = "File"
    stdin: bool = False
    stdin_once: bool = False
    tty: bool = False


class Toleration(Value, frozen=True):
    """A taint that a Pod puts up with, for ever or for so many seconds."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None


class NodeSelectorRequirement(Value, frozen=True):
    """A condition on one label (or, in `matchFields`, on the name) of a node."""

    key: str
    operator: str
    values: list[str] | None = None


class NodeSelectorTerm(Value, frozen=True):
    """Conditions that must all hold."""

    match_expressions: list[NodeSelectorRequirement] | None = None
    match_fields: list[NodeSelectorRequirement] | None = None


class NodeSelector(Value, frozen=True):
    """Terms of which one must hold."""

    node_selector_terms: list[NodeSelectorTerm]


class PreferredSchedulingTerm(Value, frozen=True):
    """A term that adds its weight to the score of nodes that meet it."""

    weight: int
    preference: NodeSelectorTerm


class NodeAffinity(Value, frozen=True):
    """Which nodes a Pod requires, and which it prefers."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    preferred_during_scheduling_ignored_during_execution: list[PreferredSchedulingTerm] | None = (
        None
    )


class PodAffinityTerm(Value, frozen=True):
    """Pods to be near, or away from, within a topology (a label of nodes)."""

    topology_key: str = ""
    label_selector: LabelSelector | None = None
    namespaces: list[str] | None = None
    namespace_selector: LabelSelector | None = None
    match_label_keys: list[str] | None = None
    mismatch_label_keys: list[str] | None = None


class WeightedPodAffinityTerm(Value, frozen=True):
    """A wish with a weight from 1 to 100."""

    weight: int
    pod_affinity_term: PodAffinityTerm


class PodAffinity(Value, frozen=True):
    """Required and preferred terms; the same shape serves anti-affinity."""

    required_during_scheduling_ignored_during_execution: list[PodAffinityTerm] | None = None
    preferred_during_scheduling_ignored_during_execution: list[WeightedPodAffinityTerm] | None = (
        None
    )


class Affinity(Value, frozen=True):
    """Where a Pod wants to be."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None


class TopologySpreadConstraint(Value, frozen=True):
    """How evenly Pods must spread over zones, nodes or other topologies."""

    max_skew: int
    topology_key: str
    when_unsatisfiable: str
    label_selector: LabelSelector | None = None
    min_domains: int | None = None
    node_affinity_policy: str | None = None
    node_taints_policy: str | None = None
    match_label_keys: list[str] | None = None


class ClaimSource(Value, frozen=True):
    """A PersistentVolumeClaim of the Pod's namespace."""

    claim_name: str
    read_only: bool = False


class SecretSource(Value, frozen=True):
    """A Secret as files."""

    secret_name: str = ""
    optional: bool = False
    items: list[dict[str, Any]] | None = None
    default_mode: int | None = None


class ConfigMapSource(Value, frozen=True):
    """A ConfigMap as files."""

    name: str = ""
    optional: bool = False
    items: list[dict[str, Any]] | None = None
    default_mode: int | None = None


class Volume(Value, frozen=True):
    """A directory that containers of the Pod can mount."""

    name: str
    persistent_volume_claim: ClaimSource | None = None
    secret: SecretSource | None = None
    config_map: ConfigMapSource | None = None
    empty_dir: dict[str, Any] | None = None
    host_path: dict[str, Any] | None = None
    projected: dict[str, Any] | None = None
    downward_api: dict[str, Any] | None = msgspec.field(default=None, name="downwardAPI")
    gce_persistent_disk: dict[str, Any] | None = msgspec.field(
        default=None, name="gcePersistentDisk"
    )
    aws_elastic_block_store: dict[str, Any] | None = msgspec.field(
        default=None, name="awsElasticBlockStore"
    )
    iscsi: dict[str, Any] | None = None
    rbd: dict[str, Any] | None = None


class PodSpec(Value, frozen=True):
    """What a Pod should be."""

    containers: list[Container]
    init_containers: list[Container] | None = None
    volumes: list[Volume] | None = None
    restart_policy: str = "Always"
    termination_grace_period_seconds: int = 30
    active_deadline_seconds: int | None = None
    node_selector: dict[str, str] | None = None
    node_name: str = ""
    host_network: bool = False
    share_process_namespace: bool = False
    affinity: Affinity | None = None
    tolerations: list[Toleration] | None = None
    topology_spread_constraints: list[TopologySpreadConstraint] | None = None
    scheduler_name: str = "default-scheduler"
    priority_class_name: str = ""
    priority: int = 0
    preemption_policy: str = "PreemptLowerPriority"
    service_account_name: str = ""
    overhead: ResourceList | None = None
    scheduling_gates: list[dict[str, str]] | None = None
    hostname: str = ""
    subdomain: str = ""
    enable_service_links: bool | None = None
    automount_service_account_token: bool | None = None
    readiness_gates: list[dict[str, str]] | None = None


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


class PodStatus(Value, frozen=True):
    """What a Pod is."""

    phase: str = "Pending"
    reason: str = ""
    message: str = ""
    conditions: list[Condition] | None = None
    init_container_statuses: list[ContainerStatus] | None = None
    container_statuses: list[ContainerStatus] | None = None
    host_ip: str = msgspec.field(default="", name="hostIP")
    pod_ip: str = msgspec.field(default="", name="podIP")
    start_time: str | None = None
    nominated_node_name: str = ""
    qos_class: str = ""


class Pod(Object, frozen=True, kw_only=True):
    """The smallest thing that Kubernetes runs."""

    spec: PodSpec
    status: PodStatus = PodStatus()


class PodTemplateSpec(Value, frozen=True):
    """The Pod that a controller makes, again and again."""

    spec: PodSpec
    metadata: ObjectMeta = ObjectMeta()
