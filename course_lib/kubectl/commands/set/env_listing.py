"""`kubectl set env --list`: the variables of a container, and what they refer to.

Source: the part about `--list` of kubectl `pkg/cmd/set/set_env.go`; `env/env_resolve.go`.
"""

from __future__ import annotations

import base64
import re

from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.server import Path
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity

_SUBSCRIPT = re.compile(r"(.+?)\['(.*)'\]")


def list_variables(call: Invocation, document: Document, container: Document) -> bool:
    """List the variables of one `container` of a `document` for a `call`.

    Returns False where a reference leads nowhere.
    """
    name = document["metadata"].get("name", "")
    call.out(f"# {document['kind']} {name}, container {container['name']}\n")
    problems: dict[str, list[str]] = {}
    for each in container.get("env") or []:
        source = each.get("valueFrom")
        if source is None:
            call.out(f"{each['name']}={each.get('value', '')}\n")
            continue
        try:
            if call.flags.on("resolve"):
                value = _Resolver(call, document, container).value(source)
                call.out(f"{each['name']}={value}\n")
                continue
        except CommandError as problem:
            problems.setdefault(problem.message, []).append(each["name"])
        call.out(f"# {each['name']} from {_reference(source)}\n")
    lines = [
        f"error retrieving reference for {', '.join(sorted(names))}: {problem}"
        for problem, names in problems.items()
    ]
    for line in sorted(lines):
        call.error(line + "\n")
    return not problems


def _reference(source: Document) -> str:
    """What a variable's value comes from, in words (`GetEnvVarRefString`)."""
    if found := source.get("configMapKeyRef"):
        return f"configmap {found['name']}, key {found['key']}"
    if found := source.get("secretKeyRef"):
        return f"secret {found['name']}, key {found['key']}"
    if found := source.get("fieldRef"):
        return f"field path {found['fieldPath']}"
    if found := source.get("resourceFieldRef"):
        prefix = f"{found['containerName']}/" if found.get("containerName") else ""
        return f"resource field {prefix}{found['resource']}"
    return "invalid valueFrom"


class _Resolver:
    """Finds what references of one container mean (`GetEnvVarRefValue`)."""

    def __init__(self, call: Invocation, document: Document, container: Document) -> None:
        self._call, self._document, self._container = call, document, container

    def value(self, source: Document) -> str:
        """The value of a reference; raises `CommandError`."""
        if found := source.get("secretKeyRef"):
            data = self._data("secrets", found, "secret")
            return base64.b64decode(data).decode(errors="replace")
        if found := source.get("configMapKeyRef"):
            return self._data("configmaps", found, "config map")
        if found := source.get("fieldRef"):
            return self._field(found["fieldPath"])
        if found := source.get("resourceFieldRef"):
            return self._amount(found)
        raise CommandError("invalid valueFrom")

    def _data(self, plural: str, reference: Document, kind: str) -> str:
        name, key = reference["name"], reference["key"]
        found = self._call.server.get(Path("v1", plural, self._call.namespace, name))
        data = found.get("data") or {}
        if key not in data:
            raise CommandError(f"key {key} not found in {kind} {name}")
        return str(data[key])

    def _field(self, path: str) -> str:
        meta = self._document["metadata"]
        if found := _SUBSCRIPT.fullmatch(path):
            if found[1] not in ("metadata.annotations", "metadata.labels"):
                raise CommandError(f'fieldPath "{path}" does not support subscript')
            field = found[1].removeprefix("metadata.")
            return str((meta.get(field) or {}).get(found[2], ""))
        if path in ("metadata.annotations", "metadata.labels"):
            pairs = meta.get(path.removeprefix("metadata.")) or {}
            return "\n".join(f'{key}="{value}"' for key, value in sorted(pairs.items()))
        if path in ("metadata.name", "metadata.namespace", "metadata.uid"):
            return str(meta.get(path.removeprefix("metadata."), ""))
        raise CommandError(f"unsupported fieldPath: {path}")

    def _amount(self, reference: Document) -> str:
        group, _, name = reference["resource"].partition(".")
        known = ("cpu", "memory", "ephemeral-storage")
        if group not in ("limits", "requests") or (name not in known and "hugepages-" not in name):
            raise CommandError(f"Unsupported container resource : {reference['resource']}")
        stated = (self._container.get("resources") or {}).get(group) or {}
        amount, unit = Quantity(stated.get(name, 0)), Quantity(reference.get("divisor") or 0)
        unit = unit if unit.nano else Quantity("1")
        return str(
            -(-amount.milli // unit.milli) if name == "cpu" else -(-amount.value // unit.value)
        )
