"""Roles, and who has them: Role, ClusterRole, RoleBinding, ClusterRoleBinding.

Source: `RoleDescriber`, `RoleBindingDescriber` in `pkg/describe/describe.go`, `BreakdownRule` and
`CompactRules` in `pkg/util/rbac/rbac.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import msgspec

from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.values import go_list
from course_lib.kubectl.describing.writing import Lines, field, table, titled
from course_lib.objects.manifests import Document

RULES = "Resources\tNon-Resource URLs\tResource Names\tVerbs"
SUBJECTS = "Kind\tName\tNamespace"


class RoleRule(msgspec.Struct, frozen=True):
    """What may be done with one resource, with one object, or below one URL."""

    verbs: tuple[str, ...]
    group: str | None = None
    resource: str | None = None
    name: str | None = None
    url: str | None = None

    @property
    def order(self) -> str:
        """What rules are ordered by: the rule as Go's generated code writes it."""
        parts = {
            "Verbs": self.verbs,
            "APIGroups": _given(self.group),
            "Resources": _given(self.resource),
            "ResourceNames": _given(self.name),
            "NonResourceURLs": _given(self.url),
        }
        return "".join(f"{title}:{go_list(texts)}," for title, texts in parts.items())

    @property
    def full_resource(self) -> str:
        """The resource with its group: `deployments.apps/scale`."""
        plural, slash, part = (self.resource or "").partition("/")
        return f"{plural}{'.' + self.group if self.group else ''}{slash}{part}"


def lines(role: DescribedObject) -> Lines:
    """A role with its rules, one for each resource; it has no events."""
    yield field("Name", role.name)
    yield from role.marks()
    rows = map(_row, compact(role.document.get("rules") or ()))
    yield from titled("PolicyRule", table(RULES, rows))


def lines_of_binding(binding: DescribedObject) -> Lines:
    """Who has which role; it has no events."""
    role = binding.document.get("roleRef") or {}
    yield field("Name", binding.name)
    yield from binding.marks()
    yield from titled("Role", [field("Kind", role.get("kind")), field("Name", role.get("name"))])
    subjects = binding.document.get("subjects") or ()
    names = ("kind", "name", "namespace")
    rows = ([each.get(name, "") for name in names] for each in subjects)
    yield from titled("Subjects", table(SUBJECTS, rows))


def compact(rules: Sequence[Document]) -> list[RoleRule]:
    """Rules as they are shown: the verbs of one resource, or of one object, together.

    >>> compact([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}])
    [RoleRule(verbs=('get', 'list'), group='', resource='pods', name=None, url=None)]
    """
    found: list[RoleRule] = []
    together: dict[RoleRule, list[str]] = {}
    for rule in (each for document in rules for each in _single(document)):
        if rule.url is not None:
            found.append(rule)
            continue
        verbs = together.setdefault(msgspec.structs.replace(rule, verbs=()), [])
        verbs += [verb for verb in rule.verbs if verb not in verbs]
    found += [msgspec.structs.replace(rule, verbs=tuple(v)) for rule, v in together.items()]
    return sorted(found, key=lambda rule: rule.order)


def _row(rule: RoleRule) -> tuple[str, ...]:
    lists = (_given(rule.url), _given(rule.name), rule.verbs)
    return (rule.full_resource, *map(go_list, lists))


def _single(rule: Document) -> Iterator[RoleRule]:
    """The same with one verb, one resource and one name each."""
    verbs, names = rule.get("verbs") or (), rule.get("resourceNames") or (None,)
    groups, resources = rule.get("apiGroups") or (), rule.get("resources") or ()
    for group, resource, verb, name in product(groups, resources, verbs, names):
        yield RoleRule((verb,), group, resource, name)
    for url, verb in product(rule.get("nonResourceURLs") or (), verbs):
        yield RoleRule((verb,), url=url)


def _given(text: str | None) -> tuple[str, ...]:
    return () if text is None else (text,)
