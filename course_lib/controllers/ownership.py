"""Who belongs to whom: controllers find their children, adopt orphans, and let go.

Source: `pkg/controller/controller_ref_manager.go`.
"""

from __future__ import annotations

from typing import Any

from course_lib.client import Client
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, owner_reference
from course_lib.objects.selectors import Selector


def claim(api: Client, owner: Object, kind: str, selector: Selector) -> list[Any]:
    """The children of an owner: those it controls and selects, with fitting orphans adopted.

    A child that the selector no longer selects is let go, and stays as an orphan.
    """
    mine: list[Any] = []
    adopts = not owner.terminating
    for child in api.list(kind, owner.namespace):
        reference = child.metadata.controller
        if reference is not None and reference.uid == owner.uid:
            if selector.matches(child.labels) or child.terminating:
                mine.append(child)
            elif adopts:
                _write_owners(api, child, [])
        elif (
            reference is None
            and adopts
            and selector.matches(child.labels)
            and not child.terminating
        ):
            mine.append(_write_owners(api, child, [owner_reference(owner)]))
    return mine


def _write_owners(api: Client, child: Object, controllers: list[Document]) -> Any:
    others = [
        reference
        for reference in api.document(child.kind, child.name, child.namespace)["metadata"].get(
            "ownerReferences", []
        )
        if not reference.get("controller")
    ]
    patch = {"metadata": {"ownerReferences": [*others, *controllers]}}
    return api.patch(child.kind, child.name, child.namespace, patch)


def pod_from_template(
    owner: Object, template: Document, labels: dict[str, str] | None = None, name: str = ""
) -> Document:
    """A Pod's document from a controller's template; named by the server unless `name` is given."""
    metadata = {
        k: v for k, v in template.get("metadata", {}).items() if k in ("labels", "annotations")
    }
    metadata["labels"] = metadata.get("labels", {}) | (labels or {})
    metadata |= {"name": name} if name else {"generateName": f"{owner.name}-"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata
        | {"namespace": owner.namespace, "ownerReferences": [owner_reference(owner)]},
        "spec": template["spec"],
    }
