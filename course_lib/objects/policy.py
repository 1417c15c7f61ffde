"""Configuration, quotas and rights.

Source: the Kubernetes API reference, `core/v1`, `policy/v1`, `rbac.authorization.k8s.io/v1`.
"""

from __future__ import annotations

import msgspec

from course_lib.objects.meta import Condition, LabelSelector, Object, Value
from course_lib.objects.pod import ResourceList


class ConfigMap(Object, frozen=True, kw_only=True):
    """Settings, as text by key."""

    data: dict[str, str] | None = None
    binary_data: dict[str, str] | None = None
    immutable: bool = False


class Secret(Object, frozen=True, kw_only=True):
    """Secrets, base64-encoded by key (encoded, not encrypted)."""

    data: dict[str, str] | None = None
    string_data: dict[str, str] | None = None
    type: str = "Opaque"
    immutable: bool = False


class PodDisruptionBudgetSpec(Value, frozen=True):
    """How many Pods must stay, or may go, when someone evicts."""

    selector: LabelSelector | None = None
    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    unhealthy_pod_eviction_policy: str = "IfHealthyBudget"


class PodDisruptionBudgetStatus(Value, frozen=True):
    """How many evictions are allowed now."""

    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0
    observed_generation: int = 0
    conditions: list[Condition] | None = None


class PodDisruptionBudget(Object, frozen=True, kw_only=True):
    """A bound on voluntary disruptions."""

    spec: PodDisruptionBudgetSpec = PodDisruptionBudgetSpec()
    status: PodDisruptionBudgetStatus = PodDisruptionBudgetStatus()


class ScopeRequirement(Value, frozen=True):
    """A property of the Pods that a quota counts."""

    scope_name: str
    operator: str
    values: list[str] | None = None


class ScopeSelector(Value, frozen=True):
    """Properties that Pods must all have."""

    match_expressions: list[ScopeRequirement] | None = None


class ResourceQuotaSpec(Value, frozen=True):
    """The most that a namespace may have of each thing; with scopes, only of some Pods."""

    hard: ResourceList | None = None
    scopes: list[str] | None = None
    scope_selector: ScopeSelector | None = None


class ResourceQuotaStatus(Value, frozen=True):
    """What the namespace has now."""

    hard: ResourceList | None = None
    used: ResourceList | None = None


class ResourceQuota(Object, frozen=True, kw_only=True):
    """A bound on what a namespace may ask for."""

    spec: ResourceQuotaSpec = ResourceQuotaSpec()
    status: ResourceQuotaStatus = ResourceQuotaStatus()


class LimitRangeItem(Value, frozen=True):
    """Bounds and defaults for each Container, Pod or PersistentVolumeClaim."""

    type: str
    max: ResourceList | None = None
    min: ResourceList | None = None
    default: ResourceList | None = None
    default_request: ResourceList | None = None
    max_limit_request_ratio: ResourceList | None = None


class LimitRangeSpec(Value, frozen=True):
    """The bounds of a namespace."""

    limits: list[LimitRangeItem]


class LimitRange(Object, frozen=True, kw_only=True):
    """Bounds and defaults for what one object may ask for."""

    spec: LimitRangeSpec


class ServiceAccount(Object, frozen=True, kw_only=True):
    """Who a Pod is, to the API server."""

    secrets: list[dict[str, str]] | None = None
    image_pull_secrets: list[dict[str, str]] | None = None
    automount_service_account_token: bool | None = None


class PolicyRule(Value, frozen=True):
    """Verbs on resources."""

    verbs: list[str]
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None
    non_resource_urls: list[str] | None = msgspec.field(default=None, name="nonResourceURLs")


class Role(Object, frozen=True, kw_only=True):
    """Rights within a namespace."""

    rules: list[PolicyRule] | None = None


class AggregationRule(Value, frozen=True):
    """Which other roles a role gathers."""

    cluster_role_selectors: list[LabelSelector] | None = None


class ClusterRole(Role, frozen=True, kw_only=True):
    """Rights in the whole cluster."""

    aggregation_rule: AggregationRule | None = None


class Subject(Value, frozen=True):
    """A user, a group or a service account."""

    kind: str
    name: str
    namespace: str = ""
    api_group: str = ""


class RoleRef(Value, frozen=True):
    """The role that is given."""

    kind: str
    name: str
    api_group: str = ""


class RoleBinding(Object, frozen=True, kw_only=True):
    """A role given to somebody, in one namespace."""

    role_ref: RoleRef
    subjects: list[Subject] | None = None


class ClusterRoleBinding(RoleBinding, frozen=True, kw_only=True):
    """A role given to somebody, in the whole cluster."""
