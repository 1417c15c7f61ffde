"""Garbage collection: objects go when their owners have gone (chapter 03).

Background: the owner first, then what it owned. Foreground: what it owned first. Orphan: what it
owned stays, without an owner.
Source: kubernetes.io "Garbage Collection"; `pkg/controller/garbagecollector`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from course_lib.apiserver.deletion import BACKGROUND, FOREGROUND, ORPHAN, POLICY_FINALIZERS
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller
from course_lib.errors import CourseError
from course_lib.objects.kind import Kind
from course_lib.objects.meta import Object, OwnerReference

ABSENT, WAITING, SOLID = "absent", "waiting", "solid"  # states of an owner
Identity = tuple[Kind, str, str]  # kind, namespace, name


class GarbageCollector(Controller):
    """Follows owner references; its keys are uids of owners and of what they own.

    It keeps the graph of all objects, by uid. A change of an object costs its own references, not
    the number of objects that its owner has.
    """

    name = "garbage-collector"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        self._objects: dict[str, Identity] = {}  # every object, by uid
        self._owned: dict[str, dict[str, None]] = {}  # uids, by their owner's uid
        self._absent: set[str] = set()  # uids of owners that are known to be gone
        self._emptied: set[str] = set()  # uids of owners whose children were deleted before them
        super().__init__(api, informers)

    def watches(self) -> None:
        """Everything but Events, which own nothing and are owned by nobody."""
        self.for_each_kind(self._follow)

    def _follow(self, kind: Kind) -> None:
        if kind.kind != "Event":
            self.informers.informer(kind).add_handler(partial(self._on_change, kind))

    def _on_change(self, kind: Kind, before: Object | None, after: Object | None) -> None:
        seen = before if after is None else after
        assert seen is not None
        if before is not None and after is not None and _same_edges(before, after):
            return
        references = () if after is None else after.metadata.owner_references or ()
        present = [reference.uid for reference in references]
        for reference in (before and before.metadata.owner_references) or ():
            if reference.uid not in present:
                self._forget(seen.uid, reference.uid)
        if after is None:
            self._objects.pop(seen.uid, None)
            self._emptied.discard(seen.uid)
            for child in self._owned.get(seen.uid, {}):
                self._absent.add(seen.uid)
                self.enqueue(("", child))
        else:
            self._objects[seen.uid] = kind, seen.namespace, seen.name
            self._absent.discard(seen.uid)  # after a restore of etcd
            for uid in present:
                self._owned.setdefault(uid, {})[seen.uid] = None
            known = all(self._referred(after, reference) for reference in references)
            late = any(uid in self._emptied for uid in present)
            if not known or late or seen.metadata.finalizers:
                self.enqueue(("", seen.uid))

    def _forget(self, child: str, owner: str) -> None:
        """A child no longer refers to an owner, which may wait for its last child."""
        if owner in self._emptied:
            self.enqueue(("", owner))
        children = self._owned.get(owner, {})
        children.pop(child, None)
        if not children:
            self._owned.pop(owner, None)
            self._absent.discard(owner)

    def _find(self, uid: str) -> Object | None:
        if uid not in self._objects:
            return None
        kind, namespace, name = self._objects[uid]
        existing: Object | None = self.informers.find(kind, name, namespace)
        return existing if existing is not None and existing.uid == uid else None

    def look(self, namespace: str, name: str) -> None:
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

    def _referred(self, child: Object, reference: OwnerReference) -> Object | None:
        """The owner that a reference names, if the cache has it and the reference fits it."""
        owner = self._find(reference.uid)
        return owner if owner is not None and _refers(child, reference, owner) else None

    def _as_child(self, child: Object) -> None:
        """Delete an object none of whose owners stays; drop its references to those that go."""
        references = child.metadata.owner_references or []
        if not child.namespace and any(self._is_namespaced(each) for each in references):
            return  # it may not have such an owner: nobody knows in which namespace to look
        states = {each.uid: self._state(child, each) for each in references}
        solid = {uid for uid, state in states.items() if state == SOLID}
        if not solid:
            waiting = WAITING in states.values()
            self._delete(child, FOREGROUND if waiting else BACKGROUND)
        elif len(solid) < len(states):
            self._keep(child, solid)

    def _is_namespaced(self, reference: OwnerReference) -> bool:
        kind = self._kind_of(reference)
        return kind is not None and kind.namespaced

    def _kind_of(self, reference: OwnerReference) -> Kind | None:
        """The kind that a reference names; None if it is not served."""
        try:
            return self.informers.kinds.of(reference.api_version, reference.kind)
        except CourseError:
            return None

    def _state(self, child: Object, reference: OwnerReference) -> str:
        """Whether an owner is absent, waits for its children to go first, or is solid.

        The API server is asked about an owner that the cache does not have. Source:
        `classifyReferences` and `isDangling` in `garbagecollector.go`.
        """
        if reference.uid in self._absent:
            return ABSENT
        owner = self._referred(child, reference)
        if owner is None:
            kind = self._kind_of(reference)
            if kind is None:  # its objects may exist
                return SOLID
            namespace = child.namespace if kind.namespaced else ""
            owner = self.api.find(kind, reference.name, namespace)
        if owner is None or owner.uid != reference.uid:
            return ABSENT
        foreground = POLICY_FINALIZERS[FOREGROUND] in (owner.metadata.finalizers or ())
        return WAITING if owner.terminating and foreground else SOLID

    def _kind(self, of: Object) -> Kind:
        """The kind of an object that this controller follows."""
        return self._objects[of.uid][0]

    def _delete(self, child: Object, propagation: str) -> None:
        kind = self._kind(child)
        self.api.delete(kind, child.name, child.namespace, propagation, uid=child.uid)

    def _keep(self, child: Object, uids: set[str]) -> None:
        document = self.api.document(self._kind(child), child.name, child.namespace)
        references = document["metadata"].get("ownerReferences") or ()
        kept = [reference for reference in references if reference["uid"] in uids]
        patch = {"metadata": {"ownerReferences": kept or None}}
        self.api.patch(self._kind(child), child.name, child.namespace, patch)

    def _children(self, owner: Object) -> Iterator[tuple[Object, OwnerReference]]:
        """The objects that refer to an owner, with their references."""
        for uid in self._owned.get(owner.uid, ()):
            child = self._find(uid)
            if child is not None:
                for reference in child.metadata.owner_references or ():
                    if reference.uid == owner.uid and _refers(child, reference, owner):
                        yield child, reference

    def _foreground(self, owner: Object) -> None:
        """Delete the children first; those that block the owner must be gone before it goes."""
        if owner.uid not in self._emptied:
            for child, _ in list(self._children(owner)):
                if not child.terminating:
                    self._as_child(child)
            self._emptied.add(owner.uid)
        if not any(reference.block_owner_deletion for _, reference in self._children(owner)):
            self._release(owner, POLICY_FINALIZERS[FOREGROUND])

    def _orphan(self, owner: Object) -> None:
        for child, _ in list(self._children(owner)):
            others = {r.uid for r in child.metadata.owner_references or ()} - {owner.uid}
            self._keep(child, others)
        self._release(owner, POLICY_FINALIZERS[ORPHAN])

    def _release(self, owner: Object, finalizer: str) -> None:
        left = [name for name in owner.metadata.finalizers or () if name != finalizer]
        current = self._find(owner.uid)
        if current is not None:
            patch = {"metadata": {"finalizers": left or None}}
            self.api.patch(self._kind(owner), owner.name, owner.namespace, patch)


def _same_edges(before: Object, after: Object) -> bool:
    """Whether nothing has changed of an object that the collector acts on."""
    old, new = before.metadata, after.metadata
    return (
        old.owner_references == new.owner_references
        and old.finalizers == new.finalizers
        and old.deletion_timestamp == new.deletion_timestamp
        and old.uid == new.uid
    )


def _refers(child: Object, reference: OwnerReference, owner: Object) -> bool:
    """Whether a reference fits its owner: group, kind, name, and the namespace of the child."""
    return (
        (reference.kind, reference.name) == (owner.kind, owner.name)
        and _group(reference.api_version) == _group(owner.api_version)
        and owner.namespace in ("", child.namespace)
    )


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]
