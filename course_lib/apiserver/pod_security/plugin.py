"""PodSecurity: Pods above the level of their namespace (`admission/admission.go`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from course_lib.apiserver.errors import Forbidden
from course_lib.apiserver.pod_security.checks import findings, told
from course_lib.apiserver.pod_security.levels import PREFIX, PRIVILEGED, Level, policy_of
from course_lib.apiserver.reader import Reader
from course_lib.objects.field_errors import InvalidObject
from course_lib.objects.kind import Kind
from course_lib.objects.kinds.namespace import Namespace
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document, value_at
from course_lib.objects.meta import Object

AnyKind = str | type[Object] | Kind
MOST_CHECKED = 3000  # Pods of a namespace that gets a new level
_TEMPLATES = {
    "CronJob": "spec.jobTemplate.spec.template",
    **dict.fromkeys(
        ("DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet"),
        "spec.template",
    ),
}
IMAGES = ("containers", "initContainers")


class DocumentReader(Reader, Protocol):
    """A reader of whole documents too."""

    def document(self, kind: AnyKind, name: str, namespace: str = "") -> Document:
        """A copy of the whole document of an object."""


def refuse(api: Reader, kind: Kind, document: Document, before: Document | None) -> None:
    """Refuse a Pod that its namespace does not allow, and labels of a namespace that are none.

    `api` reads the namespace, `kind` is the document's, which was `before` where it is not new.
    Raises `Forbidden` or `InvalidObject`.
    """
    if kind.type is Namespace:
        _judge_labels(document, before)
    elif kind.type is Pod and (labels := _labels(api, document)):
        if before is not None and not _other_images(document, before):
            return
        level = policy_of(labels)[0].enforce
        meta, spec = document["metadata"], document["spec"]
        if found := findings(level, meta, spec):
            raise Forbidden(
                f'pods "{meta.get("name", "")}" is forbidden: violates PodSecurity "{level}": '
                f"{told(found)}",
                do="change the Pod's securityContext, or the labels of its namespace",
            )


def warnings(
    api: DocumentReader, kind: Kind, document: Document, before: Document | None
) -> Iterator[str]:
    """What a stored object is warned of: Pods, templates of Pods, and namespaces with a new level.

    `api` reads namespaces and Pods, `kind` is the document's, which was `before` where it is not
    new.
    """
    if kind.type is Namespace:
        if before is not None:
            yield from _of_namespace(api, document, before)
    elif kind.type is Pod or kind.kind in _TEMPLATES:
        if kind.type is Pod and before is not None and not _other_images(document, before):
            return
        pod = document if kind.type is Pod else value_at(document, _TEMPLATES[kind.kind])
        labels = _labels(api, document)
        if labels and isinstance(pod, dict):
            level = policy_of(labels)[0].warn
            if found := findings(level, pod.get("metadata") or {}, pod.get("spec") or {}):
                yield f'would violate PodSecurity "{level}": {told(found)}'


def _labels(api: Reader, document: Document) -> Mapping[str, str] | None:
    """The labels of the namespace of an object, where they say something of Pod Security."""
    space = api.find(Namespace, document["metadata"].get("namespace", ""))
    labels = space.metadata.labels if space else None
    return labels if any(key.startswith(PREFIX) for key in labels or ()) else None


def _judge_labels(document: Document, before: Document | None) -> None:
    _, errors = policy_of(document["metadata"].get("labels"))
    if before is not None and errors == policy_of(before["metadata"].get("labels"))[1]:
        return
    if errors:
        raise InvalidObject(document, errors)


def _other_images(document: Document, before: Document) -> bool:
    """Whether a Pod got another image, or another number of containers."""
    lists = [
        [spec.get(group) or () for group in IMAGES] for spec in (document["spec"], before["spec"])
    ]
    now, then = ([[each.get("image") for each in group] for group in groups] for groups in lists)
    late = "ephemeralContainers"
    known = {e.get("name"): e.get("image") for e in before["spec"].get(late) or ()}
    added = document["spec"].get(late) or ()
    return now != then or any(known.get(e.get("name")) != e.get("image") for e in added)


def _of_namespace(api: DocumentReader, document: Document, before: Document) -> Iterator[str]:
    """The Pods that a namespace has already, and that its new level would refuse."""
    new, old = (policy_of(each["metadata"].get("labels"))[0].enforce for each in (document, before))
    relaxed = new.minor == old.minor and not new.stricter(old)
    if new.name == PRIVILEGED or relaxed:
        return
    name = document["metadata"]["name"]
    pods = _first_of_each(api, name)
    if len(pods) > MOST_CHECKED:
        yield (
            "new PodSecurity enforce level only checked against the first "
            f"{MOST_CHECKED} of {len(pods)} existing pods"
        )
    by_reason: dict[str, list[str]] = {}
    for pod in pods[:MOST_CHECKED]:
        if found := _reasons(api, new, pod):
            by_reason.setdefault(found, []).append(pod.name)
    if by_reason:
        level = f'violate the new PodSecurity enforce level "{new}"'
        yield f'existing pods in namespace "{name}" {level}'
    yield from sorted(_counted(min(names), len(names), why) for why, names in by_reason.items())


def _first_of_each(api: Reader, namespace: str) -> list[Pod]:
    """The Pods of a namespace: those of their own and the first of each owner, then the others."""
    first: list[Pod] = []
    others: list[Pod] = []
    seen: list[str] = []
    for pod in api.list(Pod, namespace):
        owner = next((o.uid for o in pod.metadata.owner_references or () if o.controller), "")
        (others if owner in seen else first).append(pod)
        if owner:
            seen.append(owner)
    return first + others


def _reasons(api: DocumentReader, level: Level, pod: Pod) -> str:
    document = api.document(Pod, pod.name, pod.namespace)
    found = findings(level, document["metadata"], document["spec"])
    return ", ".join(reason for reason, _ in found)


def _counted(name: str, count: int, reasons: str) -> str:
    if count == 1:
        return f"{name}: {reasons}"
    more = count - 1
    return f"{name} (and {more} other pod{'s' * (more > 1)}): {reasons}"
