"""Garbage collection: objects go when their owners have gone (chapter 03).

Background: the owner first, then what it owned. Foreground: what it owned first. Orphan: what it
owned stays, without an owner.
Source: kubernetes.io "Garbage Collection"; `pkg/controller/garbagecollector`.
"""

from __future__ import annotations

from functools import partial

from course_lib.apiserver.deletion import BACKGROUND, FOREGROUND, ORPHAN, POLICY_FINALIZERS
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller
from course_lib.errors import CourseError
from course_lib.objects.kind import Kind
from course_lib.objects.meta import Object, OwnerReference

Identity = tuple[Kind, str, str]  # kind, namespace, name


class GarbageCollector(Controller):
    """Follows owner references; its keys are uids of owners and of what they own."""

    name = "garbage-collector"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._objects: dict[str, Identity] = {}  # every object, by uid
        self._owned: dict[str, dict[str, None]] = {}  # uids, by their owner's uid
        self._absent: set[str] = set()  # uids of owners that are known to be gone
        super().__init__(api, informers)

    def watches(self) -> None:
        """Everything but Events, which own nothing and are owned by nobody."""
        self.for_each_kind(self._follow)

    def _follow(self, kind: Kind) -> None:
        if kind.kind != "Event":
            self.informers.informer(kind).add_handler(partial(self._on_change, kind))

    def _on_change(self, kind: Kind, before: Object | None, after: Object | None) -> None:
        if after is not None:
            self._note(kind, after)
        elif before is not None:
            self._objects.pop(before.uid, None)
            for reference in before.metadata.owner_references or ():
                self._owned.get(reference.uid, {}).pop(before.uid, None)
                self.enqueue(("", reference.uid))  # it may wait for its last child
            for child in self._owned.get(before.uid, {}):
                self._absent.add(before.uid)
                self.enqueue(("", child))

    def _note(self, kind: Kind, seen: Object) -> None:
        self._objects[seen.uid] = kind, seen.namespace, seen.name
        for reference in seen.metadata.owner_references or ():
            self._owned.setdefault(reference.uid, {})[seen.uid] = None
        owners = seen.metadata.owner_references or ()
        if any(owner.uid not in self._objects for owner in owners) or seen.metadata.finalizers:
            self.enqueue(("", seen.uid))

    def _find(self, uid: str) -> Object | None:
        if uid not in self._objects:
            return None
        kind, namespace, name = self._objects[uid]
        existing: Object | None = self.informers.find(kind, name, namespace)
        return existing if existing is not None and existing.uid == uid else None

    def reconcile(self, namespace: str, name: str) -> None:
        """Look at one object, by uid: as somebody's child, and as somebody's owner."""
        existing = self._find(name)
        if existing is None:
            return
        finalizers = existing.metadata.finalizers or []
        if existing.terminating and POLICY_FINALIZERS[ORPHAN] in finalizers:
            self._orphan(existing)
        elif existing.terminating and POLICY_FINALIZERS[FOREGROUND] in finalizers:
            self._foreground(existing)
        elif existing.metadata.owner_references and not existing.terminating:
            self._as_child(existing)

    def _as_child(self, child: Object) -> None:
        """Delete an object all of whose owners are gone; forget those that are."""
        references = child.metadata.owner_references or []
        solid = [reference for reference in references if self._exists(child, reference)]
        if not solid:
            self._delete(child, BACKGROUND)
        elif len(solid) < len(references):
            self._keep(child, {reference.uid for reference in solid})

    def _exists(self, child: Object, reference: OwnerReference) -> bool:
        if reference.uid in self._absent:
            return False
        if self._find(reference.uid) is not None:
            return True
        try:
            kind = self.informers.kinds.of(reference.api_version, reference.kind)
        except CourseError:  # a kind that is not served: its objects may exist
            return True
        owner = self.informers.find(kind, reference.name, child.namespace)
        return owner is not None and owner.uid == reference.uid

    def _kind(self, of: Object) -> Kind:
        """The kind of an object that this controller follows."""
        return self._objects[of.uid][0]

    def _delete(self, child: Object, propagation: str) -> None:
        kind = self._kind(child)
        self.api.delete(kind, child.name, child.namespace, propagation, uid=child.uid)

    def _keep(self, child: Object, uids: set[str]) -> None:
        document = self.api.document(self._kind(child), child.name, child.namespace)
        kept = [r for r in document["metadata"]["ownerReferences"] if r["uid"] in uids]
        patch = {"metadata": {"ownerReferences": kept or None}}
        self.api.patch(self._kind(child), child.name, child.namespace, patch)

    def _children(self, owner: Object) -> list[Object]:
        existing = (self._find(uid) for uid in list(self._owned.get(owner.uid, {})))
        return [child for child in existing if child is not None]

    def _foreground(self, owner: Object) -> None:
        """Delete the children first; those that block the owner must be gone before it goes."""
        blocking = 0
        for child in self._children(owner):
            for reference in child.metadata.owner_references or ():
                blocking += reference.uid == owner.uid and reference.block_owner_deletion
            if not child.terminating:
                self._delete(child, FOREGROUND)
        if not blocking or not self._children(owner):
            self._release(owner, POLICY_FINALIZERS[FOREGROUND])

    def _orphan(self, owner: Object) -> None:
        for child in self._children(owner):
            others = {r.uid for r in child.metadata.owner_references or ()} - {owner.uid}
            self._keep(child, others)
        self._release(owner, POLICY_FINALIZERS[ORPHAN])

    def _release(self, owner: Object, finalizer: str) -> None:
        left = [name for name in owner.metadata.finalizers or () if name != finalizer]
        current = self._find(owner.uid)
        if current is not None:
            patch = {"metadata": {"finalizers": left or None}}
            self.api.patch(self._kind(owner), owner.name, owner.namespace, patch)
