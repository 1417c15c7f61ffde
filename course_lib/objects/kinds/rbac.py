"""Roles and bindings, kept and checked, but not enforced (`rbac.authorization.k8s.io/v1`)."""

from __future__ import annotations

from typing import Any

import msgspec

from course_lib.objects.field_rules import Check, matching, needs, one_of, selector, subdomain
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import LabelSelector, Object, Value
from course_lib.objects.names import path_segment_name


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


def _rule(value: Any, namespaced: bool) -> str:
    """A _rule of a role: verbs on resources of API groups, or on paths of the whole cluster."""
    if not isinstance(value, dict):
        return "a mapping"
    if not value.get("verbs"):
        return "verbs: Required value: verbs must contain at least one value"
    if value.get("nonResourceURLs"):
        if namespaced:
            return "nonResourceURLs: namespaced rules cannot apply to non-resource URLs"
        both = value.get("apiGroups") or value.get("resources") or value.get("resourceNames")
        return "rules cannot apply to both regular resources and non-resource URLs" if both else ""
    for field, singular in (("apiGroups", "api group"), ("resources", "resource")):
        if not value.get(field):
            return f"{field}: Required value: resource rules must supply at least one {singular}"
    return ""


def _subject(value: object, namespaced: bool) -> str:
    """Who gets a role (`ValidateRoleBindingSubject`)."""
    if (problem := needs("kind", "name")(value)) or not isinstance(value, dict):
        return problem
    group = value.get("apiGroup", "")
    if value["kind"] in ("User", "Group"):
        return "" if group == API_GROUP else f"apiGroup: supported values: {API_GROUP}"
    if value["kind"] != "ServiceAccount":
        return "kind: supported values: ServiceAccount, User, Group"
    if group:
        return 'apiGroup: supported values: ""'
    if not namespaced and not value.get("namespace"):
        return "namespace: Required value"
    return subdomain(value["name"]) and f"name: {subdomain(value['name'])}"


def _binding(*roles: str) -> dict[str, Check]:
    """The rules of a binding, which may give these kinds of roles."""
    return {
        "roleRef": needs("kind", "name"),
        "roleRef.kind": one_of(*roles),
        "roleRef.apiGroup": one_of(API_GROUP),
        "roleRef.name": matching(
            lambda name: name not in (".", "..") and not {"/", "%"} & set(name), "a path segment"
        ),
        "subjects[*]": lambda v: _subject(v, namespaced="Role" in roles),
    }


def _complete(document: Document) -> None:
    """Source: `pkg/apis/rbac/v1/defaults.go`."""
    for reference in places(document, "roleRef", create=False):
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
    name_rule=path_segment_name,
    fields={"rules[*]": lambda v: _rule(v, namespaced=True)},
)
ROLE_BINDING = Kind(
    GROUP,
    RoleBinding,
    not_simulated=("roleRef",),
    name_rule=path_segment_name,
    complete=_complete,
    fields=_binding("Role", "ClusterRole"),
    fixed=("roleRef",),
    columns=BINDING,
    row=_row,
)
CLUSTER_ROLE = Kind(
    GROUP,
    ClusterRole,
    namespaced=False,
    not_simulated=("rules", "aggregationRule"),
    name_rule=path_segment_name,
    fields={
        "rules[*]": lambda v: _rule(v, namespaced=False),
        "aggregationRule": needs("clusterRoleSelectors"),
        **selector("aggregationRule.clusterRoleSelectors[*]"),
    },
)
CLUSTER_ROLE_BINDING = Kind(
    GROUP,
    ClusterRoleBinding,
    namespaced=False,
    not_simulated=("roleRef",),
    name_rule=path_segment_name,
    complete=_complete,
    fields=_binding("ClusterRole"),
    fixed=("roleRef",),
    columns=BINDING,
    row=_row,
)
