"""`kubectl auth`: who one is, and what one may do.

Roles are kept and not enforced on the simulated API server, so everything is allowed there.
Source: kubectl `pkg/cmd/auth` (`cani.go`, `whoami.go`); `pkg/util/rbac/rbac.go`.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from course_lib.command_line.go_text import value_text
from course_lib.kubectl.command import Command
from course_lib.kubectl.failures import CommandError, RefusedRequest, Silent
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.printers.choice import printer_of
from course_lib.kubectl.printers.tabwriter import TabWriter
from course_lib.kubectl.resources import Resource
from course_lib.kubectl.server import Path
from course_lib.kubectl.typed import StructDocument
from course_lib.objects.manifests import Document

AUTHORIZATION, AUTHENTICATION = "authorization.k8s.io/v1", "authentication.k8s.io/v1"
RESOURCE_VERBS = frozenset(
    {
        "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "use",
        "bind", "impersonate", "*", "approve", "sign", "escalate", "attest",
    }
)  # fmt: skip
PATH_VERBS = frozenset({"get", "put", "post", "head", "options", "delete", "patch", "*"})
TWO = (
    "you must specify two arguments: verb resource or verb resource/resourceName.\n"
    "See 'kubectl auth can-i -h' for help and examples."
)
NOT_WITH_LIST = (
    "list option can't be specified with neither quiet, all-namespaces nor subresource options"
)


def can_i(call: Invocation) -> None:
    """Ask whether an action is allowed: the exit code says it, too; raises `CommandError`."""
    flags = call.flags
    if flags.on("list"):
        _list(call)
        return
    if len(call.args) != 2:
        raise CommandError(TWO)
    attributes = _attributes(call)
    if flags.on("no-headers"):
        raise CommandError("--no-headers cannot be set without --list specified")
    answer = _review(call, AUTHORIZATION, "SelfSubjectAccessReview", attributes)
    status = answer.get("status") or {}
    allowed = bool(status.get("allowed"))
    why = [status[key] for key in ("reason", "evaluationError") if status.get(key)]
    if not flags.on("quiet"):
        call.out("yes\n" if allowed else " - ".join(["no", *why]) + "\n")
    if not allowed:
        raise Silent


def _attributes(call: Invocation) -> Document:
    """What is asked about, with warnings of what makes little sense."""
    verb, subject = call.args
    part = call.flags.text("subresource")
    if subject.startswith("/"):
        if part:
            raise CommandError("--subresource can not be used with NonResourceURL")
        if verb not in PATH_VERBS:
            _warn(call, f"verb '{verb}' is not a known verb")
        return {"nonResourceAttributes": {"path": subject, "verb": verb}}
    word, _, name = subject.partition("/")
    resource = _resource(call, word)
    everywhere = call.flags.on("all-namespaces")
    if not everywhere:
        if resource is not None and not resource.namespaced:
            group = f" in group '{resource.group}'" if resource.group else ""
            _warn(call, f"resource '{resource.plural}' is not namespace scoped{group}")
        if verb not in RESOURCE_VERBS:
            _warn(call, f"verb '{verb}' is not a known verb")
    asked = {
        "namespace": "" if everywhere else call.namespace,
        "verb": verb,
        "group": resource.group if resource else "",
        "resource": resource.plural if resource else word,
        "subresource": part,
        "name": name,
    }
    return {"resourceAttributes": {key: text for key, text in asked.items() if text}}


def _resource(call: Invocation, word: str) -> Resource | None:
    if word == "*":
        return None
    try:
        return call.resources.named(word.lower())
    except CommandError:
        name, _, group = word.lower().partition(".")
        if word.lower() not in ("users", "groups"):
            where = f" in group '{group}'" if group else ""
            _warn(call, f"the server doesn't have a resource type '{name}'{where}")
        return None


def _warn(call: Invocation, text: str) -> None:
    call.error(f"Warning: {text}\n\n")


def _review(call: Invocation, version: str, kind: str, spec: Document) -> Document:
    body = {"kind": kind, "apiVersion": version, "metadata": {}, "spec": spec}
    return call.server.send("POST", Path(version, f"{kind.lower()}s"), None, body)


def _list(call: Invocation) -> None:
    """Print all that is allowed in a namespace."""
    flags = call.flags
    if call.args:
        raise CommandError("list option must be specified with no arguments")
    if flags.on("quiet") or flags.on("all-namespaces") or flags.text("subresource"):
        raise CommandError(NOT_WITH_LIST)
    spec = {"namespace": call.namespace}
    status = _review(call, AUTHORIZATION, "SelfSubjectRulesReview", spec).get("status") or {}
    if status.get("incomplete"):
        said = f"the list may be incomplete: {status.get('evaluationError', '')}"
        call.error(f"Warning: {said}\n")
    writer = TabWriter(call.out)
    if not flags.on("no-headers"):
        writer.write("Resources\tNon-Resource URLs\tResource Names\tVerbs\n")
    for rule in _rules(status):
        writer.write("\t".join(rule) + "\n")
    writer.flush()


def _rules(status: Document) -> list[list[str]]:
    """The rules, each for one resource or path, with all of its verbs."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for rule in status.get("resourceRules") or ():
        names: list[str] = rule.get("resourceNames") or [""]
        each = product(rule.get("apiGroups") or [""], rule.get("resources") or [""], names)
        for group, resource, name in each:
            whole = f"{resource}.{group}" if group else resource
            _add(found, (whole, "", name), rule["verbs"])
    for rule in status.get("nonResourceRules") or ():
        for path in rule.get("nonResourceURLs") or ():
            _add(found, ("", path, ""), rule["verbs"])
    return [
        [resource, f"[{path}]", f"[{name}]", f"[{' '.join(verbs)}]"]
        for (resource, path, name), verbs in found.items()
    ]


def _add(
    found: dict[tuple[str, str, str], list[str]], key: tuple[str, str, str], verbs: Any
) -> None:
    known = found.setdefault(key, [])
    known += [verb for verb in verbs if verb not in known]


def whoami(call: Invocation) -> None:
    """Print who one is to the server; raises `CommandError`."""
    flags = call.flags
    try:
        answer = _review(call, AUTHENTICATION, "SelfSubjectReview", {})
    except RefusedRequest as refusal:
        if refusal.reason == "NotFound":
            said = "the selfsubjectreviews API is not enabled in the cluster"
            raise CommandError(said) from None
        if refusal.reason == "Forbidden":
            raise CommandError(
                "the selfsubjectreviews API is not enabled in the cluster or you do not have "
                "permission to call it"
            ) from None
        raise
    if "output" in flags.given:
        head = {"kind": "SelfSubjectReview", "apiVersion": AUTHENTICATION}
        meta = {"metadata": answer.get("metadata") or {}, "status": answer["status"]}
        printer_of(
            flags.text("output"),
            template=flags.text("template"),
            managed_fields=flags.on("show-managed-fields"),
            missing_keys=flags.on("allow-missing-template-keys"),
        ).print(StructDocument(head | meta), call.out)
        return
    _print_user(call, (answer.get("status") or {}).get("userInfo") or {})


def _print_user(call: Invocation, user: Document) -> None:
    writer = TabWriter(call.out)
    writer.write("ATTRIBUTE\tVALUE\n")
    for title, key in (("Username", "username"), ("UID", "uid"), ("Groups", "groups")):
        if user.get(key):
            writer.write(f"{title}\t{value_text(user[key])}\n")
    for key, values in sorted((user.get("extra") or {}).items()):
        writer.write(f"Extra: {key}\t{value_text(values)}\n")
    writer.flush()


COMMANDS = {
    "auth can-i": Command(
        can_i,
        frozenset({"all-namespaces", "list", "no-headers", "quiet", "subresource"}),
    ),
    "auth whoami": Command(
        whoami,
        frozenset({"allow-missing-template-keys", "output", "show-managed-fields", "template"}),
    ),
}
