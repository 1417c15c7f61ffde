"""The columns of every kind, as the API server prints them for `kubectl get`.

Columns stand as in kubectl's heading, two blanks apart; `+` marks those for `-o wide` only. AGE is
filled in for all kinds alike.

Source: `pkg/printers/internalversion/printers.go`; kinds that have no printer there get NAME and
CREATED AT (`pkg/registry/rest/table.go` of k8s.io/apiserver).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from course_lib.cluster.pod_rows import pod_row, pod_row_wide
from course_lib.engine.ages import age, since
from course_lib.engine.simulation import seconds_at
from course_lib.objects.meta import condition, is_true, selector_of
from course_lib.objects.storage import DEFAULT_CLASS

Row = Sequence[Any]
Printer = tuple[str, Callable[[Any, float], Row]]  # columns; the cells but AGE, by time
NONE, UNSET = "<none>", "<unset>"
ACCESS_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def _labels(labels: Mapping[str, str] | None) -> str:
    return ",".join(f"{k}={v}" for k, v in sorted((labels or {}).items())) or NONE


def _first(values: Iterable[str], empty: str, most: int = 3) -> str:
    """The first three of a list, and how many there are besides."""
    every = list(values)
    more = f" + {len(every) - most} more..." if len(every) > most else ""
    return (",".join(every[:most]) + more) or empty


def _containers(template: Any) -> Row:
    containers = template.spec.containers
    return ",".join(c.name for c in containers), ",".join(c.image for c in containers)


# Workloads


def _pod(pod: Any, now: float) -> Row:
    return *pod_row(pod, now), *pod_row_wide(pod)


def _deployment(d: Any, now: float) -> Row:
    ready = f"{d.status.ready_replicas}/{d.spec.replicas}"
    counts = d.status.updated_replicas, d.status.available_replicas
    return d.name, ready, *counts, *_containers(d.spec.template), str(selector_of(d.spec.selector))


def _replica_set(rs: Any, now: float) -> Row:
    counts = rs.spec.replicas, rs.status.replicas, rs.status.ready_replicas
    chosen = rs.spec.selector
    if chosen is None or isinstance(chosen, dict):  # a ReplicationController's is a plain map
        shown = _labels(chosen)
    else:
        shown = str(selector_of(chosen))
    return rs.name, *counts, *_containers(rs.spec.template), shown


def _stateful_set(s: Any, now: float) -> Row:
    ready = f"{s.status.ready_replicas}/{s.spec.replicas}"
    return s.name, ready, *_containers(s.spec.template)


def _daemon_set(d: Any, now: float) -> Row:
    return (
        d.name,
        d.status.desired_number_scheduled,
        d.status.current_number_scheduled,
        d.status.number_ready,
        d.status.updated_number_scheduled,
        d.status.number_available,
        _labels(d.spec.template.spec.node_selector),
        *_containers(d.spec.template),
        str(selector_of(d.spec.selector)),
    )


def _job(job: Any, now: float) -> Row:
    stated = [
        shown
        for kind, shown in (
            ("Complete", "Complete"),
            ("Failed", "Failed"),
            ("", "Terminating"),
            ("Suspended", "Suspended"),
            ("FailureTarget", "FailureTarget"),
            ("SuccessCriteriaMet", "SuccessCriteriaMet"),
        )
        if (is_true(job.status.conditions, kind) if kind else job.terminating)
    ]
    desired, parallel = job.spec.completions, job.spec.parallelism
    if desired is not None:
        completions = f"{job.status.succeeded}/{desired}"
    else:
        completions = f"{job.status.succeeded}/1" + (f" of {parallel}" if parallel > 1 else "")
    start, end = job.status.start_time, job.status.completion_time
    took = age((seconds_at(end) if end else now) - seconds_at(start)) if start else ""
    status = stated[0] if stated else "Running"
    selector = str(selector_of(job.spec.selector))
    return job.name, status, completions, took, *_containers(job.spec.template), selector


def _cron_job(cron: Any, now: float) -> Row:
    last = cron.status.last_schedule_time
    return (
        cron.name,
        cron.spec.schedule,
        cron.spec.time_zone or NONE,
        cron.spec.suspend,
        len(cron.status.active or ()),
        since(last, now) if last else NONE,
        *_containers(cron.spec.job_template.spec.template),
        str(selector_of(cron.spec.job_template.spec.selector)),
    )


def _controller_revision(revision: Any, now: float) -> Row:
    owner = revision.metadata.controller
    group = owner.api_version.rpartition("/")[0] if owner else ""
    kind = f"{owner.kind.lower()}.{group}".rstrip(".") if owner else ""
    return revision.name, f"{kind}/{owner.name}" if owner else NONE, revision.revision


def _autoscaler(hpa: Any, now: float) -> Row:
    current = {
        m["resource"]["name"]: m["resource"]["current"] for m in hpa.status.current_metrics or ()
    }
    targets = []
    for resource in (m.resource for m in hpa.spec.metrics or () if m.resource is not None):
        reading, target = current.get(resource.name, {}), resource.target
        if target.average_value is not None:
            shown = f"{reading.get('averageValue', '<unknown>')}/{target.average_value}"
        else:
            used = reading.get("averageUtilization")
            shown = "<unknown>" if used is None else f"{used}%"
            wanted = target.average_utilization
            shown += "/<auto>" if wanted is None else f"/{wanted}%"
        targets.append(f"{resource.name}: {shown}")
    more = f" + {len(targets) - 2} more..." if len(targets) > 2 else ""
    return (
        hpa.name,
        f"{hpa.spec.scale_target_ref.kind}/{hpa.spec.scale_target_ref.name}",
        (", ".join(targets[:2]) + more) or NONE,
        hpa.spec.min_replicas,
        hpa.spec.max_replicas,
        hpa.status.current_replicas,
    )


# Network


def _ingress_points(balancer: Mapping[str, Any] | None) -> list[str]:
    given = (balancer or {}).get("ingress") or ()
    return [point.get("ip") or point.get("hostname", "") for point in given]


def _service(service: Any, now: float) -> Row:
    ports = ",".join(
        f"{p.port}:{p.node_port}/{p.protocol}" if p.node_port else f"{p.port}/{p.protocol}"
        for p in service.spec.ports or ()
    )
    external = ",".join(service.spec.external_ips or ()) or NONE
    if service.spec.type == "LoadBalancer":
        points = _ingress_points(service.status.load_balancer)
        external = ",".join([*points, *(service.spec.external_ips or ())]) or "<pending>"
    elif service.spec.type == "ExternalName":
        external = service.spec.external_name
    return (
        service.name,
        service.spec.type,
        service.spec.cluster_ip or NONE,
        external,
        ports or NONE,
        _labels(service.spec.selector),
    )


def _endpoints(endpoints: Any, now: float) -> Row:
    shown = [
        f"{_host(address.ip)}:{port.port}" if port else address.ip
        for subset in endpoints.subsets or ()
        for port in subset.ports or (None,)
        for address in subset.addresses or ()
    ]
    return endpoints.name, _first(shown, "" if endpoints.subsets else NONE)


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _endpoint_slice(piece: Any, now: float) -> Row:
    ports = [str(port.port or port.name or "*") for port in piece.ports or ()]
    addresses = [address for e in piece.endpoints or () for address in e.addresses]
    return piece.name, piece.address_type, _first(ports, UNSET), _first(addresses, UNSET)


def _ingress(ingress: Any, now: float) -> Row:
    hosts = [rule.host for rule in ingress.spec.rules or () if rule.host]
    status = getattr(ingress, "status", None)
    points = _ingress_points(status.load_balancer if status else None)
    ports = "80, 443" if ingress.spec.tls else "80"
    named = ingress.spec.ingress_class_name or NONE
    return ingress.name, named, _first(hosts, "*"), ",".join(points), ports


def _ingress_class(named: Any, now: float) -> Row:
    given = getattr(named.spec, "parameters", None)
    shown = NONE
    if given:
        group = given.get("apiGroup", "")
        shown = f"{given['kind']}.{group}/{given['name']}" if group else given["kind"]
        shown = shown if group else f"{shown}/{given['name']}"
    return named.name, named.spec.controller, shown


def _network_policy(policy: Any, now: float) -> Row:
    return policy.name, str(policy.spec.pod_selector.selector())


# Storage and configuration


def _modes(modes: list[str] | None) -> str:
    """Access modes in short, in the order of the API's list, each once."""
    return ",".join(short for mode, short in ACCESS_MODES.items() if mode in (modes or ()))


def _volume(v: Any, now: float) -> Row:
    claim = v.spec.claim_ref
    return (
        v.name,
        str((v.spec.capacity or {}).get("storage", "0")),
        _modes(v.spec.access_modes),
        v.spec.persistent_volume_reclaim_policy,
        "Terminating" if v.terminating else v.status.phase,
        f"{claim.namespace}/{claim.name}" if claim else "",
        v.spec.storage_class_name,
        UNSET,
        "",
        v.spec.volume_mode,
    )


def _claim(c: Any, now: float) -> Row:
    bound = c.spec.volume_name
    return (
        c.name,
        "Terminating" if c.terminating else c.status.phase,
        bound,
        str((c.status.capacity or {}).get("storage", "0")) if bound else "",
        _modes(c.status.access_modes) if bound else "",
        c.class_name or "",
        UNSET,
        c.spec.volume_mode,
    )


def _storage_class(c: Any, now: float) -> Row:
    name = f"{c.name} (default)" if c.annotations.get(DEFAULT_CLASS) == "true" else c.name
    how = c.reclaim_policy, c.volume_binding_mode, c.allow_volume_expansion
    return name, c.provisioner, *how


def _config_map(c: Any, now: float) -> Row:
    return c.name, len(c.data or ()) + len(c.binary_data or ())


def _budget(b: Any, now: float) -> Row:
    bounds = ("N/A" if v is None else v for v in (b.spec.min_available, b.spec.max_unavailable))
    return b.name, *bounds, b.status.disruptions_allowed


def _quota(q: Any, now: float) -> Row:
    hard, used = q.status.hard or {}, q.status.used or {}
    shown = {name: f"{name}: {used.get(name, 0)}/{hard[name]}" for name in sorted(hard)}
    limits = [text for name, text in shown.items() if name.startswith("limits.")]
    requests = [text for name, text in shown.items() if not name.startswith("limits.")]
    return q.name, ", ".join(requests), ", ".join(limits)


def _role_binding(binding: Any, now: float) -> Row:
    subjects = binding.subjects or ()
    accounts = (f"{s.namespace}/{s.name}" for s in subjects if s.kind == "ServiceAccount")
    return (
        binding.name,
        f"{binding.role_ref.kind}/{binding.role_ref.name}",
        ", ".join(s.name for s in subjects if s.kind == "User"),
        ", ".join(s.name for s in subjects if s.kind == "Group"),
        ", ".join(accounts),
    )


# The cluster itself


def _priority_class(p: Any, now: float) -> Row:
    return p.name, p.value, p.global_default, p.preemption_policy


def _node(node: Any, now: float) -> Row:
    ready = condition(node.status.conditions, "Ready")
    status = "Unknown" if ready is None else "Ready" if ready.status == "True" else "NotReady"
    status += ",SchedulingDisabled" if node.spec.unschedulable else ""
    prefix = "node-role.kubernetes.io/"
    roles = {k.removeprefix(prefix) for k in node.labels if k.startswith(prefix)}
    roles.add(node.labels.get("kubernetes.io/role", ""))
    info = node.status.node_info or {}
    addresses = {a.type: a.address for a in reversed(node.status.addresses or ())}
    kernel = info.get("kernelVersion") or "<unknown>"
    machine = info.get("architecture")
    return (
        node.name,
        status,
        ",".join(sorted(roles - {""})) or NONE,
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", NONE),
        addresses.get("ExternalIP", NONE),
        info.get("osImage") or "<unknown>",
        f"{kernel} ({machine})" if machine else kernel,
        info.get("containerRuntimeVersion") or "<unknown>",
    )


def _event(event: Any, now: float) -> Row:
    about, source = event.involved_object, event.source
    return (
        since(event.last_timestamp, now),
        event.type,
        event.reason,
        f"{about.kind.lower()}/{about.name}" if about.name else about.kind.lower(),
        about.field_path,
        ", ".join(part for part in (source.component, source.host) if part),
        event.message.strip(),
        since(event.first_timestamp, now),
        event.count,
        event.name,
    )


TEMPLATE = "  +CONTAINERS  +IMAGES"
REPLICAS = "NAME  DESIRED  CURRENT  READY  AGE" + TEMPLATE + "  +SELECTOR"
BINDING = "NAME  ROLE  AGE  +USERS  +GROUPS  +SERVICEACCOUNTS"
PRINTERS: dict[str, Printer] = {
    "Pod": (
        "NAME  READY  STATUS  RESTARTS  AGE  +IP  +NODE  +NOMINATED NODE  +READINESS GATES",
        _pod,
    ),
    "Node": (
        "NAME  STATUS  ROLES  AGE  VERSION"
        "  +INTERNAL-IP  +EXTERNAL-IP  +OS-IMAGE  +KERNEL-VERSION  +CONTAINER-RUNTIME",
        _node,
    ),
    "Namespace": ("NAME  STATUS  AGE", lambda n, now: (n.name, n.status.phase)),
    "Deployment": (
        "NAME  READY  UP-TO-DATE  AVAILABLE  AGE" + TEMPLATE + "  +SELECTOR",
        _deployment,
    ),
    "ReplicaSet": (REPLICAS, _replica_set),
    "ReplicationController": (REPLICAS, _replica_set),
    "StatefulSet": ("NAME  READY  AGE" + TEMPLATE, _stateful_set),
    "DaemonSet": (
        "NAME  DESIRED  CURRENT  READY  UP-TO-DATE  AVAILABLE  NODE SELECTOR  AGE"
        + TEMPLATE
        + "  +SELECTOR",
        _daemon_set,
    ),
    "Job": ("NAME  STATUS  COMPLETIONS  DURATION  AGE" + TEMPLATE + "  +SELECTOR", _job),
    "CronJob": (
        "NAME  SCHEDULE  TIMEZONE  SUSPEND  ACTIVE  LAST SCHEDULE  AGE" + TEMPLATE + "  +SELECTOR",
        _cron_job,
    ),
    "ControllerRevision": ("NAME  CONTROLLER  REVISION  AGE", _controller_revision),
    "HorizontalPodAutoscaler": (
        "NAME  REFERENCE  TARGETS  MINPODS  MAXPODS  REPLICAS  AGE",
        _autoscaler,
    ),
    "Service": ("NAME  TYPE  CLUSTER-IP  EXTERNAL-IP  PORT(S)  AGE  +SELECTOR", _service),
    "Endpoints": ("NAME  ENDPOINTS  AGE", _endpoints),
    "EndpointSlice": ("NAME  ADDRESSTYPE  PORTS  ENDPOINTS  AGE", _endpoint_slice),
    "Ingress": ("NAME  CLASS  HOSTS  ADDRESS  PORTS  AGE", _ingress),
    "IngressClass": ("NAME  CONTROLLER  PARAMETERS  AGE", _ingress_class),
    "NetworkPolicy": ("NAME  POD-SELECTOR  AGE", _network_policy),
    "ConfigMap": ("NAME  DATA  AGE", _config_map),
    "Secret": ("NAME  TYPE  DATA  AGE", lambda s, now: (s.name, s.type, len(s.data or ()))),
    "PersistentVolume": (
        "NAME  CAPACITY  ACCESS MODES  RECLAIM POLICY  STATUS  CLAIM  STORAGECLASS"
        "  VOLUMEATTRIBUTESCLASS  REASON  AGE  +VOLUMEMODE",
        _volume,
    ),
    "PersistentVolumeClaim": (
        "NAME  STATUS  VOLUME  CAPACITY  ACCESS MODES  STORAGECLASS"
        "  VOLUMEATTRIBUTESCLASS  AGE  +VOLUMEMODE",
        _claim,
    ),
    "StorageClass": (
        "NAME  PROVISIONER  RECLAIMPOLICY  VOLUMEBINDINGMODE  ALLOWVOLUMEEXPANSION  AGE",
        _storage_class,
    ),
    "CSINode": ("NAME  DRIVERS  AGE", lambda c, now: (c.name, len(c.spec.drivers or ()))),
    "PodDisruptionBudget": (
        "NAME  MIN AVAILABLE  MAX UNAVAILABLE  ALLOWED DISRUPTIONS  AGE",
        _budget,
    ),
    "PriorityClass": ("NAME  VALUE  GLOBAL-DEFAULT  AGE  +PREEMPTIONPOLICY", _priority_class),
    "ResourceQuota": ("NAME  REQUEST  LIMIT  AGE", _quota),
    "ServiceAccount": ("NAME  AGE", lambda a, now: (a.name,)),
    "RoleBinding": (BINDING, _role_binding),
    "ClusterRoleBinding": (BINDING, _role_binding),
    "Lease": ("NAME  HOLDER  AGE", lambda lease, now: (lease.name, lease.spec.holder_identity)),
    "Event": (
        "LAST SEEN  TYPE  REASON  OBJECT  +SUBOBJECT  +SOURCE  MESSAGE  +FIRST SEEN  +COUNT  +NAME",
        _event,
    ),
}
PLAIN: Printer = ("NAME  CREATED AT", lambda o, now: (o.name, o.metadata.creation_timestamp))
