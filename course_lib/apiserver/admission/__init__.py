"""Admission: the last word before a document is stored, changing it or refusing it.

Each plugin of the real API server that the course acts on is a function here, under its upstream
name, in the order in which they are asked. Source: kubernetes.io "Admission Controllers";
`plugin/pkg/admission`, `pkg/kubeapiserver/options/plugins.go`.
"""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.apiserver.admission.certificates import certificate_subject_restriction
from course_lib.apiserver.admission.ingresses import default_ingress_class
from course_lib.apiserver.admission.limits import limit_ranger, limit_ranger_defaults
from course_lib.apiserver.admission.nodes import taint_node
from course_lib.apiserver.admission.pods import (
    SYSTEM_PRIORITIES,
    default_toleration_seconds,
    one_default_class,
    priority,
    runtime_class,
)
from course_lib.apiserver.admission.quotas import resource_quota
from course_lib.apiserver.admission.service_accounts import service_account
from course_lib.apiserver.admission.storage import (
    claim_resize,
    default_storage_class,
    in_use_protection,
)
from course_lib.apiserver.errors import Forbidden, NotAllowed, NotFound, Terminating
from course_lib.apiserver.pod_security import plugin as pod_security
from course_lib.apiserver.quota import QuotaAccessor
from course_lib.apiserver.reader import Reader
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.certificate_signing_request import CertificateSigningRequest
from course_lib.objects.kinds.ingress import Ingress
from course_lib.objects.kinds.namespace import Namespace
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.persistent_volume_claim import PROTECTION, PersistentVolumeClaim
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.priority_class import PriorityClass
from course_lib.objects.kinds.service import Service
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object
from course_lib.objects.openapi.definitions import CustomResourceDefinition

__all__ = [
    "SYSTEM_PRIORITIES",
    "mutate",
    "mutate_update",
    "validate_create",
    "validate_delete",
    "validate_update",
    "warnings_of",
]
IMMORTAL_NAMESPACES = ("default", "kube-system", "kube-public")


def mutate(api: Reader, kind: Kind, document: Document) -> None:
    """Let the mutating plugins change a new document, in place.

    The document is not decoded yet: what has a wrong shape stays for decoding to refuse.

    `api` reads what the plugins look up, `kind` is the document's.
    """
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        return
    if kind.namespaced:
        namespace_lifecycle(api, kind, metadata)
    if kind.kind in PROTECTION:
        in_use_protection(kind, document)
    if kind.type is Node:
        taint_node(document)
    if not isinstance(document.get("spec"), dict):
        return
    if kind.type is Pod:
        limit_ranger_defaults(api, document)
        service_account(api, document)
        priority(api, document)
        default_toleration_seconds(document)
        runtime_class(api, document)
    elif kind.type is PersistentVolumeClaim:
        default_storage_class(api, document)
    elif kind.type is Ingress:
        default_ingress_class(api, document)


def mutate_update(kind: Kind, document: Document) -> None:
    """Let them change an updated document, in place."""
    if kind.type is Pod and isinstance(document.get("spec"), dict):
        default_toleration_seconds(document)


def validate_create(api: QuotaAccessor, kind: Kind, view: Object, document: Document) -> None:
    """Let the validating plugins refuse a new object.

    `api` reads what the plugins look up, `kind` is the object's, `view` and `document` say the
    same. Raises `NotAllowed` for an object of a kind that is going, or what a plugin raises.
    """
    if kind.custom:
        definition = api.find(CustomResourceDefinition, kind.title)
        if definition is not None and definition.terminating:
            raise NotAllowed(
                "create not allowed while custom resource definition is terminating",
                do="wait until the definition is gone, and apply it again",
            )
    if kind.namespaced:
        limit_ranger(api, view)
    pod_security.refuse(api, kind, document, None)
    if isinstance(view, PriorityClass):
        one_default_class(api, view, new=True)
    if isinstance(view, CertificateSigningRequest):
        certificate_subject_restriction(kind, view)
    if kind.namespaced:
        resource_quota(api, kind, view)


def validate_update(
    api: QuotaAccessor,
    kind: Kind,
    views: tuple[Object, Object],
    documents: tuple[Document, Document],
) -> None:
    """Let the validating plugins refuse a change.

    `api` reads what the plugins look up, `kind` is the object's; `views` and `documents` are the
    object after the change, and before it.
    """
    view, before = views
    if isinstance(before, PersistentVolumeClaim) and isinstance(view, PersistentVolumeClaim):
        limit_ranger(api, view)
    pod_security.refuse(api, kind, *documents)
    if isinstance(view, PriorityClass):
        one_default_class(api, view, new=False)
    if isinstance(before, PersistentVolumeClaim) and isinstance(view, PersistentVolumeClaim):
        claim_resize(api, before, view)
    if kind.type in (Pod, PersistentVolumeClaim, Service):
        resource_quota(api, kind, view, before)


def validate_delete(kind: Kind, name: str) -> None:
    """NamespaceLifecycle: three namespaces cannot be deleted; raises `Forbidden`.

    Source: `k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go`.
    """
    if kind.type is Namespace and name in IMMORTAL_NAMESPACES:
        raise Forbidden(
            f'{kind.title} "{name}" is forbidden: this namespace may not be deleted',
            do="delete what is in it, or put what you want to delete together into another one",
        )


def namespace_lifecycle(api: Reader, kind: Kind, metadata: Document) -> None:
    """NamespaceLifecycle: nothing new where there is no namespace, or one that is going.

    It has its say before an object is judged. `api` reads the namespace; `kind` and `metadata` are
    those of the object. Raises `NotFound` or `Terminating`.
    """
    namespace = metadata["namespace"]
    space = api.find(Namespace, namespace)
    if space is None:
        raise NotFound(f'namespaces "{namespace}" not found', do="create the namespace first")
    if space.terminating and kind.kind != "Event":
        name = metadata.get("name") or metadata.get("generateName", "")
        raise Terminating(kind.title, name, namespace)


def warnings_of(
    api: pod_security.DocumentReader, kind: Kind, stored: Document, before: Document | None
) -> Iterator[str]:
    """The warnings about a `stored` object of a `kind`, which was `before` where it is not new.

    `api` reads namespaces and Pods. They are those of the kind's strategy, and of Pod Security.
    """
    yield from kind.warnings(stored, before)
    yield from pod_security.warnings(api, kind, stored, before)
