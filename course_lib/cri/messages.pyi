"""Types of the CRI's messages; made from `runtime_v1.proto` by `make proto`."""
# ruff: noqa: N802, N815

from collections.abc import Mapping
from typing import Any, Self

PACKAGE: str

class Message:
    DESCRIPTOR: Any
    def __init__(self, **fields: object) -> None: ...
    @classmethod
    def FromString(cls, data: bytes) -> Self: ...
    def SerializeToString(self) -> bytes: ...
    def HasField(self, name: str) -> bool: ...
    def ListFields(self) -> list[tuple[Any, Any]]: ...
    def MergeFrom(self, other: Self) -> None: ...
    def ClearField(self, name: str) -> None: ...

class Method:
    name: str
    service: str
    request: type[Message]
    response: type[Message]
    streams: bool
    @property
    def path(self) -> str: ...

MESSAGES: Mapping[str, type[Message]]
ENUMS: Mapping[str, Mapping[str, int]]
METHODS: Mapping[str, Method]

CGROUPFS: int
CONTAINER: int
CONTAINER_CREATED: int
CONTAINER_CREATED_EVENT: int
CONTAINER_DELETED_EVENT: int
CONTAINER_EXITED: int
CONTAINER_RUNNING: int
CONTAINER_STARTED_EVENT: int
CONTAINER_STOPPED_EVENT: int
CONTAINER_UNKNOWN: int
COUNTER: int
GAUGE: int
Merge: int
NODE: int
POD: int
PROPAGATION_BIDIRECTIONAL: int
PROPAGATION_HOST_TO_CONTAINER: int
PROPAGATION_PRIVATE: int
SANDBOX_NOTREADY: int
SANDBOX_READY: int
SCTP: int
SIGNAL_RUNTIME_DEFAULT: int
SIGNAL_SIGABRT: int
SIGNAL_SIGALRM: int
SIGNAL_SIGBUS: int
SIGNAL_SIGCHLD: int
SIGNAL_SIGCLD: int
SIGNAL_SIGCONT: int
SIGNAL_SIGFPE: int
SIGNAL_SIGHUP: int
SIGNAL_SIGILL: int
SIGNAL_SIGINT: int
SIGNAL_SIGIO: int
SIGNAL_SIGIOT: int
SIGNAL_SIGKILL: int
SIGNAL_SIGPIPE: int
SIGNAL_SIGPOLL: int
SIGNAL_SIGPROF: int
SIGNAL_SIGPWR: int
SIGNAL_SIGQUIT: int
SIGNAL_SIGRTMAX: int
SIGNAL_SIGRTMAXMINUS1: int
SIGNAL_SIGRTMAXMINUS10: int
SIGNAL_SIGRTMAXMINUS11: int
SIGNAL_SIGRTMAXMINUS12: int
SIGNAL_SIGRTMAXMINUS13: int
SIGNAL_SIGRTMAXMINUS14: int
SIGNAL_SIGRTMAXMINUS2: int
SIGNAL_SIGRTMAXMINUS3: int
SIGNAL_SIGRTMAXMINUS4: int
SIGNAL_SIGRTMAXMINUS5: int
SIGNAL_SIGRTMAXMINUS6: int
SIGNAL_SIGRTMAXMINUS7: int
SIGNAL_SIGRTMAXMINUS8: int
SIGNAL_SIGRTMAXMINUS9: int
SIGNAL_SIGRTMIN: int
SIGNAL_SIGRTMINPLUS1: int
SIGNAL_SIGRTMINPLUS10: int
SIGNAL_SIGRTMINPLUS11: int
SIGNAL_SIGRTMINPLUS12: int
SIGNAL_SIGRTMINPLUS13: int
SIGNAL_SIGRTMINPLUS14: int
SIGNAL_SIGRTMINPLUS15: int
SIGNAL_SIGRTMINPLUS2: int
SIGNAL_SIGRTMINPLUS3: int
SIGNAL_SIGRTMINPLUS4: int
SIGNAL_SIGRTMINPLUS5: int
SIGNAL_SIGRTMINPLUS6: int
SIGNAL_SIGRTMINPLUS7: int
SIGNAL_SIGRTMINPLUS8: int
SIGNAL_SIGRTMINPLUS9: int
SIGNAL_SIGSEGV: int
SIGNAL_SIGSTKFLT: int
SIGNAL_SIGSTOP: int
SIGNAL_SIGSYS: int
SIGNAL_SIGTERM: int
SIGNAL_SIGTRAP: int
SIGNAL_SIGTSTP: int
SIGNAL_SIGTTIN: int
SIGNAL_SIGTTOU: int
SIGNAL_SIGURG: int
SIGNAL_SIGUSR1: int
SIGNAL_SIGUSR2: int
SIGNAL_SIGVTALRM: int
SIGNAL_SIGWINCH: int
SIGNAL_SIGXCPU: int
SIGNAL_SIGXFSZ: int
SYSTEMD: int
Strict: int
TARGET: int
TCP: int
UDP: int

class AttachRequest(Message):
    container_id: str
    stdin: bool
    tty: bool
    stdout: bool
    stderr: bool

class AttachResponse(Message):
    url: str

class AuthConfig(Message):
    username: str
    password: str
    auth: str
    server_address: str
    identity_token: str
    registry_token: str

class CDIDevice(Message):
    name: str

class Capability(Message):
    add_capabilities: list[str]
    drop_capabilities: list[str]
    add_ambient_capabilities: list[str]

class CheckpointContainerRequest(Message):
    container_id: str
    location: str
    timeout: int

class CheckpointContainerResponse(Message): ...

class CheckpointPodRequest(Message):
    pod_sandbox_id: str
    output_path: str
    container_ids: list[str]
    options: dict[str, str]

class CheckpointPodResponse(Message): ...

class Container(Message):
    id: str
    pod_sandbox_id: str
    metadata: ContainerMetadata
    image: ImageSpec
    image_ref: str
    state: int
    created_at: int
    labels: dict[str, str]
    annotations: dict[str, str]
    image_id: str

class ContainerAttributes(Message):
    id: str
    metadata: ContainerMetadata
    labels: dict[str, str]
    annotations: dict[str, str]

class ContainerConfig(Message):
    metadata: ContainerMetadata
    image: ImageSpec
    command: list[str]
    args: list[str]
    working_dir: str
    envs: list[KeyValue]
    mounts: list[Mount]
    devices: list[Device]
    labels: dict[str, str]
    annotations: dict[str, str]
    log_path: str
    stdin: bool
    stdin_once: bool
    tty: bool
    linux: LinuxContainerConfig
    CDI_devices: list[CDIDevice]
    stop_signal: int

class ContainerEventResponse(Message):
    container_id: str
    container_event_type: int
    created_at: int
    pod_sandbox_status: PodSandboxStatus
    containers_statuses: list[ContainerStatus]

class ContainerFilter(Message):
    id: str
    state: ContainerStateValue
    pod_sandbox_id: str
    label_selector: dict[str, str]

class ContainerMetadata(Message):
    name: str
    attempt: int

class ContainerMetrics(Message):
    container_id: str
    metrics: list[Metric]

class ContainerResources(Message):
    linux: LinuxContainerResources

class ContainerStateValue(Message):
    state: int

class ContainerStats(Message):
    attributes: ContainerAttributes
    cpu: CpuUsage
    memory: MemoryUsage
    writable_layer: FilesystemUsage
    swap: SwapUsage
    io: IoUsage

class ContainerStatsFilter(Message):
    id: str
    pod_sandbox_id: str
    label_selector: dict[str, str]

class ContainerStatsRequest(Message):
    container_id: str

class ContainerStatsResponse(Message):
    stats: ContainerStats

class ContainerStatus(Message):
    id: str
    metadata: ContainerMetadata
    state: int
    created_at: int
    started_at: int
    finished_at: int
    exit_code: int
    image: ImageSpec
    image_ref: str
    reason: str
    message: str
    labels: dict[str, str]
    annotations: dict[str, str]
    mounts: list[Mount]
    log_path: str
    resources: ContainerResources
    image_id: str
    user: ContainerUser
    stop_signal: int

class ContainerStatusRequest(Message):
    container_id: str
    verbose: bool

class ContainerStatusResponse(Message):
    status: ContainerStatus
    info: dict[str, str]

class ContainerUser(Message):
    linux: LinuxContainerUser

class CpuUsage(Message):
    timestamp: int
    usage_core_nano_seconds: UInt64Value
    usage_nano_cores: UInt64Value
    psi: PsiStats

class CreateContainerRequest(Message):
    pod_sandbox_id: str
    config: ContainerConfig
    sandbox_config: PodSandboxConfig

class CreateContainerResponse(Message):
    container_id: str

class DNSConfig(Message):
    servers: list[str]
    searches: list[str]
    options: list[str]

class Device(Message):
    container_path: str
    host_path: str
    permissions: str

class ExecRequest(Message):
    container_id: str
    cmd: list[str]
    tty: bool
    stdin: bool
    stdout: bool
    stderr: bool

class ExecResponse(Message):
    url: str

class ExecSyncRequest(Message):
    container_id: str
    cmd: list[str]
    timeout: int

class ExecSyncResponse(Message):
    stdout: bytes
    stderr: bytes
    exit_code: int

class FilesystemIdentifier(Message):
    mountpoint: str

class FilesystemUsage(Message):
    timestamp: int
    fs_id: FilesystemIdentifier
    used_bytes: UInt64Value
    inodes_used: UInt64Value

class GetEventsRequest(Message): ...

class HugepageLimit(Message):
    page_size: str
    limit: int

class IDMapping(Message):
    host_id: int
    container_id: int
    length: int

class Image(Message):
    id: str
    repo_tags: list[str]
    repo_digests: list[str]
    size: int
    uid: Int64Value
    username: str
    spec: ImageSpec
    pinned: bool

class ImageFilter(Message):
    image: ImageSpec

class ImageFsInfoRequest(Message): ...

class ImageFsInfoResponse(Message):
    image_filesystems: list[FilesystemUsage]
    container_filesystems: list[FilesystemUsage]

class ImageSpec(Message):
    image: str
    annotations: dict[str, str]
    user_specified_image: str
    runtime_handler: str
    image_ref: str

class ImageStatusRequest(Message):
    image: ImageSpec
    verbose: bool

class ImageStatusResponse(Message):
    image: Image
    info: dict[str, str]

class Int64Value(Message):
    value: int

class IoUsage(Message):
    timestamp: int
    psi: PsiStats

class KeyValue(Message):
    key: str
    value: bytes

class LinuxContainerConfig(Message):
    resources: LinuxContainerResources
    security_context: LinuxContainerSecurityContext

class LinuxContainerResources(Message):
    cpu_period: int
    cpu_quota: int
    cpu_shares: int
    memory_limit_in_bytes: int
    oom_score_adj: int
    cpuset_cpus: str
    cpuset_mems: str
    hugepage_limits: list[HugepageLimit]
    unified: dict[str, str]
    memory_swap_limit_in_bytes: int

class LinuxContainerSecurityContext(Message):
    capabilities: Capability
    privileged: bool
    namespace_options: NamespaceOption
    selinux_options: SELinuxOption
    run_as_user: Int64Value
    run_as_group: Int64Value
    run_as_username: str
    readonly_rootfs: bool
    supplemental_groups: list[int]
    supplemental_groups_policy: int
    no_new_privs: bool
    masked_paths: list[str]
    readonly_paths: list[str]
    seccomp: SecurityProfile
    apparmor: SecurityProfile
    apparmor_profile: str
    seccomp_profile_path: str

class LinuxContainerUser(Message):
    uid: int
    gid: int
    supplemental_groups: list[int]

class LinuxPodSandboxConfig(Message):
    cgroup_parent: str
    security_context: LinuxSandboxSecurityContext
    sysctls: dict[str, str]
    overhead: LinuxContainerResources
    resources: LinuxContainerResources

class LinuxPodSandboxStats(Message):
    cpu: CpuUsage
    memory: MemoryUsage
    network: NetworkUsage
    process: ProcessUsage
    containers: list[ContainerStats]
    io: IoUsage

class LinuxPodSandboxStatus(Message):
    namespaces: Namespace

class LinuxRuntimeConfiguration(Message):
    cgroup_driver: int

class LinuxSandboxSecurityContext(Message):
    namespace_options: NamespaceOption
    selinux_options: SELinuxOption
    run_as_user: Int64Value
    run_as_group: Int64Value
    readonly_rootfs: bool
    supplemental_groups: list[int]
    supplemental_groups_policy: int
    privileged: bool
    seccomp: SecurityProfile
    apparmor: SecurityProfile
    seccomp_profile_path: str

class ListContainerStatsRequest(Message):
    filter: ContainerStatsFilter

class ListContainerStatsResponse(Message):
    stats: list[ContainerStats]

class ListContainersRequest(Message):
    filter: ContainerFilter

class ListContainersResponse(Message):
    containers: list[Container]

class ListImagesRequest(Message):
    filter: ImageFilter

class ListImagesResponse(Message):
    images: list[Image]

class ListMetricDescriptorsRequest(Message): ...

class ListMetricDescriptorsResponse(Message):
    descriptors: list[MetricDescriptor]

class ListPodSandboxMetricsRequest(Message): ...

class ListPodSandboxMetricsResponse(Message):
    pod_metrics: list[PodSandboxMetrics]

class ListPodSandboxRequest(Message):
    filter: PodSandboxFilter

class ListPodSandboxResponse(Message):
    items: list[PodSandbox]

class ListPodSandboxStatsRequest(Message):
    filter: PodSandboxStatsFilter

class ListPodSandboxStatsResponse(Message):
    stats: list[PodSandboxStats]

class MemoryUsage(Message):
    timestamp: int
    working_set_bytes: UInt64Value
    available_bytes: UInt64Value
    usage_bytes: UInt64Value
    rss_bytes: UInt64Value
    page_faults: UInt64Value
    major_page_faults: UInt64Value
    psi: PsiStats

class Metric(Message):
    name: str
    timestamp: int
    metric_type: int
    label_values: list[str]
    value: UInt64Value

class MetricDescriptor(Message):
    name: str
    help: str
    label_keys: list[str]

class Mount(Message):
    container_path: str
    host_path: str
    readonly: bool
    selinux_relabel: bool
    propagation: int
    uidMappings: list[IDMapping]
    gidMappings: list[IDMapping]
    recursive_read_only: bool
    image: ImageSpec
    image_sub_path: str
    mount_options: list[str]

class Namespace(Message):
    options: NamespaceOption

class NamespaceOption(Message):
    network: int
    pid: int
    ipc: int
    target_id: str
    userns_options: UserNamespace

class NetworkConfig(Message):
    pod_cidr: str

class NetworkInterfaceUsage(Message):
    name: str
    rx_bytes: UInt64Value
    rx_errors: UInt64Value
    tx_bytes: UInt64Value
    tx_errors: UInt64Value

class NetworkUsage(Message):
    timestamp: int
    default_interface: NetworkInterfaceUsage
    interfaces: list[NetworkInterfaceUsage]

class PodIP(Message):
    ip: str

class PodSandbox(Message):
    id: str
    metadata: PodSandboxMetadata
    state: int
    created_at: int
    labels: dict[str, str]
    annotations: dict[str, str]
    runtime_handler: str

class PodSandboxAttributes(Message):
    id: str
    metadata: PodSandboxMetadata
    labels: dict[str, str]
    annotations: dict[str, str]

class PodSandboxConfig(Message):
    metadata: PodSandboxMetadata
    hostname: str
    log_directory: str
    dns_config: DNSConfig
    port_mappings: list[PortMapping]
    labels: dict[str, str]
    annotations: dict[str, str]
    linux: LinuxPodSandboxConfig

class PodSandboxFilter(Message):
    id: str
    state: PodSandboxStateValue
    label_selector: dict[str, str]

class PodSandboxMetadata(Message):
    name: str
    uid: str
    namespace: str
    attempt: int

class PodSandboxMetrics(Message):
    pod_sandbox_id: str
    metrics: list[Metric]
    container_metrics: list[ContainerMetrics]

class PodSandboxNetworkStatus(Message):
    ip: str
    additional_ips: list[PodIP]

class PodSandboxStateValue(Message):
    state: int

class PodSandboxStats(Message):
    attributes: PodSandboxAttributes
    linux: LinuxPodSandboxStats

class PodSandboxStatsFilter(Message):
    id: str
    label_selector: dict[str, str]

class PodSandboxStatsRequest(Message):
    pod_sandbox_id: str

class PodSandboxStatsResponse(Message):
    stats: PodSandboxStats

class PodSandboxStatus(Message):
    id: str
    metadata: PodSandboxMetadata
    state: int
    created_at: int
    network: PodSandboxNetworkStatus
    linux: LinuxPodSandboxStatus
    labels: dict[str, str]
    annotations: dict[str, str]
    runtime_handler: str

class PodSandboxStatusRequest(Message):
    pod_sandbox_id: str
    verbose: bool

class PodSandboxStatusResponse(Message):
    status: PodSandboxStatus
    info: dict[str, str]
    containers_statuses: list[ContainerStatus]
    timestamp: int

class PortForwardRequest(Message):
    pod_sandbox_id: str
    port: list[int]

class PortForwardResponse(Message):
    url: str

class PortMapping(Message):
    protocol: int
    container_port: int
    host_port: int
    host_ip: str

class ProcessUsage(Message):
    timestamp: int
    process_count: UInt64Value

class PsiData(Message):
    Total: int
    Avg10: float
    Avg60: float
    Avg300: float

class PsiStats(Message):
    Full: PsiData
    Some: PsiData

class PullImageRequest(Message):
    image: ImageSpec
    auth: AuthConfig
    sandbox_config: PodSandboxConfig

class PullImageResponse(Message):
    image_ref: str

class RemoveContainerRequest(Message):
    container_id: str

class RemoveContainerResponse(Message): ...

class RemoveImageRequest(Message):
    image: ImageSpec

class RemoveImageResponse(Message): ...

class RemovePodSandboxRequest(Message):
    pod_sandbox_id: str

class RemovePodSandboxResponse(Message): ...

class ReopenContainerLogRequest(Message):
    container_id: str

class ReopenContainerLogResponse(Message): ...

class RestorePodRequest(Message):
    checkpoint_path: str
    config: PodSandboxConfig
    runtime_handler: str
    options: dict[str, str]
    container_configs: list[ContainerConfig]

class RestorePodResponse(Message):
    pod_sandbox_id: str
    restored_containers: list[RestoredContainer]

class RestoredContainer(Message):
    name: str
    container_id: str

class RunPodSandboxRequest(Message):
    config: PodSandboxConfig
    runtime_handler: str

class RunPodSandboxResponse(Message):
    pod_sandbox_id: str

class RuntimeCondition(Message):
    type: str
    status: bool
    reason: str
    message: str

class RuntimeConfig(Message):
    network_config: NetworkConfig

class RuntimeConfigRequest(Message): ...

class RuntimeConfigResponse(Message):
    linux: LinuxRuntimeConfiguration

class RuntimeFeatures(Message):
    supplemental_groups_policy: bool
    user_namespaces_host_network: bool
    mount_options: bool

class RuntimeHandler(Message):
    name: str
    features: RuntimeHandlerFeatures

class RuntimeHandlerFeatures(Message):
    recursive_read_only_mounts: bool
    user_namespaces: bool

class RuntimeStatus(Message):
    conditions: list[RuntimeCondition]

class SELinuxOption(Message):
    user: str
    role: str
    type: str
    level: str

class SecurityProfile(Message):
    profile_type: int
    localhost_ref: str

class StartContainerRequest(Message):
    container_id: str

class StartContainerResponse(Message): ...

class StatusRequest(Message):
    verbose: bool

class StatusResponse(Message):
    status: RuntimeStatus
    info: dict[str, str]
    runtime_handlers: list[RuntimeHandler]
    features: RuntimeFeatures

class StopContainerRequest(Message):
    container_id: str
    timeout: int

class StopContainerResponse(Message): ...

class StopPodSandboxRequest(Message):
    pod_sandbox_id: str

class StopPodSandboxResponse(Message): ...

class StreamContainerStatsRequest(Message):
    filter: ContainerStatsFilter

class StreamContainerStatsResponse(Message):
    container_stats: list[ContainerStats]

class StreamContainersRequest(Message):
    filter: ContainerFilter

class StreamContainersResponse(Message):
    containers: list[Container]

class StreamImagesRequest(Message):
    filter: ImageFilter

class StreamImagesResponse(Message):
    images: list[Image]

class StreamPodSandboxMetricsRequest(Message): ...

class StreamPodSandboxMetricsResponse(Message):
    pod_sandbox_metrics: list[PodSandboxMetrics]

class StreamPodSandboxStatsRequest(Message):
    filter: PodSandboxStatsFilter

class StreamPodSandboxStatsResponse(Message):
    pod_sandbox_stats: list[PodSandboxStats]

class StreamPodSandboxesRequest(Message):
    filter: PodSandboxFilter

class StreamPodSandboxesResponse(Message):
    pod_sandboxes: list[PodSandbox]

class SwapUsage(Message):
    timestamp: int
    swap_available_bytes: UInt64Value
    swap_usage_bytes: UInt64Value

class UInt64Value(Message):
    value: int

class UpdateContainerResourcesRequest(Message):
    container_id: str
    linux: LinuxContainerResources
    annotations: dict[str, str]

class UpdateContainerResourcesResponse(Message): ...

class UpdatePodSandboxResourcesRequest(Message):
    pod_sandbox_id: str
    overhead: LinuxContainerResources
    resources: LinuxContainerResources

class UpdatePodSandboxResourcesResponse(Message): ...

class UpdateRuntimeConfigRequest(Message):
    runtime_config: RuntimeConfig

class UpdateRuntimeConfigResponse(Message): ...

class UserNamespace(Message):
    mode: int
    uids: list[IDMapping]
    gids: list[IDMapping]

class VersionRequest(Message):
    version: str

class VersionResponse(Message):
    version: str
    runtime_name: str
    runtime_version: str
    runtime_api_version: str
