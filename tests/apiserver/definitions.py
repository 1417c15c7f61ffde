"""A CustomResourceDefinition and an object of it, for tests."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

Document = dict[str, Any]
SIZE = {"type": "integer", "minimum": 1, "maximum": 10, "default": 2}
SPEC = {"type": "object", "required": ["image"], "properties": {
    "image": {"type": "string", "pattern": "^[a-z:0-9.]+$"}, "size": SIZE,
}}  # fmt: skip
STATUS = {"type": "object", "properties": {
    "size": {"type": "integer"}, "selector": {"type": "string"},
    "phase": {"type": "string", "enum": ["Ready", "Waiting"]},
}}  # fmt: skip
COLUMNS = [
    {"name": "Image", "type": "string", "jsonPath": ".spec.image"},
    {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
    {"name": "Phase", "type": "string", "jsonPath": ".status.phase", "priority": 1},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
]


def version(name: str = "v1", **changes: Any) -> Document:
    """A version with a schema, columns, and both subresources."""
    schema = {"type": "object", "properties": {"spec": SPEC, "status": STATUS}}
    scale = {
        "specReplicasPath": ".spec.size",
        "statusReplicasPath": ".status.size",
        "labelSelectorPath": ".status.selector",
    }
    whole = {
        "name": name,
        "served": True,
        "storage": True,
        "subresources": {"status": {}, "scale": scale},
        "additionalPrinterColumns": COLUMNS,
        "schema": {"openAPIV3Schema": schema},
    }
    return deepcopy(whole | changes)


def definition(
    kind: str = "Cache", group: str = "example.com", names: Document | None = None, **spec: Any
) -> Document:
    """The definition of a kind in a group; `names` beside the plural, which is the kind's."""
    plural = f"{kind.lower()}s"
    own = {"plural": plural, "kind": kind} | (names or {})
    whole = {"group": group, "scope": "Namespaced", "names": own, "versions": [version()]} | spec
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": whole,
    }


def cache(name: str = "web", api_version: str = "example.com/v1", **spec: Any) -> Document:
    """An object of the kind that `definition` defines."""
    return {
        "apiVersion": api_version,
        "kind": "Cache",
        "metadata": {"name": name},
        "spec": {"image": "redis:7"} | spec,
    }
