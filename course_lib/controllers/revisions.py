"""ControllerRevisions: the templates that a StatefulSet or DaemonSet has had.

Source: `pkg/controller/history/controller_history.go`.
"""

from __future__ import annotations

from collections.abc import Collection

from course_lib.client import Client
from course_lib.objects.kinds.controller_revision import ControllerRevision
from course_lib.objects.kinds.daemon_set import DaemonSet
from course_lib.objects.kinds.stateful_set import StatefulSet
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, owner_reference
from course_lib.objects.pods import template_hash

REVISION_LABEL = "controller-revision-hash"
HASH_LABEL = "controller.kubernetes.io/hash"  # of a StatefulSet's ControllerRevision
GENERATION = "deprecated.daemonset.template.generation"  # an annotation, and a number


class Revisions:
    """The revisions of one owner: `current`, from which an update comes, and `update`.

    `api` writes, `existing` are the owner's ControllerRevisions, which are kept by number.
    """

    def __init__(
        self, api: Client, existing: list[ControllerRevision], owner: StatefulSet | DaemonSet
    ) -> None:
        self.api, self.owner = api, owner
        self.existing = sorted(existing, key=lambda each: each.revision)
        document = api.document(owner.kind, owner.name, owner.namespace)
        self._template: Document = document["spec"]["template"]
        self.hash = template_hash(self._template)
        self.update = f"{owner.name}-{self.hash}"
        self._record()
        told = getattr(owner.status, "current_revision", "")
        self.current: str = told or self.update

    def settle(self) -> None:
        """The update is complete: it is what is current now."""
        self.current = self.update

    def __len__(self) -> int:
        return len(self.existing)

    def idle(self, used: Collection[str]) -> list[ControllerRevision]:
        """The revisions that are neither current, nor the update, nor `used`, by number."""
        live = (self.current, self.update, *used)
        return [each for each in self.existing if each.name not in live]

    def template(self, revision: str) -> Document:
        """The Pod template of a revision (the latest, if that one is forgotten)."""
        if revision == self.update:
            return self._template
        if all(each.name != revision for each in self.existing):
            return self._template
        document = self.api.document(ControllerRevision, revision, self.owner.namespace)
        template: Document = document["data"]["spec"]["template"]
        return {field: value for field, value in template.items() if field != "$patch"}

    def _record(self) -> None:
        """Write the present template down; one that comes back gets a new number."""
        history = self.existing
        latest = history[-1].revision if history else 0
        known = next((found for found in history if found.name == self.update), None)
        if known is None:
            self.api.create(
                {
                    "apiVersion": "apps/v1",
                    "kind": "ControllerRevision",
                    "metadata": self._metadata()
                    | {
                        "name": self.update,
                        "namespace": self.owner.namespace,
                        "ownerReferences": [owner_reference(self.owner)],
                    },
                    "revision": latest + 1,
                    "data": {"spec": {"template": self._template | {"$patch": "replace"}}},
                }
            )
        elif known.revision < latest:
            patch = {"revision": latest + 1}
            self.api.patch(ControllerRevision, known.name, known.namespace, patch)

    def _metadata(self) -> Document:
        """The labels and annotations of a new ControllerRevision."""
        labels = self._template.get("metadata", {}).get("labels", {})
        if isinstance(self.owner, StatefulSet):
            owned = self.owner.annotations
            own: Document = {"annotations": owned} if owned else {}
            return {"labels": labels | {HASH_LABEL: self.hash}} | own
        notes = self.owner.annotations | {GENERATION: template_generation(self.owner)}
        return {"labels": labels | {REVISION_LABEL: self.hash}, "annotations": notes}


def template_generation(owner: DaemonSet) -> str:
    """How many templates a DaemonSet has had; its Pods have it as a label too."""
    return owner.annotations.get(GENERATION, "1")


def revision_of(pod: Object) -> str:
    """The revision that a Pod was made from."""
    return pod.labels.get(REVISION_LABEL, "")
