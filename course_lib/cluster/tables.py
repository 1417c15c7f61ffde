"""Tables: every kind in the columns and words of `kubectl get`.

Source: `pkg/printers/internalversion/printers.go`. Cells are text as kubectl prints them; plain
counts are numbers, so that a notebook can go on with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from course_lib.cluster.pod_rows import WIDE as POD_WIDE
from course_lib.cluster.pod_rows import pod_row, pod_row_wide
from course_lib.engine.simulation import seconds_at
from course_lib.objects.meta import is_true

if TYPE_CHECKING:
    from course_lib.engine.table import Table

Row = Sequence[Any]
NONE = "<none>"


def table(rows: Sequence[Row], columns: Sequence[str]) -> Table:
    """Rows and columns as a table; pandas is imported only when there is one to show."""
    from course_lib.engine.table import Table

    return Table(list(rows), columns=list(columns))


def age(seconds: float) -> str:
    """A duration as kubectl shortens it (`duration.HumanDuration`).

    >>> [age(s) for s in (45, 150, 700, 4000, 90000)]
    ['45s', '2m30s', '11m', '66m', '25h']
    """
    seconds = int(seconds)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    return f"{days}d"


def since(stamp: str | None, now: float) -> str:
    """How long ago a timestamp was."""
    return age(now - seconds_at(stamp)) if stamp else "<unknown>"


def _node(node: Any) -> Row:
    ready = "Ready" if is_true(node.status.conditions, "Ready") else "NotReady"
    status = ready + (",SchedulingDisabled" if node.spec.unschedulable else "")
    prefix = "node-role.kubernetes.io/"
    roles = [k.removeprefix(prefix) for k in sorted(node.labels) if k.startswith(prefix)]
    version = (node.status.node_info or {}).get("kubeletVersion", "")
    return node.name, status, ",".join(roles) or NONE, version


def _deployment(d: Any) -> Row:
    ready = f"{d.status.ready_replicas}/{d.spec.replicas}"
    return d.name, ready, d.status.updated_replicas, d.status.available_replicas


def _replica_set(rs: Any) -> Row:
    return rs.name, rs.spec.replicas, rs.status.replicas, rs.status.ready_replicas


def _stateful_set(s: Any) -> Row:
    return s.name, f"{s.status.ready_replicas}/{s.spec.replicas}"


def _daemon_set(d: Any) -> Row:
    selector = d.spec.template.spec.node_selector or {}
    return (
        d.name,
        d.status.desired_number_scheduled,
        d.status.current_number_scheduled,
        d.status.number_ready,
        d.status.updated_number_scheduled,
        d.status.number_available,
        ",".join(f"{k}={v}" for k, v in sorted(selector.items())) or NONE,
    )


def _job(job: Any) -> Row:
    status = "Running"
    for kind, shown in (("Complete", "Complete"), ("Failed", "Failed")):
        if is_true(job.status.conditions, kind):
            status = shown
    if status == "Running" and job.spec.suspend:
        status = "Suspended"
    wanted = job.spec.completions
    shown = f"{job.status.succeeded}/{wanted if wanted is not None else 1}"
    start, end = job.status.start_time, job.status.completion_time
    took = age(seconds_at(end) - seconds_at(start)) if start and end else ""
    return job.name, status, shown, took


def _cron_job(cron: Any) -> Row:
    return (
        cron.name,
        cron.spec.schedule,
        cron.spec.time_zone or NONE,
        cron.spec.suspend,
        len(cron.status.active or ()),
        cron.status.last_schedule_time or NONE,
    )


def _service(service: Any) -> Row:
    ports = ",".join(
        f"{p.port}:{p.node_port}/{p.protocol}" if p.node_port else f"{p.port}/{p.protocol}"
        for p in service.spec.ports or ()
    )
    given = (service.status.load_balancer or {}).get("ingress") or ()
    addresses = [i.get("ip") or i.get("hostname", "") for i in given]
    external = service.spec.external_name or ",".join(
        [*addresses, *(service.spec.external_ips or ())]
    )
    if not external and service.spec.type == "LoadBalancer":
        external = "<pending>"
    return (
        service.name,
        service.spec.type,
        service.spec.cluster_ip or NONE,
        external or NONE,
        ports or NONE,
    )


def _endpoints(endpoints: Any) -> Row:
    shown = [
        f"{address.ip}:{port.port}"
        for subset in endpoints.subsets or ()
        for address in subset.addresses or ()
        for port in subset.ports or ()
    ]
    more = f" + {len(shown) - 3} more..." if len(shown) > 3 else ""
    return endpoints.name, (",".join(shown[:3]) + more) or NONE


def _endpoint_slice(piece: Any) -> Row:
    ports = ",".join(str(port.port) for port in piece.ports or ())
    addresses = [e.addresses[0] for e in piece.endpoints or ()]
    more = f" + {len(addresses) - 3} more..." if len(addresses) > 3 else ""
    shown = ",".join(addresses[:3]) + more
    return piece.name, piece.address_type, ports or "<unset>", shown or "<unset>"


def _volume(v: Any) -> Row:
    kept = v.spec.claim_ref
    return (
        v.name,
        str((v.spec.capacity or {}).get("storage", "")),
        _modes(v.spec.access_modes),
        v.spec.persistent_volume_reclaim_policy,
        v.status.phase,
        f"{kept.namespace}/{kept.name}" if kept else "",
        v.spec.storage_class_name,
    )


def _claim(c: Any) -> Row:
    return (
        c.name,
        c.status.phase,
        c.spec.volume_name,
        str((c.status.capacity or {}).get("storage", "")),
        _modes(c.status.access_modes),
        c.class_name or "",
    )


def _modes(modes: list[str] | None) -> str:
    short = {
        "ReadWriteOnce": "RWO",
        "ReadOnlyMany": "ROX",
        "ReadWriteMany": "RWX",
        "ReadWriteOncePod": "RWOP",
    }
    return ",".join(short.get(mode, mode) for mode in modes or ())


def _storage_class(c: Any) -> Row:
    default = c.annotations.get("storageclass.kubernetes.io/is-default-class") == "true"
    name = f"{c.name} (default)" if default else c.name
    return (
        name,
        c.provisioner,
        c.reclaim_policy,
        c.volume_binding_mode,
        c.allow_volume_expansion,
    )


def _autoscaler(hpa: Any) -> Row:
    seen = {
        m["resource"]["name"]: m["resource"]["current"] for m in hpa.status.current_metrics or ()
    }
    targets = []
    for metric in hpa.spec.metrics or ():
        if metric.resource is not None:
            current = seen.get(metric.resource.name, {})
            percent = metric.resource.target.average_utilization
            found = current.get("averageUtilization")
            if percent is not None:
                shown = "<unknown>" if found is None else f"{found}%"
                targets.append(f"{metric.resource.name}: {shown}/{percent}%")
            else:
                found = current.get("averageValue", "<unknown>")
                targets.append(
                    f"{metric.resource.name}: {found}/{metric.resource.target.average_value}"
                )
    reference = f"{hpa.spec.scale_target_ref.kind}/{hpa.spec.scale_target_ref.name}"
    return (
        hpa.name,
        reference,
        ", ".join(targets),
        hpa.spec.min_replicas,
        hpa.spec.max_replicas,
        hpa.status.current_replicas,
    )


def _budget(b: Any) -> Row:
    def shown(value: Any) -> Any:
        return "N/A" if value is None else value

    least, most = shown(b.spec.min_available), shown(b.spec.max_unavailable)
    return b.name, least, most, b.status.disruptions_allowed


def _quota(q: Any) -> Row:
    used = q.status.used or {}
    return q.name, ", ".join(f"{k}: {used.get(k, 0)}/{v}" for k, v in (q.spec.hard or {}).items())


def _lease(lease: Any) -> Row:
    return lease.name, lease.spec.holder_identity


def _plain(found: Any) -> Row:
    return (found.name,)


Shape = tuple[Sequence[str], Callable[[Any], Row]]
SHAPES: dict[str, Shape] = {
    "Pod": (("NAME", "READY", "STATUS", "RESTARTS"), pod_row),
    "Node": (("NAME", "STATUS", "ROLES", "VERSION"), _node),
    "Namespace": (("NAME", "STATUS"), lambda n: (n.name, n.status.phase)),
    "Deployment": (("NAME", "READY", "UP-TO-DATE", "AVAILABLE"), _deployment),
    "ReplicaSet": (("NAME", "DESIRED", "CURRENT", "READY"), _replica_set),
    "ReplicationController": (("NAME", "DESIRED", "CURRENT", "READY"), _replica_set),
    "StatefulSet": (("NAME", "READY"), _stateful_set),
    "DaemonSet": (
        ("NAME", "DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE", "NODE SELECTOR"),
        _daemon_set,
    ),
    "Job": (("NAME", "STATUS", "COMPLETIONS", "DURATION"), _job),
    "CronJob": (
        ("NAME", "SCHEDULE", "TIMEZONE", "SUSPEND", "ACTIVE", "LAST SCHEDULE"),
        _cron_job,
    ),
    "Service": (("NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)"), _service),
    "Endpoints": (("NAME", "ENDPOINTS"), _endpoints),
    "EndpointSlice": (("NAME", "ADDRESSTYPE", "PORTS", "ENDPOINTS"), _endpoint_slice),
    "ConfigMap": (("NAME", "DATA"), lambda c: (c.name, len(c.data or ()))),
    "Secret": (("NAME", "TYPE", "DATA"), lambda s: (s.name, s.type, len(s.data or ()))),
    "PersistentVolume": (
        ("NAME", "CAPACITY", "ACCESS MODES", "RECLAIM POLICY", "STATUS", "CLAIM", "STORAGECLASS"),
        _volume,
    ),
    "PersistentVolumeClaim": (
        ("NAME", "STATUS", "VOLUME", "CAPACITY", "ACCESS MODES", "STORAGECLASS"),
        _claim,
    ),
    "StorageClass": (
        ("NAME", "PROVISIONER", "RECLAIMPOLICY", "VOLUMEBINDINGMODE", "ALLOWVOLUMEEXPANSION"),
        _storage_class,
    ),
    "HorizontalPodAutoscaler": (
        ("NAME", "REFERENCE", "TARGETS", "MINPODS", "MAXPODS", "REPLICAS"),
        _autoscaler,
    ),
    "PodDisruptionBudget": (
        ("NAME", "MIN AVAILABLE", "MAX UNAVAILABLE", "ALLOWED DISRUPTIONS"),
        _budget,
    ),
    "PriorityClass": (
        ("NAME", "VALUE", "GLOBAL-DEFAULT"),
        lambda p: (p.name, p.value, p.global_default),
    ),
    "ResourceQuota": (("NAME", "USED/HARD"), _quota),
    "Lease": (("NAME", "HOLDER"), _lease),
}


def table_rows(
    kind: str, found: Sequence[Any], now: float, namespaces: bool, wide: bool
) -> tuple[list[str], list[list[Any]]]:
    """Column names and rows of `kubectl get`; `namespaces` puts that column first."""
    if kind == "Event":
        return _event_rows(found, now)
    columns, row = SHAPES.get(kind, (("NAME",), _plain))
    names = [*(["NAMESPACE"] if namespaces else []), *columns, "AGE"]
    rows = [
        [
            *([view.namespace] if namespaces else []),
            *row(view),
            since(view.metadata.creation_timestamp, now),
        ]
        for view in found
    ]
    if wide and kind == "Pod":
        names += POD_WIDE
        rows = [[*cells, *pod_row_wide(view)] for cells, view in zip(rows, found, strict=True)]
    if wide and kind == "Node":
        names += ["CPU", "MEMORY", "ZONE", "TAINTS", "CONTAINER-RUNTIME"]
        rows = [[*cells, *_node_wide(view)] for cells, view in zip(rows, found, strict=True)]
    return names, rows


def _node_wide(node: Any) -> Row:
    allocatable = node.status.allocatable or {}
    taints = [f"{t.key}:{t.effect}" for t in node.spec.taints or ()]
    return (
        str(allocatable.get("cpu", "")),
        str(allocatable.get("memory", "")),
        node.labels.get("topology.kubernetes.io/zone", NONE),
        ",".join(taints) or NONE,
        (node.status.node_info or {}).get("containerRuntimeVersion", ""),
    )


def _event_rows(found: Sequence[Any], now: float) -> tuple[list[str], list[list[Any]]]:
    columns = ["LAST SEEN", "TYPE", "REASON", "OBJECT", "COUNT", "MESSAGE"]
    ordered = sorted(found, key=lambda e: (e.last_timestamp or "", e.name.rpartition(".")[2]))
    rows = [
        [
            since(event.last_timestamp, now),
            event.type,
            event.reason,
            f"{event.involved_object.kind.lower()}/{event.involved_object.name}",
            event.count,
            event.message,
        ]
        for event in ordered
    ]
    return columns, rows
