"""An autoscaler as `autoscaling/v1` has it: CPU in a field, all else in annotations.

Source: `pkg/apis/autoscaling/v1/conversion.go` and `pkg/apis/autoscaling/annotations.go`.
"""

from __future__ import annotations

import json

from course_lib.objects.field_errors import shown
from course_lib.objects.manifests import Document

PREFIX = "autoscaling.alpha.kubernetes.io/"
METRICS, CURRENT = f"{PREFIX}metrics", f"{PREFIX}current-metrics"
BEHAVIOR, CONDITIONS = f"{PREFIX}behavior", f"{PREFIX}conditions"
_OWN = (METRICS, CURRENT, BEHAVIOR, CONDITIONS)
# Of each source of a metric: its field in v1, and the path in v2 where the same stands.
_TARGETS = {
    "resource": {"name": "name", "targetAverageUtilization": "target.averageUtilization",
                 "targetAverageValue": "target.averageValue"},
    "containerResource": {"name": "name",
                          "targetAverageUtilization": "target.averageUtilization",
                          "targetAverageValue": "target.averageValue", "container": "container"},
    "pods": {"metricName": "metric.name", "targetAverageValue": "target.averageValue",
             "selector": "metric.selector"},
    "object": {"target": "describedObject", "metricName": "metric.name",
               "targetValue": "target.value", "selector": "metric.selector",
               "averageValue": "target.averageValue"},
    "external": {"metricName": "metric.name", "metricSelector": "metric.selector",
                 "targetValue": "target.value", "targetAverageValue": "target.averageValue"},
}  # fmt: skip
_ZEROS = {"pods": ("targetAverageValue",), "object": ("targetValue",)}  # v1 always has these
_BEHAVIOR = {
    "scaleUp": "ScaleUp", "scaleDown": "ScaleDown", "policies": "Policies", "type": "Type",
    "stabilizationWindowSeconds": "StabilizationWindowSeconds", "selectPolicy": "SelectPolicy",
    "tolerance": "Tolerance", "value": "Value", "periodSeconds": "PeriodSeconds",
}  # fmt: skip
_RULES = ("stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance")


def to_v1(document: Document) -> Document:
    """An autoscaler of `autoscaling/v2` as one of `autoscaling/v1`."""
    spec, status = document.get("spec") or {}, document.get("status") or {}
    metrics, seen = spec.get("metrics") or [], status.get("currentMetrics") or []
    of_cpu = [m["resource"]["target"]["averageUtilization"] for m in metrics if _is_cpu(m)]
    own = {"targetCPUUtilizationPercentage": of_cpu[0]} if of_cpu else {}
    kept = {
        key: spec[key] for key in ("scaleTargetRef", "minReplicas", "maxReplicas") if key in spec
    }
    told: Document = {"currentReplicas": 0, "desiredReplicas": 0}
    told |= {k: v for k, v in status.items() if k not in ("currentMetrics", "conditions")}
    used = [each for each in map(_used, seen) if each is not None]
    if used:
        told["currentCPUUtilizationPercentage"] = used[-1]
    others = [_older(m, _TARGETS) for m in metrics if not _is_cpu(m)]
    written = {
        METRICS: others,
        CURRENT: [_older(each, _STATUSES) for each in seen],
        BEHAVIOR: _in_memory(spec.get("behavior")),
        CONDITIONS: status.get("conditions") or [],
    }
    marks = {key: shown(value) for key, value in written.items() if value}
    return document | {
        "apiVersion": "autoscaling/v1",
        "metadata": _annotated(document, marks),
        "spec": kept | own,
        "status": told,
    }


def to_v2(document: Document) -> Document:
    """An autoscaler of `autoscaling/v1` as one of `autoscaling/v2`."""
    marks = (document.get("metadata") or {}).get("annotations") or {}
    spec, status = dict(document.get("spec") or {}), dict(document.get("status") or {})
    percent = spec.pop("targetCPUUtilizationPercentage", None)
    metrics = [_newer(each, _TARGETS) for each in _read(marks, METRICS)]
    if percent is not None:
        metrics.append(_cpu({"target": {"type": "Utilization", "averageUtilization": percent}}))
    if metrics:
        spec["metrics"] = metrics
    if behavior := _from_memory(_read(marks, BEHAVIOR)):
        spec["behavior"] = behavior
    used = status.pop("currentCPUUtilizationPercentage", None)
    seen = [_newer(each, _STATUSES) for each in _read(marks, CURRENT)]
    if used is not None and not seen:
        seen = [_cpu({"current": {"averageUtilization": used}})]
    for field, value in (("currentMetrics", seen), ("conditions", _read(marks, CONDITIONS))):
        if value:
            status[field] = value
    changed = {"apiVersion": "autoscaling/v2", "metadata": _annotated(document, {}), "spec": spec}
    return document | changed | ({"status": status} if "status" in document else {})


def _statuses(fields: dict[str, str]) -> dict[str, str]:
    """The fields of a status of a metric: what is wanted there is what is, here."""
    renamed = {
        name.replace("target", "current", 1) if name != "target" else name: path
        for name, path in fields.items()
    }
    return {name: path.replace("target.", "current.", 1) for name, path in renamed.items()}


_STATUSES = {source: _statuses(fields) for source, fields in _TARGETS.items()}


def _cpu(inside: Document) -> Document:
    return {"type": "Resource", "resource": {"name": "cpu"} | inside}


def _is_cpu(metric: Document) -> bool:
    source = metric.get("resource") or {}
    wanted = (source.get("target") or {}).get("averageUtilization")
    return metric.get("type") == "Resource" and source.get("name") == "cpu" and wanted is not None


def _used(metric: Document) -> int | None:
    source = metric.get("resource") or {}
    found: int | None = (source.get("current") or {}).get("averageUtilization")
    return found if source.get("name") == "cpu" else None


def _annotated(document: Document, marks: dict[str, str]) -> Document:
    meta = dict(document.get("metadata") or {})
    others = {k: v for k, v in (meta.pop("annotations", None) or {}).items() if k not in _OWN}
    return meta | ({"annotations": others | marks} if others or marks else {})


def _older(metric: Document, table: dict[str, dict[str, str]]) -> Document:
    """A metric of v2 as v1 has it."""
    found: Document = {"type": metric.get("type", "")}
    for source, fields in table.items():
        if (inside := metric.get(source)) is not None:
            values = {name: _at(inside, path) for name, path in fields.items()}
            zeros = dict.fromkeys(_ZEROS.get(source, ()) if table is _TARGETS else (), "0")
            found[source] = zeros | {k: v for k, v in values.items() if v is not None}
    return found


def _newer(metric: Document, table: dict[str, dict[str, str]]) -> Document:
    """A metric of v1 as v2 has it."""
    found: Document = {"type": metric.get("type", "")}
    for source, fields in table.items():
        if (inside := metric.get(source)) is None:
            continue
        made: Document = {}
        for name, path in fields.items():
            if (value := inside.get(name)) is not None:
                place, _, last = path.rpartition(".")
                (made.setdefault(place, {}) if place else made)[last] = value
        if table is _TARGETS:
            target = made.setdefault("target", {})
            if "averageValue" in target and target.get("value") in ("0", 0):
                del target["value"]
            target["type"] = (
                "Utilization" if "averageUtilization" in target
                else "Value" if "value" in target and "averageValue" not in target
                else "AverageValue"
            )  # fmt: skip
        found[source] = made
    return found


def _at(inside: Document, path: str) -> object:
    found: object = inside
    for step in path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _read(marks: Document, key: str) -> list[Document]:
    """What an annotation holds, as a list; nothing where it cannot be read."""
    try:
        found = json.loads(marks.get(key, "[]"))
    except ValueError:
        return []
    found = found if isinstance(found, list) else [found]
    return [each for each in found if isinstance(each, dict)]


def _in_memory(behavior: Document | None) -> Document:
    """Rules as Go has them in memory, all fields with their names there."""
    if not behavior:
        return {}
    return {
        _BEHAVIOR[way]: None if behavior.get(way) is None else {
            _BEHAVIOR[field]: [{_BEHAVIOR[k]: v for k, v in each.items()} for each in inside]
            if isinstance(inside := behavior[way].get(field), list) else inside
            for field in _RULES
        }
        for way in ("scaleUp", "scaleDown")
    }  # fmt: skip


def _from_memory(found: list[Document]) -> Document:
    names = {value: key for key, value in _BEHAVIOR.items()}

    def named(value: object) -> object:
        if isinstance(value, dict):
            return {
                names[key]: named(each)
                for key, each in value.items()
                if key in names and each is not None
            }
        return [named(each) for each in value] if isinstance(value, list) else value

    read = named(found[0]) if found else {}
    return read if isinstance(read, dict) else {}
