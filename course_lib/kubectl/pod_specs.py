"""The specification of Pods in an object that has one, or makes Pods; and its containers.

Source: kubectl `pkg/polymorphichelpers/updatepodspec.go`; `selectContainers` and `selectString` of
`pkg/cmd/set/helper.go`.
"""

from __future__ import annotations

from course_lib.kubectl.failures import CommandError
from course_lib.objects.api_types.table import type_of
from course_lib.objects.manifests import Document

_WITH_TEMPLATE = (
    "DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet",
)  # fmt: skip


def pod_spec(document: Document) -> Document:
    """The Pods' specification in a `document`; raises `CommandError` where it has none."""
    kind = document.get("kind")
    if kind == "Pod":
        found = document["spec"]
    elif kind in _WITH_TEMPLATE:
        found = document["spec"]["template"]["spec"]
    elif kind == "CronJob":
        found = document["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    else:
        name = go_name(document)
        raise CommandError(f"the object is not a pod or does not have a pod template: {name}")
    assert isinstance(found, dict)
    return found


def go_name(document: Document) -> str:
    """The type of a document in Go's words: `*v1.Service`."""
    type = type_of(str(document.get("apiVersion", "")), str(document.get("kind", "")))
    return f"*{type.go}" if type else "*unstructured.Unstructured"


def containers_of(spec: Document, pattern: str) -> list[Document]:
    """The containers of a Pod's `spec` whose names match a `pattern`, those of its start last."""
    return [
        container
        for field in ("containers", "initContainers")
        for container in spec.get(field) or []
        if matches(container["name"], pattern)
    ]


def matches(name: str, pattern: str) -> bool:
    """Whether a `name` matches a `pattern`, in which `*` stands for any text.

    As in the real one, what stands behind the first part is looked for from its beginning on.

    >>> matches("web", "*"), matches("web", "w*"), matches("web", "web-*")
    (True, True, False)
    """
    if pattern == "*" or "*" not in pattern:
        return pattern in ("*", name)
    position, parts = 0, pattern.split("*")
    for place, part in enumerate(parts):
        if not part:
            continue
        found = name[position:].find(part)
        is_last = place == len(parts) - 1
        if found < position or (place == 0 and position != 0):
            return False
        if is_last and len(name) != len(part) + found:
            return False
        position = found
    return True
