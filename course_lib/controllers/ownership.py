"""Who belongs to whom: controllers find their children, adopt orphans, and let go.

Source: `pkg/controller/controller_ref_manager.go`.
"""

from __future__ import annotations

from contextlib import suppress

from course_lib.apiserver.errors import NotFound
from course_lib.client import Client
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, ObjectT, owner_reference


def set_controller(
    api: Client, child: ObjectT, controllers: list[Document], finalizer: str = ""
) -> ObjectT:
    """Write an owner reference as the controller of a child, or none; other owners stay.

    `api` writes, `controllers` has one owner reference, or is empty. The `finalizer` comes and goes
    with the reference.
    """
    metadata = api.document(child.kind, child.name, child.namespace)["metadata"]
    known = metadata.get("ownerReferences", [])
    owners = [*(each for each in known if not each.get("controller")), *controllers]
    patch: Document = {"ownerReferences": owners or None}
    if finalizer:
        others = [each for each in metadata.get("finalizers", []) if each != finalizer]
        patch["finalizers"] = [*others, *([finalizer] if controllers else [])] or None
    return api.patch(type(child), child.name, child.namespace, {"metadata": patch})


def release(api: Client, child: ObjectT, finalizer: str) -> None:
    """Remove a `finalizer` from a `child`, if it is still there; `api` writes."""
    others = [each for each in child.metadata.finalizers or () if each != finalizer]
    with suppress(NotFound):
        patch = {"metadata": {"finalizers": others or None}}
        api.patch(type(child), child.name, child.namespace, patch)


def number_in(annotated: Object, annotation: str, default: int) -> int:
    """The whole number in an annotation; `default` where it is missing or no number.

    `annotated` is the object that may have the `annotation`.
    """
    try:
        return int(annotated.annotations.get(annotation, default))
    except ValueError:
        return default


def pod_from_template(
    owner: Object, template: Document, labels: dict[str, str] | None = None, name: str = ""
) -> Document:
    """A Pod's document from a controller's template; named by the server unless `name` is given.

    `owner` is the controller's object, `labels` are added to those of the template.
    """
    taken = ("labels", "annotations", "finalizers")
    metadata = {k: v for k, v in template.get("metadata", {}).items() if k in taken}
    metadata["labels"] = metadata.get("labels", {}) | (labels or {})
    metadata |= {"name": name} if name else {"generateName": f"{owner.name}-"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata
        | {"namespace": owner.namespace, "ownerReferences": [owner_reference(owner)]},
        "spec": template["spec"],
    }
