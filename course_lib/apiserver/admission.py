"""Admission: the last word before a document is stored, changing it or refusing it.

Each plugin of the real API server that the course acts on is one function here, under its
upstream name. Source: kubernetes.io "Admission Controllers"; `plugin/pkg/admission`.
"""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.apiserver import quota
from course_lib.apiserver.errors import Forbidden, NotAllowed, NotFound, Terminating
from course_lib.apiserver.reader import Reader
from course_lib.engine.timestamps import seconds_at
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.ingress import Ingress
from course_lib.objects.kinds.ingress_class import IngressClass
from course_lib.objects.kinds.limit_range import LimitRange, LimitRangeItem
from course_lib.objects.kinds.namespace import Namespace
from course_lib.objects.kinds.node import Node
from course_lib.objects.kinds.persistent_volume import PersistentVolume
from course_lib.objects.kinds.persistent_volume_claim import (
    BETA_CLASS,
    PROTECTION,
    PersistentVolumeClaim,
)
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.kinds.priority_class import PriorityClass
from course_lib.objects.kinds.service import Service
from course_lib.objects.kinds.service_account import ServiceAccount
from course_lib.objects.kinds.storage_class import StorageClass, default_class
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Object, ObjectMeta
from course_lib.objects.openapi.definitions import CustomResourceDefinition

DEFAULT_INGRESS_CLASS = "ingressclass.kubernetes.io/is-default-class"
INGRESS_CLASS = "kubernetes.io/ingress.class"  # the annotation that came before the field
LIMITED = "kubernetes.io/limit-ranger"
MIRROR = "kubernetes.io/config.mirror"
ACCOUNT_WAIT = 3.0  # s: two for the plugin's questions, and creation times are in whole seconds
UNREACHABLE = "node.kubernetes.io/unreachable"
NOT_READY = "node.kubernetes.io/not-ready"
PREEMPTION = "string value of PreemptionPolicy"
IMMORTAL_NAMESPACES = ("default", "kube-system", "kube-public")
SYSTEM_PRIORITIES = {
    "system-cluster-critical": 2_000_000_000,
    "system-node-critical": 2_000_001_000,
}


def mutate(api: Reader, kind: Kind, document: Document) -> None:
    """Let the mutating plugins change a new document, in place.

    The document is not decoded yet: what has a wrong shape stays for decoding to refuse.

    `api` reads what the plugins look up, `kind` is the document's.
    """
    metadata, spec = document.get("metadata"), document.get("spec")
    if not isinstance(metadata, dict) or not isinstance(spec, dict):
        return
    if kind.type is Pod:
        limit_ranger_defaults(api, document)
        priority(api, document)
        default_toleration_seconds(document)
        service_account(api, document)
    elif kind.type is PersistentVolumeClaim:
        default_storage_class(api, document)
        in_use_protection(kind, document)
    elif kind.type is PersistentVolume:
        in_use_protection(kind, document)
    elif kind.type is Node:
        taint_node(document)
    elif kind.type is Ingress:
        default_ingress_class(api, document)


def mutate_update(kind: Kind, document: Document) -> None:
    """Let them change an updated document, in place."""
    if kind.type is Pod and isinstance(document.get("spec"), dict):
        default_toleration_seconds(document)


def validate_create(api: quota.QuotaAccessor, kind: Kind, view: Object) -> None:
    """Let the validating plugins refuse a new object.

    `api` reads what the plugins look up, `kind` is the object's, `view` the object.
    """
    if kind.custom:
        definition = api.find(CustomResourceDefinition, kind.title)
        if definition is not None and definition.terminating:
            raise NotAllowed(
                "create not allowed while custom resource definition is terminating",
                do="wait until the definition is gone, and apply it again",
            )
    if kind.namespaced:
        namespace_lifecycle(api, kind, view)
        quota.limit_ranger(api, view)
        quota.resource_quota(api, kind, view)


def validate_update(api: quota.QuotaAccessor, kind: Kind, view: Object, before: Object) -> None:
    """Let the validating plugins refuse a change.

    `api` reads what the plugins look up, `kind` is the object's; `before` becomes `view`.
    """
    if isinstance(before, PersistentVolumeClaim) and isinstance(view, PersistentVolumeClaim):
        claim_resize(api, before, view)
        quota.limit_ranger(api, view)
    if kind.type in (PersistentVolumeClaim, Service):
        quota.resource_quota(api, kind, view, before)


def validate_delete(kind: Kind, name: str) -> None:
    """NamespaceLifecycle: three namespaces cannot be deleted; raises `Forbidden`.

    Source: `k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go`.
    """
    if kind.type is Namespace and name in IMMORTAL_NAMESPACES:
        raise Forbidden(
            f'{kind.title} "{name}" is forbidden: this namespace may not be deleted',
            do="delete what is in it, or put what you want to delete together into another one",
        )


def namespace_lifecycle(api: Reader, kind: Kind, view: Object) -> None:
    """NamespaceLifecycle: nothing new where there is no namespace, or one that is going.

    `api` reads the namespace, `kind` is the object's, `view` the object. Raises `NotFound` or
    `Forbidden`.
    """
    space = api.find(Namespace, view.namespace)
    if space is None:
        raise NotFound(f'namespaces "{view.namespace}" not found', do="create the namespace first")
    if space.terminating and kind.kind != "Event":
        raise Terminating(kind.title, view.name, view.namespace)


def limit_ranger_defaults(api: Reader, pod: Document) -> None:
    """LimitRanger: containers that say nothing get the namespace's default limits and requests.

    An annotation of the Pod says what was set (`mergePodResourceRequirements`).
    """
    for limits in api.list(LimitRange, pod["metadata"]["namespace"]):
        items = [item for item in limits.spec.limits if item.type == "Container"]
        told = [said for item in items for said in _limited(pod, item)]
        for place in places(pod, "metadata.annotations") if told else ():
            place[LIMITED] = f"LimitRanger plugin set: {'; '.join(told)}"


def _limited(pod: Document, item: LimitRangeItem) -> Iterator[str]:
    """Fill in the defaults of one item, and say what was set."""
    requests = (item.default or {}) | (item.default_request or {})
    for words, container in _containers(pod):
        for group, amounts in (("request", requests), ("limit", item.default or {})):
            for place in places(container, f"resources.{group}s") if amounts else ():
                missing = sorted(name for name in amounts if name not in place)
                if missing:
                    place |= {name: str(amounts[name]) for name in missing}
                    name = container.get("name", "")
                    yield f"{', '.join(missing)} {group} for {words} {name}"


def _containers(pod: Document) -> Iterator[tuple[str, Document]]:
    for words, group in (("container", "containers"), ("init container", "initContainers")):
        for container in places(pod, f"spec.{group}[*]", create=False):
            yield words, container


def priority(api: Reader, pod: Document) -> None:
    """Priority: the class's value becomes the Pod's priority.

    Raises `Forbidden` for a class that there is not.
    """
    spec = pod["spec"]
    name = spec.get("priorityClassName", "")
    if not isinstance(name, str):
        return
    found: PriorityClass | None
    if name in SYSTEM_PRIORITIES:
        found = PriorityClass(metadata=ObjectMeta(name=name), value=SYSTEM_PRIORITIES[name])
    else:
        found = api.find(PriorityClass, name) if name else _default_priority(api)
    if name and found is None:
        raise Forbidden(
            f'pods "{pod["metadata"].get("name", "")}" is forbidden: '
            f"no PriorityClass with name {name} was found",
            do="create the PriorityClass first",
        )
    if found is not None:
        spec["priorityClassName"] = found.name
    computed: Document = {
        "priority": found.value if found else 0,
        "preemptionPolicy": found.preemption_policy if found else "PreemptLowerPriority",
    }
    for field, value in computed.items():
        if spec.get(field, value) != value:
            said = "integer value of priority" if field == "priority" else PREEMPTION
            raise Forbidden(
                f'pods "{pod["metadata"].get("name", "")}" is forbidden: the {said} '
                f"({spec[field]}) must not be provided in pod spec; priority admission controller "
                f"computed {value} from the given PriorityClass name",
                do=f"leave out spec.{field}, and name a PriorityClass in spec.priorityClassName",
            )
    spec |= computed


def _default_priority(api: Reader) -> PriorityClass | None:
    """The class for Pods that name none: of several, the one with the lowest value."""
    marked = [each for each in api.list(PriorityClass) if each.global_default]
    return min(marked, key=lambda each: each.value, default=None)


def taint_node(node: Document) -> None:
    """TaintNodesByCondition: a new node gets no Pods before its kubelet has called it ready.

    The node controller takes the taint away. Simplified: a kubelet of the course registers its node
    when it is ready, and such a node gets no taint.
    Source: `plugin/pkg/admission/nodetaint/admission.go`.
    """
    status, spec = node.get("status"), node.setdefault("spec", {})
    info = status.get("nodeInfo") if isinstance(status, dict) else None
    if isinstance(info, dict) and info.get("kubeletVersion"):
        return
    taints = spec.setdefault("taints", []) if isinstance(spec, dict) else None
    added = {"key": NOT_READY, "effect": "NoSchedule"}
    if isinstance(taints, list) and not any(
        isinstance(taint, dict) and added.items() <= taint.items() for taint in taints
    ):
        taints.append(added)


def default_toleration_seconds(pod: Document) -> None:
    """DefaultTolerationSeconds: five minutes on a node that is not ready or not reached."""
    tolerations = pod["spec"].setdefault("tolerations", [])
    if not isinstance(tolerations, list):
        return
    for key in (NOT_READY, UNREACHABLE):
        tolerated = any(
            t.get("key", "") in ("", key) and t.get("effect", "") in ("", "NoExecute")
            for t in tolerations
            if isinstance(t, dict)
        )
        if not tolerated:
            tolerations.append(
                {
                    "key": key,
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": 300,
                }
            )


def service_account(api: Reader, pod: Document) -> None:
    """ServiceAccount: Pods that name none run as `default`; the account must be there.

    The real plugin asks ten times within two seconds for the account `default`, as its controller
    may just be making it. Here no time passes in a call, so a namespace of that age is enough. No
    token is mounted. Source: `plugin/pkg/admission/serviceaccount/admission.go`.

    Raises `Forbidden` for an account that there is not.
    """
    spec, meta = pod["spec"], pod["metadata"]
    if MIRROR in _annotations(pod):
        return
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    if not isinstance(name, str):
        return
    spec["serviceAccountName"] = spec["serviceAccount"] = name
    account = api.find(ServiceAccount, name, meta["namespace"])
    if account is not None:
        if account.image_pull_secrets and not spec.get("imagePullSecrets"):
            spec["imagePullSecrets"] = [dict(each) for each in account.image_pull_secrets]
        return
    space = api.find(Namespace, meta["namespace"])
    if space is None or space.terminating:
        return  # NamespaceLifecycle says so
    age = api.sim.now - seconds_at(space.metadata.creation_timestamp or "2026-01-01T00:00:00Z")
    if name != "default" or age > ACCOUNT_WAIT:
        shown = meta.get("name") or meta.get("generateName", "")
        raise Forbidden(
            f'pods "{shown}" is forbidden: error looking up service account '
            f'{meta["namespace"]}/{name}: serviceaccount "{name}" not found',
            do="create the ServiceAccount first",
        )


def in_use_protection(kind: Kind, document: Document) -> None:
    """StorageObjectInUseProtection: claims and volumes go only when nobody uses them any more."""
    finalizer = PROTECTION[kind.kind]
    finalizers = document["metadata"].setdefault("finalizers", [])
    if isinstance(finalizers, list) and finalizer not in finalizers:
        finalizers.append(finalizer)


def default_storage_class(api: Reader, claim: Document) -> None:
    """DefaultStorageClass: claims that name no class get the one marked as default."""
    if "storageClassName" in claim["spec"] or BETA_CLASS in _annotations(claim):
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


def default_ingress_class(api: Reader, ingress: Document) -> None:
    """DefaultIngressClass: Ingresses that name no class get the one marked as default.

    The older annotation names one, too.
    """
    if "ingressClassName" in ingress["spec"] or INGRESS_CLASS in _annotations(ingress):
        return
    marked = [
        found
        for found in api.list(IngressClass)
        if found.annotations.get(DEFAULT_INGRESS_CLASS) == "true"
    ]
    if marked:
        newest = max(c.metadata.creation_timestamp or "" for c in marked)
        names = [c.name for c in marked if (c.metadata.creation_timestamp or "") == newest]
        ingress["spec"]["ingressClassName"] = min(names)


def _annotations(document: Document) -> Document:
    annotations = document["metadata"].get("annotations")
    return annotations if isinstance(annotations, dict) else {}
