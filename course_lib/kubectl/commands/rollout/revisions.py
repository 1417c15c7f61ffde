"""The revisions of a workload: the ReplicaSets of a Deployment, or ControllerRevisions.

Source: kubectl `pkg/polymorphichelpers/history.go` and `rollback.go`, `pkg/util/deployment`.
"""

from __future__ import annotations

import copy

import msgspec

from course_lib.apiserver.strategic import strategic_merge
from course_lib.kubectl.commands.rollout.status import REVISION
from course_lib.kubectl.failures import CommandError, RefusedRequest
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.record import CHANGE_CAUSE
from course_lib.kubectl.selection import Chosen
from course_lib.kubectl.server import Path
from course_lib.objects.api_types.table import type_of
from course_lib.objects.manifests import Document

HASH = "pod-template-hash"
APPS = "apps/v1"


class Revision(msgspec.Struct):
    """One revision: `number`, `stored` is the object that keeps it, `template` its Pods' template.

    `whole` is the workload as it was with it (of a Deployment: the ReplicaSet).
    """

    number: int
    stored: Document
    template: Document
    whole: Document

    @property
    def cause(self) -> str:
        """Why it was made, if an annotation says it."""
        annotations = self.stored["metadata"].get("annotations") or {}
        return str(annotations.get(CHANGE_CAUSE, ""))


class RevisionHistory(msgspec.Struct):
    """A workload as it is, and its revisions, in the order of their numbers."""

    workload: Document
    revisions: list[Revision]

    def numbered(self, number: int) -> Revision | None:
        """The revision of a number; of several the last."""
        return next((each for each in reversed(self.revisions) if each.number == number), None)


def history_of(call: Invocation, chosen: Chosen) -> RevisionHistory:
    """The history of a workload; raises `CommandError`.

    `call` asks for it, `chosen` is the workload.
    """
    kind = chosen.resource.kind
    name = kind.lower() if kind == "Deployment" else kind
    try:
        workload = call.server.get(
            Path(APPS, chosen.resource.plural, chosen.namespace, chosen.name)
        )
    except RefusedRequest as refusal:
        said = f"failed to retrieve {name} {chosen.name}: {refusal.message}"
        raise CommandError(said) from None
    plural = "replicasets" if kind == "Deployment" else "controllerrevisions"
    query = {"labelSelector": selector_text(workload["spec"].get("selector") or {})}
    listed = call.server.items(Path(APPS, plural, chosen.namespace), query)
    owned = [each for each in listed if _is_controlled(each, workload["metadata"]["uid"])]
    of = _of_replica_set if kind == "Deployment" else _of_controller_revision
    revisions = [of(workload, each) for each in owned]
    return RevisionHistory(workload, sorted(revisions, key=lambda each: each.number))


def selector_text(selector: Document) -> str:
    """A label selector as the parameter of a request (`LabelSelectorAsSelector`)."""
    terms = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for each in selector.get("matchExpressions") or []:
        key, values = each["key"], ",".join(sorted(each.get("values") or []))
        forms = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key}
        terms.append(forms.get(each["operator"], f"!{key}"))
    return ",".join(sorted(terms))


def without_hash(template: Document) -> Document:
    """A template without the label by which ReplicaSets differ."""
    found = copy.deepcopy(template)
    labels = found.get("metadata", {}).get("labels") or {}
    labels.pop(HASH, None)
    return found


def _is_controlled(document: Document, uid: str) -> bool:
    owners = document["metadata"].get("ownerReferences") or []
    return any(each.get("controller") and each["uid"] == uid for each in owners)


def _of_replica_set(workload: Document, document: Document) -> Revision:
    annotations = document["metadata"].get("annotations") or {}
    template = copy.deepcopy(document["spec"]["template"])
    if cause := annotations.get(CHANGE_CAUSE):
        meta = template.setdefault("metadata", {})
        meta["annotations"] = (meta.get("annotations") or {}) | {CHANGE_CAUSE: cause}
    return Revision(int(annotations.get(REVISION, 0)), document, template, document)


def _of_controller_revision(workload: Document, document: Document) -> Revision:
    type = type_of(APPS, workload["kind"])
    whole = strategic_merge(copy.deepcopy(workload), document["data"], type)
    return Revision(document["revision"], document, whole["spec"]["template"], whole)
