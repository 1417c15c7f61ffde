"""Workloads: the objects whose controllers make Pods (chapter 03).

Source: the Kubernetes API reference, `apps/v1`, `batch/v1` and `core/v1`.
"""

from __future__ import annotations

from typing import Any

from msgspec import field

from course_lib.objects.meta import Condition, LabelSelector, Object, ObjectMeta, Value
from course_lib.objects.pod import PodTemplateSpec
from course_lib.objects.storage import PersistentVolumeClaim


class RollingUpdateDeployment(Value, frozen=True):
    """How many Pods more, and how many fewer than wanted, during an update."""

    max_unavailable: int | str = "25%"
    max_surge: int | str = "25%"


class DeploymentStrategy(Value, frozen=True):
    """RollingUpdate, or Recreate: all old Pods go before the first new one comes."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdateDeployment | None = None


class DeploymentSpec(Value, frozen=True):
    """What a Deployment should be."""

    selector: LabelSelector
    template: PodTemplateSpec
    replicas: int = 1
    strategy: DeploymentStrategy = DeploymentStrategy()
    min_ready_seconds: int = 0
    revision_history_limit: int = 10
    progress_deadline_seconds: int = 600
    paused: bool = False


class DeploymentStatus(Value, frozen=True):
    """How far a Deployment has come."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    conditions: list[Condition] | None = None


class Deployment(Object, frozen=True, kw_only=True):
    """Replaceable Pods of one template, updated and rolled back step by step."""

    spec: DeploymentSpec
    status: DeploymentStatus = DeploymentStatus()


class ReplicaSetSpec(Value, frozen=True):
    """What a ReplicaSet should be."""

    selector: LabelSelector
    template: PodTemplateSpec
    replicas: int = 1
    min_ready_seconds: int = 0


class ReplicaSetStatus(Value, frozen=True):
    """How many Pods a ReplicaSet has."""

    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    fully_labeled_replicas: int = 0
    observed_generation: int = 0
    conditions: list[Condition] | None = None


class ReplicaSet(Object, frozen=True, kw_only=True):
    """So many Pods of one template, no more and no fewer."""

    spec: ReplicaSetSpec
    status: ReplicaSetStatus = ReplicaSetStatus()


class ReplicationControllerSpec(Value, frozen=True):
    """What a ReplicationController should be."""

    template: PodTemplateSpec
    selector: dict[str, str] | None = None
    replicas: int = 1
    min_ready_seconds: int = 0


class ReplicationController(Object, frozen=True, kw_only=True):
    """The ReplicaSet's elder: its selector is a plain map of labels."""

    spec: ReplicationControllerSpec
    status: ReplicaSetStatus = ReplicaSetStatus()


class RollingUpdateStatefulSet(Value, frozen=True):
    """Pods with a lower ordinal than `partition` keep the old revision."""

    partition: int = 0


class StatefulSetUpdateStrategy(Value, frozen=True):
    """RollingUpdate from the highest ordinal down, or OnDelete."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdateStatefulSet | None = None


class StatefulSetSpec(Value, frozen=True):
    """What a StatefulSet should be."""

    selector: LabelSelector
    template: PodTemplateSpec
    service_name: str = ""
    replicas: int = 1
    volume_claim_templates: list[PersistentVolumeClaim] | None = None
    pod_management_policy: str = "OrderedReady"
    update_strategy: StatefulSetUpdateStrategy = StatefulSetUpdateStrategy()
    min_ready_seconds: int = 0


class StatefulSetStatus(Value, frozen=True):
    """How far a StatefulSet has come."""

    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""


class StatefulSet(Object, frozen=True, kw_only=True):
    """Pods with a name and a volume of their own, made and removed in order."""

    spec: StatefulSetSpec
    status: StatefulSetStatus = StatefulSetStatus()


class ControllerRevision(Object, frozen=True, kw_only=True):
    """A template as it was: what StatefulSets and DaemonSets roll back to."""

    revision: int = 0
    data: dict[str, Any] | None = None


class RollingUpdateDaemonSet(Value, frozen=True):
    """How many nodes may be without their Pod, or have two, during an update."""

    max_unavailable: int | str = 1
    max_surge: int | str = 0


class DaemonSetUpdateStrategy(Value, frozen=True):
    """RollingUpdate or OnDelete."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdateDaemonSet | None = None


class DaemonSetSpec(Value, frozen=True):
    """What a DaemonSet should be."""

    selector: LabelSelector
    template: PodTemplateSpec
    update_strategy: DaemonSetUpdateStrategy = DaemonSetUpdateStrategy()
    min_ready_seconds: int = 0


class DaemonSetStatus(Value, frozen=True):
    """How many nodes should run the Pod, and do."""

    observed_generation: int = 0
    current_number_scheduled: int = 0
    number_misscheduled: int = 0
    desired_number_scheduled: int = 0
    number_ready: int = 0
    updated_number_scheduled: int = 0
    number_available: int = 0
    number_unavailable: int = 0


class DaemonSet(Object, frozen=True, kw_only=True):
    """One Pod on each node that suits it."""

    spec: DaemonSetSpec
    status: DaemonSetStatus = DaemonSetStatus()


class JobSpec(Value, frozen=True):
    """What a Job should do."""

    template: PodTemplateSpec
    parallelism: int = 1
    completions: int | None = None
    completion_mode: str = "NonIndexed"
    backoff_limit: int = 6
    active_deadline_seconds: int | None = None
    ttl_seconds_after_finished: int | None = None
    selector: LabelSelector | None = None
    manual_selector: bool = False
    suspend: bool = False


class JobStatus(Value, frozen=True):
    """How far a Job has come."""

    active: int = 0
    ready: int = 0
    succeeded: int = 0
    failed: int = 0
    start_time: str | None = None
    completion_time: str | None = None
    completed_indexes: str = ""
    conditions: list[Condition] | None = None


class Job(Object, frozen=True, kw_only=True):
    """Pods that run until so many of them have succeeded."""

    spec: JobSpec
    status: JobStatus = JobStatus()


class JobTemplateSpec(Value, frozen=True):
    """The Job that a CronJob makes."""

    spec: JobSpec
    metadata: ObjectMeta = ObjectMeta()


class CronJobSpec(Value, frozen=True):
    """When a CronJob should make a Job."""

    schedule: str
    job_template: JobTemplateSpec
    time_zone: str | None = None
    concurrency_policy: str = "Allow"
    suspend: bool = False
    starting_deadline_seconds: int | None = None
    successful_jobs_history_limit: int = 3
    failed_jobs_history_limit: int = 1


class ObjectReference(Value, frozen=True):
    """Another object, by kind and name."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    field_path: str = ""


class CronJobStatus(Value, frozen=True):
    """What a CronJob last did."""

    active: list[ObjectReference] | None = None
    last_schedule_time: str | None = None
    last_successful_time: str | None = None


class CronJob(Object, frozen=True, kw_only=True):
    """A Job made again and again, on a schedule."""

    spec: CronJobSpec
    status: CronJobStatus = CronJobStatus()


class ScaleTarget(Value, frozen=True):
    """The workload that an autoscaler scales."""

    kind: str
    name: str
    api_version: str = ""


class MetricTarget(Value, frozen=True):
    """The value that a metric should have."""

    type: str
    average_utilization: int | None = None
    average_value: str | int | float | None = None
    value: str | int | float | None = None


class ResourceMetric(Value, frozen=True):
    """CPU or memory of the Pods, against their requests or absolute."""

    name: str
    target: MetricTarget


class Metric(Value, frozen=True):
    """What an autoscaler looks at; the simulation has Resource metrics."""

    type: str
    resource: ResourceMetric | None = None


class ScalingPolicy(Value, frozen=True):
    """At most so many Pods, or per cent, in a period of seconds."""

    type: str
    value: int
    period_seconds: int


class ScalingRules(Value, frozen=True):
    """How fast to scale, and for how long to remember higher wishes."""

    stabilization_window_seconds: int | None = None
    select_policy: str = "Max"
    policies: list[ScalingPolicy] | None = None


class Behavior(Value, frozen=True):
    """The rules upwards and downwards."""

    scale_up: ScalingRules | None = None
    scale_down: ScalingRules | None = None


class HorizontalPodAutoscalerSpec(Value, frozen=True):
    """What to scale, within which bounds, by which metrics."""

    scale_target_ref: ScaleTarget
    max_replicas: int
    min_replicas: int = 1
    metrics: list[Metric] | None = None
    target_cpu_utilization_percentage: int | None = field(
        default=None, name="targetCPUUtilizationPercentage"
    )
    behavior: Behavior | None = None


class HorizontalPodAutoscalerStatus(Value, frozen=True):
    """What an autoscaler last saw and decided."""

    observed_generation: int = 0
    last_scale_time: str | None = None
    current_replicas: int = 0
    desired_replicas: int = 0
    current_metrics: list[dict[str, Any]] | None = None
    conditions: list[Condition] | None = None


class HorizontalPodAutoscaler(Object, frozen=True, kw_only=True):
    """Replicas that follow the load."""

    spec: HorizontalPodAutoscalerSpec
    status: HorizontalPodAutoscalerStatus = HorizontalPodAutoscalerStatus()
