"""The environment of a container: what it is set to, and from where.

Source: `describeContainerEnvVars`, `describeContainerEnvFrom` and `EnvValueRetriever` in
`pkg/describe/describe.go` of k8s.io/kubectl; `ExtractContainerResourceValue` in
`pkg/util/resource/resource.go`.
"""

from __future__ import annotations

from course_lib.kubectl.describing.values import flag
from course_lib.kubectl.describing.writing import NONE, Lines, field, titled
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity

WHOLE_NODE = ("limits.cpu", "limits.memory")  # without a limit the node's allocatable counts


def environment(container: Document, pod: Document | None) -> Lines:
    """Sources of variables, and variables one by one.

    `pod` is the Pod whose fields are shown; None for a template.
    """
    sources, variables = container.get("envFrom"), container.get("env")
    if sources:
        yield from titled("Environment Variables from", map(_source, sources))
    if not variables:
        yield field("Environment", NONE)
        return
    yield from titled(
        "Environment", (line for each in variables for line in _variable(each, container, pod))
    )


def _source(source: Document) -> str:
    kind, reference = "", Document()
    if "configMapRef" in source:
        kind, reference = "ConfigMap", source["configMapRef"]
    elif "secretRef" in source:
        kind, reference = "Secret", source["secretRef"]
    prefix = f" with prefix '{source['prefix']}'" if source.get("prefix") else ""
    return f"{reference.get('name', '')}\t{kind}{prefix}\t{_optional(reference)}"


def _optional(reference: Document) -> str:
    return f"Optional: {flag(reference.get('optional'))}"


def _variable(variable: Document, container: Document, pod: Document | None) -> Lines:
    name, source = variable["name"], variable.get("valueFrom")
    if source is None:
        first, *rest = str(variable.get("value", "")).split("\n")
        yield field(name, first)
        yield from (f"\t{line}" for line in rest)
    elif "fieldRef" in source:
        reference = source["fieldRef"]
        path = reference.get("fieldPath", "")
        yield field(name, f"{_of_pod(pod, path)} ({reference.get('apiVersion', '')}:{path})")
    elif "resourceFieldRef" in source:
        reference = source["resourceFieldRef"]
        yield field(name, f"{_amount(reference, container)} ({reference.get('resource', '')})")
    elif "secretKeyRef" in source:
        yield field(name, _key(source["secretKeyRef"], "in secret"))
    elif "configMapKeyRef" in source:
        yield field(name, _key(source["configMapKeyRef"], "of config map"))


def _key(reference: Document, place: str) -> str:
    key, name = reference.get("key", ""), reference.get("name", "")
    return f"<set to the key '{key}' {place} '{name}'>\t{_optional(reference)}"


def _of_pod(pod: Document | None, path: str) -> str:
    """The Pod's name or namespace: kubectl knows no other field (`ConvertFieldLabel`)."""
    group, _, name = path.partition(".")
    if pod is None or group != "metadata" or name not in ("name", "namespace"):
        return ""
    return str((pod.get("metadata") or {}).get(name, ""))


def _amount(reference: Document, container: Document) -> str:
    """A request or a limit in parts of the divisor, rounded up."""
    path = reference.get("resource", "")
    group, _, name = path.partition(".")
    if group not in ("limits", "requests") or not _is_known(name):
        return ""
    amount = Quantity(((container.get("resources") or {}).get(group) or {}).get(name, "0"))
    divisor = Quantity(reference.get("divisor") or "0")
    divisor = divisor if divisor.nano else Quantity("1")
    whole, unit = (amount.milli, divisor.milli) if name == "cpu" else (amount.value, divisor.value)
    parts = -(-whole // unit)
    return "node allocatable" if parts == 0 and path in WHOLE_NODE else str(parts)


def _is_known(name: str) -> bool:
    return name in ("cpu", "memory", "ephemeral-storage") or name.startswith("hugepages-")
