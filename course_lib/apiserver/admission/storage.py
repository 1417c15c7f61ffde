"""Plugins for claims and volumes: protection, the default class, growth.

Source: `plugin/pkg/admission/storage` of Kubernetes.
"""

from __future__ import annotations

from course_lib.apiserver.errors import Forbidden
from course_lib.apiserver.reader import Reader
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.persistent_volume_claim import (
    BETA_CLASS,
    PROTECTION,
    PersistentVolumeClaim,
)
from course_lib.objects.kinds.storage_class import StorageClass, default_class
from course_lib.objects.manifests import Document


def in_use_protection(kind: Kind, document: Document) -> None:
    """StorageObjectInUseProtection: claims and volumes go only when nobody uses them any more."""
    finalizer = PROTECTION[kind.kind]
    finalizers = document["metadata"].setdefault("finalizers", [])
    if isinstance(finalizers, list) and finalizer not in finalizers:
        finalizers.append(finalizer)


def default_storage_class(api: Reader, claim: Document) -> None:
    """DefaultStorageClass: claims that name no class get the one marked as default."""
    if "storageClassName" in claim["spec"] or BETA_CLASS in (
        claim["metadata"].get("annotations") or ()
    ):
        return
    if default := default_class(api.list(StorageClass)):
        claim["spec"]["storageClassName"] = default.name


def claim_resize(api: Reader, before: PersistentVolumeClaim, after: PersistentVolumeClaim) -> None:
    """PersistentVolumeClaimResize: a claim grows only where its class allows expansion.

    `api` reads the class; `before` becomes `after`. Raises `Forbidden` for a class that does not
    allow it.
    """
    if after.size <= before.size:
        return
    head = f'persistentvolumeclaims "{after.name}" is forbidden: '
    if before.status.phase != "Bound":
        raise Forbidden(f"{head}Only bound persistent volume claims can be expanded")
    same = after.class_name and after.class_name == before.class_name
    found = api.find(StorageClass, str(after.class_name)) if same else None
    if found is None or not found.allow_volume_expansion:
        raise Forbidden(
            f"{head}only dynamically provisioned pvc can be resized and the storageclass that "
            "provisions the pvc must support resize",
            do="use a class with allowVolumeExpansion: true",
        )
