"""Validation: what the API server refuses although every type is right.

Source: `pkg/apis/*/validation/validation.go` of Kubernetes. Each rule yields a `Problem`
with a path, what was expected and what was found; all of a document's problems are told at once.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Any

from course_lib.errors import InvalidManifest
from course_lib.objects import cluster, policy, services, storage, validate_pod, workloads
from course_lib.objects.kind import Kind, title
from course_lib.objects.kind_fields import RULES as FIELDS
from course_lib.objects.manifests import Document
from course_lib.objects.meta import LabelSelector, Object
from course_lib.objects.names import (
    LABEL,
    Problem,
    is_label,
    is_label_key,
    is_subdomain,
    label_problems,
    name_problems,
)
from course_lib.objects.pod import Pod, PodTemplateSpec
from course_lib.objects.relations import relations
from course_lib.objects.schedule import Schedule, time_zone

Problems = Iterator[Problem]
PERCENT = re.compile(r"[0-9]+%")


def validate(document: Document, view: Object, kind: Kind) -> None:
    """Raise `InvalidManifest` with every problem of a decoded document."""
    problems = list(_metadata(view, kind))
    problems += _RULES.get(kind.kind, _nothing)(view)
    if kind.kind in FIELDS:
        told = {problem.path for problem in problems}
        said = FIELDS[kind.kind].problems(document)
        problems += [problem for problem in said if problem.path not in told]
    if not problems:
        problems += relations(document, kind.kind)
    if problems:
        first, others = problems[0], problems[1:]
        also = "; ".join(f"{p.path}: expected {p.expected}, found {p.found!r}" for p in others)
        raise InvalidManifest(
            f'{kind.kind} "{view.name}" is invalid',
            where=f"{title(document)}: {first.path}",
            expected=first.expected,
            found=repr(first.found),
            do=f"also correct {also}" if also else "",
        )


def _nothing(view: Any) -> Problems:
    return iter(())


def _metadata(view: Object, kind: Kind) -> Problems:
    meta = view.metadata
    if not meta.name and not meta.generate_name:
        yield Problem("metadata.name", "a name", "")
    elif meta.name:
        yield from name_problems(kind.kind, meta.name)
    if kind.namespaced and not is_label(meta.namespace):
        yield Problem("metadata.namespace", LABEL, meta.namespace)
    yield from label_problems(meta.labels, "metadata.labels")
    for key in meta.annotations or ():
        if not is_label_key(key.lower()):
            yield Problem("metadata.annotations", "a qualified name", key)
    if sum(1 for owner in meta.owner_references or () if owner.controller) > 1:
        yield Problem("metadata.ownerReferences", "one controller at the most", "several")


def _label_selector(selector: LabelSelector | None, path: str) -> Problems:
    if selector is None:
        return
    yield from label_problems(selector.match_labels, f"{path}.matchLabels")
    for position, term in enumerate(selector.match_expressions or ()):
        here = f"{path}.matchExpressions[{position}]"
        if term.operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
            yield Problem(f"{here}.operator", "In, NotIn, Exists or DoesNotExist", term.operator)
        elif (term.operator in ("In", "NotIn")) != bool(term.values):
            wanted = "values" if term.operator in ("In", "NotIn") else "no values"
            yield Problem(f"{here}.values", f"{wanted} for {term.operator}", term.values)
        if not is_label_key(term.key):
            yield Problem(f"{here}.key", "a label key", term.key)


def _not_negative(**values: int | None) -> Problems:
    for path, value in values.items():
        if value is not None and value < 0:
            name = re.sub(r"_(.)", lambda m: m[1].upper(), path)
            yield Problem(f"spec.{name}", "0 or more", value)


def _one_of(path: str, value: str, *allowed: str) -> Problems:
    if value not in allowed:
        yield Problem(path, " or ".join(allowed), value)


def _count_or_percent(path: str, value: int | str | None) -> Problems:
    good = (isinstance(value, int) and value >= 0) or value is None
    if not good and not (isinstance(value, str) and PERCENT.fullmatch(value)):
        yield Problem(path, "a number, 0 or more, or a percentage such as 25%", value)


def _template(
    selector: LabelSelector | None, template: PodTemplateSpec, restart: tuple[str, ...]
) -> Problems:
    """A workload's selector must select its own Pods, and nothing may be selected by nothing."""
    problems = list(_label_selector(selector, "spec.selector"))
    yield from problems
    if selector is not None and not problems:
        if not selector.match_labels and not selector.match_expressions:
            yield Problem("spec.selector", "at least one label: an empty selector is refused", {})
        elif not selector.selector().matches(template.metadata.labels):
            yield Problem(
                "spec.template.metadata.labels",
                f"labels that spec.selector ({selector.selector()}) selects",
                template.metadata.labels or {},
            )
    yield from label_problems(template.metadata.labels, "spec.template.metadata.labels")
    yield from validate_pod.pod_spec(template.spec, "spec.template.spec.")
    yield from _one_of("spec.template.spec.restartPolicy", template.spec.restart_policy, *restart)


def _pod(view: Pod) -> Problems:
    return validate_pod.pod_spec(view.spec, "spec.")


def _deployment(view: workloads.Deployment) -> Problems:
    spec = view.spec
    yield from _template(spec.selector, spec.template, ("Always",))
    yield from _not_negative(
        replicas=spec.replicas,
        min_ready_seconds=spec.min_ready_seconds,
        revision_history_limit=spec.revision_history_limit,
    )
    yield from _one_of("spec.strategy.type", spec.strategy.type, "RollingUpdate", "Recreate")
    rolling = spec.strategy.rolling_update
    if rolling and spec.strategy.type == "Recreate":
        yield Problem("spec.strategy.rollingUpdate", "nothing when type is Recreate", rolling)
    elif rolling:
        here = "spec.strategy.rollingUpdate"
        yield from _count_or_percent(f"{here}.maxSurge", rolling.max_surge)
        yield from _count_or_percent(f"{here}.maxUnavailable", rolling.max_unavailable)
        if rolling.max_surge in (0, "0%") and rolling.max_unavailable in (0, "0%"):
            yield Problem(f"{here}.maxUnavailable", "more than 0 when maxSurge is 0", 0)
    if spec.progress_deadline_seconds <= spec.min_ready_seconds:
        yield Problem(
            "spec.progressDeadlineSeconds",
            "more than minReadySeconds",
            spec.progress_deadline_seconds,
        )


def _replica_set(view: workloads.ReplicaSet) -> Problems:
    yield from _template(view.spec.selector, view.spec.template, ("Always",))
    yield from _not_negative(
        replicas=view.spec.replicas, min_ready_seconds=view.spec.min_ready_seconds
    )


def _replication_controller(view: workloads.ReplicationController) -> Problems:
    if not view.spec.selector:
        yield Problem("spec.selector", "labels: an empty selector is refused", {})
    selector = LabelSelector(match_labels=view.spec.selector) if view.spec.selector else None
    yield from _template(selector, view.spec.template, ("Always",))
    yield from _not_negative(replicas=view.spec.replicas)


def _stateful_set(view: workloads.StatefulSet) -> Problems:
    yield from _template(view.spec.selector, view.spec.template, ("Always",))
    yield from _not_negative(replicas=view.spec.replicas)
    yield from _one_of(
        "spec.podManagementPolicy", view.spec.pod_management_policy, "OrderedReady", "Parallel"
    )
    yield from _one_of(
        "spec.updateStrategy.type", view.spec.update_strategy.type, "RollingUpdate", "OnDelete"
    )


def _daemon_set(view: workloads.DaemonSet) -> Problems:
    yield from _template(view.spec.selector, view.spec.template, ("Always",))
    strategy = view.spec.update_strategy
    yield from _one_of("spec.updateStrategy.type", strategy.type, "RollingUpdate", "OnDelete")
    if strategy.rolling_update:
        here = "spec.updateStrategy.rollingUpdate"
        yield from _count_or_percent(
            f"{here}.maxUnavailable", strategy.rolling_update.max_unavailable
        )
        yield from _count_or_percent(f"{here}.maxSurge", strategy.rolling_update.max_surge)


def _job(view: workloads.Job) -> Problems:
    yield from _job_spec(view.spec)


def _job_spec(spec: workloads.JobSpec) -> Problems:
    yield from validate_pod.pod_spec(spec.template.spec, "spec.template.spec.")
    yield from _one_of(
        "spec.template.spec.restartPolicy",
        spec.template.spec.restart_policy,
        "OnFailure",
        "Never",
    )
    yield from _one_of("spec.completionMode", spec.completion_mode, "NonIndexed", "Indexed")
    yield from _not_negative(
        parallelism=spec.parallelism,
        completions=spec.completions,
        backoff_limit=spec.backoff_limit,
        ttl_seconds_after_finished=spec.ttl_seconds_after_finished,
        active_deadline_seconds=spec.active_deadline_seconds,
    )
    if spec.completion_mode == "Indexed" and spec.completions is None:
        yield Problem("spec.completions", "a number when completionMode is Indexed", None)


def _cron_job(view: workloads.CronJob) -> Problems:
    if problem := Schedule.problem(view.spec.schedule):
        yield Problem("spec.schedule", problem, view.spec.schedule)
    if "TZ" in view.spec.schedule:
        expected = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        yield Problem("spec.schedule", expected, view.spec.schedule)
    if view.spec.time_zone is not None:
        try:
            time_zone(view.spec.time_zone)
        except ValueError as problem:
            yield Problem("spec.timeZone", str(problem), view.spec.time_zone)
    yield from _one_of(
        "spec.concurrencyPolicy", view.spec.concurrency_policy, "Allow", "Forbid", "Replace"
    )
    yield from _job_spec(view.spec.job_template.spec)


def _service(view: services.Service) -> Problems:
    spec = view.spec
    yield from _one_of(
        "spec.type", spec.type, "ClusterIP", "NodePort", "LoadBalancer", "ExternalName"
    )
    yield from label_problems(spec.selector, "spec.selector")
    if spec.type == "ExternalName" and not spec.external_name:
        yield Problem("spec.externalName", "a DNS name when type is ExternalName", "")
    ports = spec.ports or []
    if not ports and spec.cluster_ip != "None" and spec.type != "ExternalName":
        yield Problem("spec.ports", "at least one port", [])
    names: set[str] = set()
    for position, port in enumerate(ports):
        here = f"spec.ports[{position}]"
        yield from validate_pod.port_number(f"{here}.port", port.port)
        if isinstance(port.target_port, int):
            yield from validate_pod.port_number(f"{here}.targetPort", port.target_port)
        if port.node_port:
            yield from validate_pod.port_number(f"{here}.nodePort", port.node_port)
            if spec.type not in ("NodePort", "LoadBalancer"):
                yield Problem(
                    f"{here}.nodePort", f"nothing when type is {spec.type}", port.node_port
                )
        yield from _one_of(f"{here}.protocol", port.protocol, "TCP", "UDP", "SCTP")
        if len(ports) > 1 and not is_label(port.name):
            yield Problem(f"{here}.name", f"{LABEL}, as there are several ports", port.name)
        if port.name and port.name in names:
            yield Problem(f"{here}.name", "a name that no other port has", port.name)
        names.add(port.name)
    yield from _one_of("spec.sessionAffinity", spec.session_affinity, "None", "ClientIP")
    for field, value in (
        ("internalTrafficPolicy", spec.internal_traffic_policy),
        ("externalTrafficPolicy", spec.external_traffic_policy),
    ):
        if value:
            yield from _one_of(f"spec.{field}", value, "Cluster", "Local")
    if spec.external_traffic_policy and spec.type == "ClusterIP" and not spec.external_ips:
        yield Problem(
            "spec.externalTrafficPolicy",
            "nothing where there is no way in from outside",
            spec.external_traffic_policy,
        )
    if spec.traffic_distribution is not None:
        ways = "PreferClose", "PreferSameZone", "PreferSameNode"
        yield from _one_of("spec.trafficDistribution", spec.traffic_distribution, *ways)
    for position, address in enumerate(spec.external_ips or ()):
        yield from _address(f"spec.externalIPs[{position}]", address)
    for position, block in enumerate(spec.load_balancer_source_ranges or ()):
        yield from _block(f"spec.loadBalancerSourceRanges[{position}]", block)


def _address(path: str, value: str) -> Problems:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        yield Problem(path, "an IP address", value)


def _block(path: str, value: str) -> Problems:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        yield Problem(path, "a block of addresses, such as 10.0.0.0/8", value)


def _claim(view: storage.PersistentVolumeClaim) -> Problems:
    modes = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")
    if not view.spec.access_modes:
        yield Problem("spec.accessModes", f"at least one of {', '.join(modes)}", [])
    for position, mode in enumerate(view.spec.access_modes or ()):
        yield from _one_of(f"spec.accessModes[{position}]", mode, *modes)
    if view.size.nano <= 0:
        yield Problem("spec.resources.requests.storage", "more than 0", str(view.size))
    yield from _label_selector(view.spec.selector, "spec.selector")


def _volume(view: storage.PersistentVolume) -> Problems:
    if not (view.spec.capacity or {}).get("storage"):
        yield Problem("spec.capacity.storage", "a size", None)
    if not view.spec.access_modes:
        yield Problem("spec.accessModes", "at least one", [])
    yield from _one_of(
        "spec.persistentVolumeReclaimPolicy",
        view.spec.persistent_volume_reclaim_policy,
        "Retain",
        "Delete",
        "Recycle",
    )


def _storage_class(view: storage.StorageClass) -> Problems:
    yield from _one_of(
        "volumeBindingMode", view.volume_binding_mode, "Immediate", "WaitForFirstConsumer"
    )
    yield from _one_of("reclaimPolicy", view.reclaim_policy, "Delete", "Retain")


def _autoscaler(view: workloads.HorizontalPodAutoscaler) -> Problems:
    spec = view.spec
    to_zero = any(metric.type in ("Object", "External") for metric in spec.metrics or ())
    if spec.min_replicas < 0 or (spec.min_replicas == 0 and not to_zero):  # since 1.37
        expected = "1 or more; 0 only with an Object or External metric"
        yield Problem("spec.minReplicas", expected, spec.min_replicas)
    if spec.max_replicas < max(1, spec.min_replicas):
        yield Problem("spec.maxReplicas", "at least minReplicas", spec.max_replicas)
    for position, metric in enumerate(spec.metrics or ()):
        if metric.type == "Resource" and metric.resource is None:
            yield Problem(f"spec.metrics[{position}].resource", "the metric's resource", None)


def _disruption_budget(view: policy.PodDisruptionBudget) -> Problems:
    spec = view.spec
    if spec.min_available is not None and spec.max_unavailable is not None:
        yield Problem("spec", "minAvailable or maxUnavailable, not both", "both")
    yield from _count_or_percent("spec.minAvailable", spec.min_available)
    yield from _count_or_percent("spec.maxUnavailable", spec.max_unavailable)
    yield from _label_selector(spec.selector, "spec.selector")
    yield from _one_of(
        "spec.unhealthyPodEvictionPolicy",
        spec.unhealthy_pod_eviction_policy,
        "IfHealthyBudget",
        "AlwaysAllow",
    )


def _node(view: cluster.Node) -> Problems:
    for position, taint in enumerate(view.spec.taints or ()):
        yield from _one_of(
            f"spec.taints[{position}].effect",
            taint.effect,
            "NoSchedule",
            "PreferNoSchedule",
            "NoExecute",
        )


def _priority_class(view: cluster.PriorityClass) -> Problems:
    if view.value > 10**9 and not view.name.startswith("system-"):
        yield Problem("value", "at most 1000000000, above which the system's own lie", view.value)


def _network_policy(view: services.NetworkPolicy) -> Problems:
    yield from _label_selector(view.spec.pod_selector, "spec.podSelector")
    for position, name in enumerate(view.spec.policy_types or ()):
        yield from _one_of(f"spec.policyTypes[{position}]", name, "Ingress", "Egress")


def _ingress(view: services.Ingress) -> Problems:
    if not view.spec.rules and not view.spec.default_backend:
        yield Problem("spec", "rules or a defaultBackend", "neither")
    for r, rule in enumerate(view.spec.rules or ()):
        for p, path in enumerate(rule.http.paths if rule.http else ()):
            yield from _one_of(
                f"spec.rules[{r}].http.paths[{p}].pathType",
                path.path_type,
                "Exact",
                "Prefix",
                "ImplementationSpecific",
            )


def _ingress_class(view: services.IngressClass) -> Problems:
    """Source: k/k `pkg/apis/networking/validation`, validateIngressClassSpec."""
    host, slash, path = view.spec.controller.partition("/")
    if not (slash and path and is_subdomain(host)) or len(view.spec.controller) > 250:
        wanted = "a domain-prefixed path of at most 250 characters, such as example.com/controller"
        yield Problem("spec.controller", wanted, view.spec.controller)


_RULES: dict[str, Callable[[Any], Problems]] = {
    "Pod": _pod,
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "ReplicationController": _replication_controller,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "CronJob": _cron_job,
    "Service": _service,
    "PersistentVolumeClaim": _claim,
    "PersistentVolume": _volume,
    "StorageClass": _storage_class,
    "HorizontalPodAutoscaler": _autoscaler,
    "PodDisruptionBudget": _disruption_budget,
    "Node": _node,
    "PriorityClass": _priority_class,
    "NetworkPolicy": _network_policy,
    "Ingress": _ingress,
    "IngressClass": _ingress_class,
}
