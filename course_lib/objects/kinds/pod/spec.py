"""What a Pod should be, by itself and as a template (API reference, `core/v1`, "PodSpec")."""

from __future__ import annotations

import msgspec

from course_lib.objects.kinds.pod.containers import (
    Container,
    EphemeralContainer,
    ResourceRequirements,
)
from course_lib.objects.kinds.pod.placement import Affinity, Toleration, TopologySpreadConstraint
from course_lib.objects.kinds.pod.security import PodSecurityContext
from course_lib.objects.kinds.pod.status import PodStatus
from course_lib.objects.kinds.pod.volumes import Volume
from course_lib.objects.meta import Object, ObjectMeta, Value
from course_lib.objects.quantity import ResourceList


class HostAlias(Value, frozen=True):
    """Names of an address, in the file of hosts of each container."""

    ip: str = ""
    hostnames: list[str] | None = None


class DNSOption(Value, frozen=True):
    """An option of a resolver."""

    name: str = ""
    value: str | None = None


class PodDNSConfig(Value, frozen=True):
    """What a Pod adds to its resolver."""

    nameservers: list[str] | None = None
    searches: list[str] | None = None
    options: list[DNSOption] | None = None


class LocalReference(Value, frozen=True):
    """An object of the same namespace."""

    name: str = ""


class PodOS(Value, frozen=True):
    """The operating system that a Pod is for."""

    name: str = ""


class PodSpec(Value, frozen=True):
    """What a Pod should be."""

    containers: list[Container]
    init_containers: list[Container] | None = None
    ephemeral_containers: list[EphemeralContainer] | None = None  # added to a Pod that runs
    volumes: list[Volume] | None = None
    restart_policy: str = "Always"
    termination_grace_period_seconds: int = 30
    active_deadline_seconds: int | None = None
    node_selector: dict[str, str] | None = None
    node_name: str = ""
    host_network: bool = False
    host_ipc: bool = msgspec.field(default=False, name="hostIPC")
    host_aliases: list[HostAlias] | None = None
    os: PodOS | None = None
    security_context: PodSecurityContext | None = None
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
    resources: ResourceRequirements | None = None  # of all containers together
    scheduling_gates: list[dict[str, str]] | None = None
    hostname: str = ""
    subdomain: str = ""
    hostname_override: str | None = None
    set_hostname_as_fqdn: bool | None = msgspec.field(default=None, name="setHostnameAsFQDN")
    dns_policy: str = "ClusterFirst"
    dns_config: PodDNSConfig | None = None
    image_pull_secrets: list[LocalReference] | None = None
    enable_service_links: bool | None = None
    automount_service_account_token: bool | None = None
    readiness_gates: list[dict[str, str]] | None = None


class Pod(Object, frozen=True, kw_only=True):
    """The smallest thing that Kubernetes runs."""

    spec: PodSpec
    status: PodStatus = PodStatus()


class PodTemplateSpec(Value, frozen=True):
    """The Pod that a controller makes, again and again."""

    spec: PodSpec
    metadata: ObjectMeta = ObjectMeta()
