"""What can be exposed, and what it says of its Pods, ports and protocols.

Source: `canbeexposed.go`, `mapbasedselectorforobject.go`, `portsforobject.go` and
`multiprotocolsforobject.go` of kubectl `pkg/polymorphichelpers`.
"""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.resources import Resource
from course_lib.objects.manifests import Document

KINDS = (
    ("", "ReplicationController"), ("", "Service"), ("", "Pod"), ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
)  # fmt: skip


def check_exposable(resource: Resource) -> None:
    """Raise `CommandError` for what cannot be exposed."""
    if (resource.group, resource.kind) not in KINDS:
        kind = ".".join(filter(None, [resource.kind, resource.group]))
        raise CommandError(f"cannot expose a {kind}")


def selector_of(document: Document) -> str:
    """The labels by which a Service finds the Pods, in one word; raises `CommandError`."""
    kind, spec = document["kind"], document.get("spec") or {}
    if kind == "Pod":
        labels = document["metadata"].get("labels") or {}
        if not labels:
            raise CommandError("the pod has no labels and cannot be exposed")
    elif kind == "Service":
        if "selector" not in spec:
            raise CommandError("the service has no pod selector set")
        labels = spec["selector"]
    else:
        labels = _of_workload(kind, spec.get("selector") or {})
    return ",".join(f"{key}={value}" for key, value in labels.items())


def _of_workload(kind: str, selector: Document) -> dict[str, str]:
    labels: dict[str, str] = selector.get("matchLabels") or {}
    if not labels:
        said = f"invalid {kind.lower()}: no selectors, therefore cannot be exposed"
        raise CommandError(said)
    if expressions := selector.get("matchExpressions"):
        shown = " ".join(_go_text(each) for each in expressions)
        said = f'couldn\'t convert expressions - "[{shown}]" to map-based selector format'
        raise CommandError(said)
    return labels


def _go_text(expression: Document) -> str:
    values = " ".join(expression.get("values") or [])
    return f"{{Key:{expression['key']} Operator:{expression['operator']} Values:[{values}]}}"


def ports_of(document: Document) -> list[str]:
    """The ports, each once."""
    return list(dict.fromkeys(port for port, _ in _with_protocols(document)))


def protocols_of(document: Document) -> dict[str, list[str]]:
    """The protocols of each port."""
    found: dict[str, list[str]] = {}
    for port, protocol in _with_protocols(document):
        found.setdefault(port, []).append(protocol)
    return found


def _with_protocols(document: Document) -> Iterator[tuple[str, str]]:
    spec = document.get("spec") or {}
    if document["kind"] == "Service":
        for each in spec.get("ports") or []:
            yield str(each["port"]), each.get("protocol") or "TCP"
        return
    pod = spec if document["kind"] == "Pod" else spec["template"]["spec"]
    for container in pod.get("containers") or []:
        for each in container.get("ports") or []:
            yield str(each["containerPort"]), each.get("protocol") or "TCP"
