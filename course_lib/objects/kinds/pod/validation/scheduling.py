"""Where else a Pod may run: tolerations, spreading, gates, readiness gates."""

from __future__ import annotations

from course_lib.objects.field_errors import (
    Errors,
    duplicate,
    invalid,
    not_supported,
    required,
)
from course_lib.objects.kinds.pod.validation.affinity import label_keys
from course_lib.objects.kinds.pod.validation.containers_of import each
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid, label_selector

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
ACTIONS = ("DoNotSchedule", "ScheduleAnyway")
NOT_POSITIVE = "must be greater than zero"


def tolerations(listed: list[Document] | None, path: str) -> Errors:
    """The taints that a Pod tolerates (`ValidateTolerations`)."""
    for toleration, here in each(listed, path):
        key, operator = toleration.get("key", ""), toleration.get("operator", "")
        effect, value = toleration.get("effect", ""), toleration.get("value", "")
        if key:
            yield from all_invalid(f"{here}.key", key, formats.label_key(key))
        elif operator != "Exists":
            rule = "operator must be Exists when `key` is empty, which means "
            yield invalid(f"{here}.operator", operator, f'{rule}"match all values and all keys"')
        if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
            rule = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            yield invalid(f"{here}.effect", effect, rule)
        yield from _operator(operator, value, f"{here}.operator")
        if effect and effect not in EFFECTS:
            yield not_supported(f"{here}.effect", effect, EFFECTS)


def _operator(operator: str, value: str, path: str) -> Errors:
    if operator in ("", "Equal"):
        if problems := formats.label_value(value):
            yield invalid(path, value, ";".join(problems))
    elif operator == "Exists":
        if value:
            yield invalid(path, value, "value must be empty when `operator` is 'Exists'")
    else:
        newer = ("Lt", "Gt") if operator in ("Lt", "Gt") else ()
        yield not_supported(path, operator, ("Equal", "Exists", *newer))


def spread_constraints(spec: Document, path: str) -> Errors:
    """How evenly Pods spread over topologies (`validateTopologySpreadConstraints`)."""
    listed = spec.get("topologySpreadConstraints") or []
    pairs = [(each.get("topologyKey", ""), each.get("whenUnsatisfiable", "")) for each in listed]
    for position, constraint in enumerate(listed):
        here, (key, action) = f"{path}[{position}]", pairs[position]
        if (skew := constraint.get("maxSkew", 0)) <= 0:
            yield invalid(f"{here}.maxSkew", skew, NOT_POSITIVE)
        if not key:
            yield required(f"{here}.topologyKey", "can not be empty")
        if action not in ACTIONS:
            yield not_supported(f"{here}.whenUnsatisfiable", action, ACTIONS)
        if (key, action) in pairs[position + 1 :]:
            yield duplicate(f"{here}.{{topologyKey, whenUnsatisfiable}}", f"{{{key}, {action}}}")
        if (domains := constraint.get("minDomains")) is not None:
            if domains <= 0:
                yield invalid(f"{here}.minDomains", domains, NOT_POSITIVE)
            if action != "DoNotSchedule":
                rule = "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not "
                yield invalid(f"{here}.minDomains", domains, f"{rule}{action}")
        for field in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            policy = constraint.get(field)
            if policy is not None and policy not in ("Honor", "Ignore"):
                yield not_supported(f"{here}.{field}", policy, ("Honor", "Ignore"))
        selector = constraint.get("labelSelector")
        yield from label_keys(constraint.get("matchLabelKeys") or [], (), selector, here)
        yield from label_selector(selector, f"{here}.labelSelector")


def readiness_gates(spec: Document, path: str) -> Errors:
    """Conditions that others set, without which the Pod is not ready."""
    for gate, here in each(spec.get("readinessGates"), path):
        kind = gate.get("conditionType", "")
        yield from all_invalid(f"{here}.conditionType", kind, formats.label_key(kind))


def scheduling_gates(spec: Document, path: str) -> Errors:
    """What keeps a Pod from being scheduled (`validateSchedulingGates`)."""
    seen: list[str] = []
    for gate, here in each(spec.get("schedulingGates"), path):
        name = gate.get("name", "")
        yield from all_invalid(here, name, formats.label_key(name))
        if name in seen:
            yield duplicate(here, name)
        seen.append(name)
