"""`kubectl explain`: the fields of a kind, from the schemas that the server publishes.

Source: kubectl `pkg/cmd/explain/explain.go`, `pkg/explain` (`explain.go`, `v2`).
"""

from __future__ import annotations

from course_lib.kubectl.command import Command
from course_lib.kubectl.commands.explain.rendering import Explanation
from course_lib.kubectl.failures import CommandError, Plain
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.printers.jsonpath_syntax import (
    JSONPathProblem,
    PathField,
    PathList,
    parse,
)
from course_lib.kubectl.resources import Resource
from course_lib.objects.manifests import Document

NO_TYPE = (
    'You must specify the type of resource to explain. Use "kubectl api-resources" for a '
    "complete list of supported resources.\n"
)
METHODS = ("get", "post", "put", "patch", "delete")


def run(call: Invocation) -> None:
    """Print what a kind, or a field of it, consists of; raises `CommandError`."""
    flags, depth = call.flags, call.flags.number("max-depth")
    if not call.args:
        raise CommandError(NO_TYPE)
    if len(call.args) > 1:
        raise CommandError("We accept only this format: explain RESOURCE\n")
    if depth > 0 and not flags.on("recursive"):
        raise CommandError("--max-depth requires --recursive")
    if depth < 0:
        raise CommandError("--max-depth must be non-negative")
    output = flags.text("output")
    resource, path = _asked(call, call.args[0], bool(flags.text("api-version")))
    if output == "plaintext-openapiv2":
        raise CommandError(f"--output={output} of kubectl explain is not simulated in this course")
    version = flags.text("api-version") or resource.api_version
    document = _document(call, version, resource)
    if output != "plaintext":
        raise CommandError(f"unrecognized format: {output}")
    kind = _kind(document, version, resource)
    _print_head(call, kind)
    explanation = Explanation(document, flags.on("recursive"), depth)
    text = explanation.of_kind(kind, path)
    if not text:
        raise CommandError(f'field "{path[-1]}" does not exist')
    call.out(text + "\n")


def _asked(call: Invocation, text: str, alone: bool) -> tuple[Resource, list[str]]:
    """The resource that a path begins with, and the fields that follow.

    Its group may stand after it, unless the version is asked for by `--api-version` (`alone`).
    """
    names = _fields(text)
    group = "" if alone else _group(call, text, names[0])
    try:
        resource = call.resources.named(f"{names[0]}.{group}" if group else names[0])
    except CommandError as problem:
        raise Plain(problem.message) from None
    return resource, names[1 + len(group.split(".")) if group else 1 :]


def _group(call: Invocation, text: str, word: str) -> str:
    """The group that stands after a plural name; the first resource that fits counts."""
    for each in call.resources.preferred:
        if each.plural == word and text.startswith(each.full_name):
            return each.group
    return ""


def _fields(text: str) -> list[str]:
    try:
        [steps] = parse(f"{{.{text.removesuffix('.')}}}")
    except JSONPathProblem as problem:
        raise CommandError(str(problem)) from None
    assert isinstance(steps, PathList)
    names = [each.name for each in steps.steps if isinstance(each, PathField)]
    if len(names) < len(steps.steps):
        raise CommandError("invalid jsonpath syntax, first node must be field node")
    return names


def _document(call: Invocation, version: str, resource: Resource) -> Document:
    """The OpenAPI document of a version; raises `CommandError` where there is none."""
    path = f"apis/{version}" if "/" in version else f"api/{version}"
    paths = call.server.get("/openapi/v3").get("paths") or {}
    if path not in paths:
        raise CommandError(f'couldn\'t find resource for "{_name(version, resource)}"')
    return call.server.get(paths[path]["serverRelativeURL"].partition("?")[0])


def _name(version: str, resource: Resource) -> str:
    """A resource as messages name it (`GroupVersionResource.String`)."""
    whole = version if "/" in version else f"/{version}"
    return f"{whole}, Resource={resource.plural}"


def _kind(document: Document, version: str, resource: Resource) -> dict[str, str]:
    """The kind of a resource, from the operations on its paths; raises `CommandError`."""
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    for scope in (root, f"{root}/namespaces/{{namespace}}"):
        for end in ("", "/{name}"):
            operations = document.get("paths", {}).get(f"{scope}/{resource.plural}{end}") or {}
            for method in METHODS:
                kind = (operations.get(method) or {}).get("x-kubernetes-group-version-kind")
                if kind:
                    found: dict[str, str] = kind
                    return found
    raise CommandError(f"GVR ({_name(version, resource)}) not found in OpenAPI schema")


def _print_head(call: Invocation, kind: dict[str, str]) -> None:
    if kind.get("group"):
        call.out(f"GROUP:      {kind['group']}\n")
    call.out(f"KIND:       {kind['kind']}\nVERSION:    {kind['version']}\n\n")


COMMANDS = {"explain": Command(run, frozenset({"api-version", "max-depth", "output", "recursive"}))}
