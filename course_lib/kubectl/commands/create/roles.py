"""`kubectl create role` and `clusterrole`.

Source: kubectl `pkg/cmd/create/create_role.go`, `create_clusterrole.go`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from course_lib.kubectl.commands.create.making import check_name, headed, namespaced
from course_lib.kubectl.failures import CommandError, Plain
from course_lib.kubectl.invocation import Invocation
from course_lib.objects.manifests import Document

RBAC = "rbac.authorization.k8s.io"
VERBS = (
    "*", "get", "delete", "list", "create", "update", "patch", "watch", "proxy",
    "deletecollection", "use", "bind", "escalate", "impersonate",
)  # fmt: skip
URL_VERBS = ("*", "get", "post", "put", "delete", "patch", "head", "options")
_ROLES = ((RBAC, "roles"), (RBAC, "clusterroles"))
SPECIAL = {
    "use": (("policy", "podsecuritypolicies"), ("extensions", "podsecuritypolicies")),
    "bind": _ROLES,
    "escalate": _ROLES,
    "impersonate": (
        ("", "users"), ("", "serviceaccounts"), ("", "groups"),
        ("authentication.k8s.io", "userextras"),
    ),
}  # fmt: skip


class RuleResource(msgspec.Struct, frozen=True):
    """A resource that a rule names: `name`, with a `group` and a `part` where they are said."""

    name: str
    group: str
    part: str


def role(call: Invocation, name: str) -> Document:
    """A Role with one rule for each group of the API; raises `CommandError`."""
    verbs, resources = _verbs(call), _resources(call)
    check_name(name)
    if not verbs:
        raise CommandError("at least one verb must be specified")
    _warn_of_verbs(call, verbs)
    if not resources:
        raise CommandError("at least one resource must be specified")
    _check(call, verbs, resources)
    made = namespaced(call, f"{RBAC}/v1", "Role", name)
    return made | {"rules": _rules(call, verbs, resources)}


def cluster_role(call: Invocation, name: str) -> Document:
    """A ClusterRole with rules, or one that is put together of others; raises `CommandError`."""
    flags = call.flags
    verbs, resources = _verbs(call), _resources(call)
    urls = list(dict.fromkeys(flags.texts("non-resource-url")))
    check_name(name)
    made = headed(f"{RBAC}/v1", "ClusterRole", name)
    if labels := flags.pairs("aggregation-rule"):
        if urls or verbs or resources or flags.texts("resource-name"):
            raise CommandError(
                "aggregation rule must be specified without nonResourceURLs, verbs, resources or "
                "resourceNames"
            )
        rule = {"clusterRoleSelectors": [{"matchLabels": labels}]}
        return made | {"aggregationRule": rule}
    if not verbs:
        raise CommandError("at least one verb must be specified")
    if not resources and not urls:
        raise CommandError("one of resource or nonResourceURL must be specified")
    if resources:
        _warn_of_verbs(call, verbs)
        _check(call, verbs, resources)
    if urls:
        _check_urls(verbs, urls)
    rules = _rules(call, verbs, resources)
    if urls:
        rules.append({"verbs": verbs, "nonResourceURLs": urls})
    return made | {"rules": rules}


def _verbs(call: Invocation) -> list[str]:
    verbs = list(dict.fromkeys(call.flags.texts("verb")))
    return ["*"] if "*" in verbs else verbs


def _resources(call: Invocation) -> list[RuleResource]:
    found: list[RuleResource] = []
    for word in call.flags.texts("resource"):
        full, slash, part = word.partition("/")
        name, dot, group = full.partition(".")
        resource = RuleResource(name, group, part)
        if name == "*" and not dot and not slash:
            return [resource]
        found.append(resource)
    return found


def _warn_of_verbs(call: Invocation, verbs: Iterable[str]) -> None:
    for verb in verbs:
        if verb not in VERBS:
            call.error(f"Warning: '{verb}' is not a standard resource verb\n")


def _check(call: Invocation, verbs: list[str], resources: list[RuleResource]) -> None:
    for each in resources:
        if not each.name:
            said = "resource must be specified if apiGroup/subresource specified"
            raise CommandError(said)
        if each.name == "*":
            return
        group, name, problem = _mapped(call, each)
        for verb in verbs:
            if verb not in SPECIAL:
                continue
            if (group, name) not in SPECIAL[verb]:
                said = f"can not perform '{verb}' on '{name}' in group '{group}'"
                raise CommandError(said)
            problem = None
        if problem is not None:
            raise problem


def _mapped(call: Invocation, each: RuleResource) -> tuple[str, str, CommandError | None]:
    """Group and plural name of a resource, and why the server does not know it."""
    word = f"{each.name}.{each.group}" if each.group else each.name
    try:
        found = call.resources.named(word)
    except CommandError as missing:
        return each.group, each.name, Plain(missing.message)
    return found.group, found.plural, None


def _check_urls(verbs: list[str], urls: list[str]) -> None:
    for verb in verbs:
        if verb not in URL_VERBS:
            raise CommandError(f"invalid verb: '{verb}' for nonResourceURL")
    for url in urls:
        if url == "*":
            continue
        if not url.startswith("/"):
            raise CommandError("nonResourceURL should start with /")
        if "*" in url[:-1]:
            said = "nonResourceURL only supports wildcard matches when '*' is at the end"
            raise CommandError(said)


def _rules(call: Invocation, verbs: list[str], resources: list[RuleResource]) -> list[Document]:
    """A rule for each group of the API (`generateResourcePolicyRules`)."""
    by_group: dict[str, list[str]] = {}
    for each in resources:
        group, name, _ = _mapped(call, each)
        full = f"{name}/{each.part}" if each.part else name
        names = by_group.setdefault(group, [])
        if full not in names:
            names.append(full)
    only = list(dict.fromkeys(call.flags.texts("resource-name")))
    named = {"resourceNames": only} if only else {}
    return [
        {"verbs": verbs, "apiGroups": [group], "resources": by_group[group]} | named
        for group in sorted(by_group)
    ]
