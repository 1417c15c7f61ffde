"""What the course reads and checks, but does not act on yet, by kind and path.

A chapter that brings a field to life takes its line away here; until then whoever writes the
field is told (`warnings_for`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

# Where each kind carries the spec of a Pod.
POD_SPECS = {
    "Pod": "spec",
    "Deployment": "spec.template.spec",
    "ReplicaSet": "spec.template.spec",
    "ReplicationController": "spec.template.spec",
    "StatefulSet": "spec.template.spec",
    "DaemonSet": "spec.template.spec",
    "Job": "spec.template.spec",
    "CronJob": "spec.jobTemplate.spec.template.spec",
}
BY_KIND = {
    "Ingress": ("spec.tls",),
    "Role": ("rules",),
    "ClusterRole": ("rules", "aggregationRule"),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
    "DaemonSet": ("spec.updateStrategy.rollingUpdate.maxSurge",),
}


def not_yet(document: dict[str, Any]) -> Iterator[str]:
    """The paths in a document that nothing acts on.

    >>> list(not_yet({"kind": "Ingress", "spec": {"tls": [{"hosts": ["a.example"]}]}}))
    ['spec.tls']
    """
    kind = document["kind"]
    for path in BY_KIND.get(kind, ()):
        yield from (place for place, _ in _found(document, path.split(".")))


def _found(value: Any, path: list[str], at: str = "") -> Iterator[tuple[str, Any]]:
    if not path:
        if value:
            yield at.removeprefix("."), value
    elif isinstance(value, dict):
        step, each = re.subn(r"\[\*\]$", "", path[0])
        inner = value.get(step)
        if each and isinstance(inner, list):
            for number, item in enumerate(inner):
                yield from _found(item, path[1:], f"{at}.{step}[{number}]")
        elif not each and inner is not None:
            yield from _found(inner, path[1:], f"{at}.{step}")
