"""What every Kubernetes object shares: metadata, owners, label selectors, conditions.

Source: the Kubernetes API reference, `meta/v1`. Objects are values: frozen views over the stored
document. To change one, write the document through the API server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from course_lib.objects.selectors import NOTHING, Requirement, Selector


class Value(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, gc=False):
    """A part of an object, with the fields that something here acts on (`api_types` has all).

    Field names are the API's, written in Python's way.
    """


class OwnerReference(Value, frozen=True):
    """The object that this one lives and dies with."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool = False
    block_owner_deletion: bool = False


class ObjectMeta(Value, frozen=True):
    """Name, identity, labels and the marks of an object's life."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None
    finalizers: list[str] | None = None

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that manages this object, if it has one."""
        for owner in self.owner_references or ():
            if owner.controller:
                return owner
        return None


class LabelSelectorRequirement(Value, frozen=True):
    """One of a selector's `matchExpressions`."""

    key: str
    operator: str
    values: list[str] | None = None


class LabelSelector(Value, frozen=True):
    """`matchLabels` and `matchExpressions`, all of which must hold."""

    match_labels: dict[str, str] | None = None
    match_expressions: list[LabelSelectorRequirement] | None = None

    def selector(self) -> Selector:
        """The same as a `Selector`; an empty one selects everything."""
        same = [Requirement(k, "In", (v,)) for k, v in sorted((self.match_labels or {}).items())]
        said = [
            Requirement(e.key, e.operator, tuple(e.values or ()), set_based=True)
            for e in self.match_expressions or ()
        ]
        return Selector(tuple(sorted(same + said, key=lambda each: each.key)))


def go_text(written: LabelSelector | None) -> str:
    """A selector as messages show it: as Go's generated code writes one.

    >>> go_text(LabelSelector(match_labels={"app": "web"}))
    '&LabelSelector{MatchLabels:map[string]string{app: web,},MatchExpressions:\
[]LabelSelectorRequirement{},}'
    """
    if written is None:
        return "nil"
    labels = "".join(f"{k}: {v}," for k, v in sorted((written.match_labels or {}).items()))
    expressions = "".join(
        "LabelSelectorRequirement{"
        f"Key:{each.key},Operator:{each.operator},Values:[{' '.join(each.values or ())}],}},"
        for each in written.match_expressions or ()
    )
    parts = f"MatchLabels:map[string]string{{{labels}}},MatchExpressions:"
    return f"&LabelSelector{{{parts}[]LabelSelectorRequirement{{{expressions}}},}}"


def selector_of(written: LabelSelector | None) -> Selector:
    """A selector that may be missing: none selects nothing."""
    return NOTHING if written is None else written.selector()


class ObjectReference(Value, frozen=True):
    """Another object, by kind and name."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    field_path: str = ""


class Condition(Value, frozen=True):
    """A statement about an object, true, false or unknown, since when and why."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: str | None = None
    last_update_time: str | None = None  # Deployments only
    observed_generation: int | None = None  # of the spec that it is about


class Object(Value, frozen=True):
    """A Kubernetes object: what it is called; subclasses add what is wanted and what is."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)

    @property
    def name(self) -> str:
        """The object's name, unique in its kind and namespace."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """The namespace it lives in; empty for objects of the whole cluster."""
        return self.metadata.namespace

    @property
    def uid(self) -> str:
        """Its identity: a second object of the same name has another."""
        return self.metadata.uid

    @property
    def labels(self) -> dict[str, str]:
        """Its labels; an empty map where there are none."""
        return self.metadata.labels or {}

    @property
    def annotations(self) -> dict[str, str]:
        """Its annotations; an empty map where there are none."""
        return self.metadata.annotations or {}

    @property
    def terminating(self) -> bool:
        """Whether its deletion has begun."""
        return self.metadata.deletion_timestamp is not None

    @property
    def reference(self) -> str:
        """Kind and name, as `kubectl` writes them in messages: `Pod web-0`."""
        return f"{self.kind} {self.name}"


# The type of the objects that a request returns: that of the kind it names by its type, and Any
# where it names the kind by a string.
if TYPE_CHECKING:
    from typing_extensions import TypeVar

    ObjectT = TypeVar("ObjectT", bound=Object, default=Any)
else:
    from typing import TypeVar

    ObjectT = TypeVar("ObjectT", bound=Object)


def owner_reference(owner: Object) -> dict[str, Any]:
    """The controlling owner reference that a child of this object carries."""
    return {
        "apiVersion": owner.api_version,
        "kind": owner.kind,
        "name": owner.name,
        "uid": owner.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }


def condition(conditions: list[Condition] | None, kind: str) -> Condition | None:
    """The condition of one type, if it was ever stated."""
    for stated in conditions or ():
        if stated.type == kind:
            return stated
    return None


def is_true(conditions: list[Condition] | None, kind: str) -> bool:
    """Whether a condition is stated and true."""
    found = condition(conditions, kind)
    return found is not None and found.status == "True"


def set_condition(
    conditions: list[Condition] | None,
    kind: str,
    status: str,
    now: str,
    reason: str = "",
    message: str = "",
) -> list[dict[str, Any]]:
    """The `conditions` as documents; that of a `kind` has this `status`, `reason` and `message`.

    `lastTransitionTime` moves to `now` only when the status changes.
    """
    before = condition(conditions, kind)
    since = before.last_transition_time if before and before.status == status else now
    stated = {"type": kind, "status": status, "lastTransitionTime": since}
    if reason:
        stated["reason"] = reason
    if message:
        stated["message"] = message
    result = [stated if c.type == kind else msgspec.to_builtins(c) for c in conditions or ()]
    return result if before else [*result, stated]
