"""Roles and bindings, kept and checked, but not enforced (`rbac.authorization.k8s.io/v1`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from course_lib.objects.field_errors import Errors, invalid, not_supported, required
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import LabelSelector, Object, Value
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import (
    all_invalid,
    label_selector,
    object_meta,
    object_meta_update,
    segment_name,
    unchanged,
)


class PolicyRule(Value, frozen=True):
    """Verbs on resources."""

    verbs: list[str]
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None
    non_resource_urls: list[str] | None = msgspec.field(default=None, name="nonResourceURLs")


class Role(Object, frozen=True, kw_only=True):
    """Rights within a namespace."""

    rules: list[PolicyRule] | None = None


class AggregationRule(Value, frozen=True):
    """Which other roles a role gathers."""

    cluster_role_selectors: list[LabelSelector] | None = None


class ClusterRole(Role, frozen=True, kw_only=True):
    """Rights in the whole cluster."""

    aggregation_rule: AggregationRule | None = None


class Subject(Value, frozen=True):
    """A user, a group or a service account."""

    kind: str
    name: str
    namespace: str = ""
    api_group: str = ""


class RoleRef(Value, frozen=True):
    """The role that is given."""

    kind: str
    name: str
    api_group: str = ""


class RoleBinding(Object, frozen=True, kw_only=True):
    """A role given to somebody, in one namespace."""

    role_ref: RoleRef
    subjects: list[Subject] | None = None


class ClusterRoleBinding(RoleBinding, frozen=True, kw_only=True):
    """A role given to somebody, in the whole cluster."""


API_GROUP = "rbac.authorization.k8s.io"
GROUP = f"{API_GROUP}/v1"
NO_SELECTORS = "at least one clusterRoleSelector required if aggregationRule is non-nil"
NOT_NAMESPACED = "namespaced rules cannot apply to non-resource URLs"
NOT_BOTH = "rules cannot apply to both regular resources and non-resource URLs"


def _role(namespaced: bool) -> Callable[[Document], Errors]:
    def validate(document: Document) -> Errors:
        """Source: `ValidateRole` and `ValidateClusterRole` in `pkg/apis/rbac/validation`."""
        yield from object_meta(document, segment_name, namespaced)
        rules = document.get("rules") or []
        for position, rule in enumerate(rules):
            yield from _rule(rule, f"rules[{position}]", namespaced)
        if (aggregation := document.get("aggregationRule")) is not None:
            yield from _aggregation(aggregation.get("clusterRoleSelectors") or ())
        for position, rule in enumerate(rules):
            if not rule.get("verbs"):
                yield required(f"rules[{position}].verbs")

    return validate


def _aggregation(selectors: Sequence[Document]) -> Errors:
    path = "aggregationRule.clusterRoleSelectors"
    if not selectors:
        yield required(path, NO_SELECTORS)
    for position, selector in enumerate(selectors):
        errors = list(label_selector(selector, f"{path}[{position}]"))
        yield from errors
        if errors:
            yield invalid(f"{path}[{position}]", None, "invalid label selector.")


def _rule(rule: Document, path: str, namespaced: bool) -> Errors:
    """Verbs on resources of API groups, or on paths of the whole cluster (`ValidatePolicyRule`).

    That it has verbs is asked last, with the other declared rules.
    """
    if urls := rule.get("nonResourceURLs"):
        if namespaced:
            yield invalid(f"{path}.nonResourceURLs", urls, NOT_NAMESPACED)
        if any(rule.get(field) for field in ("apiGroups", "resources", "resourceNames")):
            yield invalid(f"{path}.nonResourceURLs", urls, NOT_BOTH)
        return
    for field, singular in (("apiGroups", "api group"), ("resources", "resource")):
        if not rule.get(field):
            yield required(f"{path}.{field}", f"resource rules must supply at least one {singular}")


def _binding(*roles: str) -> Callable[[Document], Errors]:
    """How bindings are judged that may give these kinds of roles."""
    namespaced = "Role" in roles

    def validate(document: Document) -> Errors:
        """Source: `ValidateRoleBinding`, `ValidateClusterRoleBinding`; names are asked for last."""
        yield from object_meta(document, segment_name, namespaced)
        role, subjects = document.get("roleRef") or {}, document.get("subjects") or []
        group, kind, name = (role.get(field, "") for field in ("apiGroup", "kind", "name"))
        if group != API_GROUP:
            yield not_supported("roleRef.apiGroup", group, (API_GROUP,))
        if kind not in roles:
            yield not_supported("roleRef.kind", kind, roles)
        yield from all_invalid("roleRef.name", name, formats.path_segment(name) if name else ())
        for position, subject in enumerate(subjects):
            yield from _subject(subject, f"subjects[{position}]", namespaced)
        for position, subject in enumerate(subjects):
            if not subject.get("name"):
                yield required(f"subjects[{position}].name")
        if not name:
            yield required("roleRef.name")

    return validate


def _subject(subject: Document, path: str, namespaced: bool) -> Errors:
    """Who gets a role (`ValidateRoleBindingSubject`)."""
    kind, name, group = (subject.get(field, "") for field in ("kind", "name", "apiGroup"))
    if kind == "ServiceAccount":
        yield from all_invalid(f"{path}.name", name, formats.subdomain(name) if name else ())
        if group:
            yield not_supported(f"{path}.apiGroup", group, ("",))
        if not namespaced and not subject.get("namespace"):
            yield required(f"{path}.namespace")
    elif kind not in ("User", "Group"):
        yield not_supported(f"{path}.kind", kind, ("ServiceAccount", "User", "Group"))
    elif group != API_GROUP:
        yield not_supported(f"{path}.apiGroup", group, (API_GROUP,))


def _updated(validate: Callable[[Document], Errors]) -> Callable[[Document, Document], Errors]:
    def validate_update(new: Document, old: Document) -> Errors:
        """Source: `ValidateRoleUpdate` and its like: the metadata is held against the old last."""
        yield from validate(new)
        yield from object_meta_update(new, old)
        roles = [
            {
                name: (each.get("roleRef") or {}).get(field, "")
                for name, field in (("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name"))
            }
            for each in (new, old)
        ]
        yield from unchanged("roleRef", *roles)

    return validate_update


def _complete(document: Document) -> None:
    """Source: `pkg/apis/rbac/v1/defaults.go`."""
    for reference in places(document, "roleRef"):
        if not reference.get("apiGroup"):
            reference["apiGroup"] = API_GROUP
    for subject in places(document, "subjects[*]"):
        if subject.get("kind") in ("User", "Group") and not subject.get("apiGroup"):
            subject["apiGroup"] = API_GROUP


def _row(binding: RoleBinding, now: float) -> Row:
    subjects = binding.subjects or ()
    accounts = (f"{s.namespace}/{s.name}" for s in subjects if s.kind == "ServiceAccount")
    return (
        binding.name,
        f"{binding.role_ref.kind}/{binding.role_ref.name}",
        ", ".join(s.name for s in subjects if s.kind == "User"),
        ", ".join(s.name for s in subjects if s.kind == "Group"),
        ", ".join(accounts),
    )


BINDING = table_columns("Name  Role  Age  +Users  +Groups  +ServiceAccounts")
ROLE = Kind(
    GROUP,
    Role,
    not_simulated=("rules",),
    validate=_role(namespaced=True),
    validate_update=_updated(_role(namespaced=True)),
)
ROLE_BINDING = Kind(
    GROUP,
    RoleBinding,
    not_simulated=("roleRef", "subjects"),
    complete=_complete,
    validate=_binding("Role", "ClusterRole"),
    validate_update=_updated(_binding("Role", "ClusterRole")),
    columns=BINDING,
    row=_row,
)
CLUSTER_ROLE = Kind(
    GROUP,
    ClusterRole,
    namespaced=False,
    not_simulated=("rules", "aggregationRule"),
    validate=_role(namespaced=False),
    validate_update=_updated(_role(namespaced=False)),
)
CLUSTER_ROLE_BINDING = Kind(
    GROUP,
    ClusterRoleBinding,
    namespaced=False,
    not_simulated=("roleRef", "subjects"),
    complete=_complete,
    validate=_binding("ClusterRole"),
    validate_update=_updated(_binding("ClusterRole")),
    columns=BINDING,
    row=_row,
)
