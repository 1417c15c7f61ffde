"""`kubectl set env`: environment variables of containers.

Source: kubectl `pkg/cmd/set/set_env.go`.
"""

from __future__ import annotations

import re

from course_lib.kubectl.changes import ChangePrinter
from course_lib.kubectl.commands.set.env_listing import list_variables
from course_lib.kubectl.commands.set.env_words import Variables, parse, split
from course_lib.kubectl.commands.set.updating import (
    ALL_AND_SELECTOR,
    LOCAL_AND_SERVER,
    Update,
    is_local,
    select,
)
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError, raise_all
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.pod_specs import containers_of, pod_spec
from course_lib.objects.manifests import Document

_SOURCES = {"Secret": "secretKeyRef", "ConfigMap": "configMapKeyRef"}


def run(call: Invocation) -> None:
    """Set, remove or list variables; raises `CommandError`."""
    flags = call.flags
    if flags.on("all") and flags.text("selector"):
        raise CommandError(ALL_AND_SELECTOR)
    words, pairs = split(call.args)
    dry_run = dry_run_of(call)
    printer = ChangePrinter(call, "env updated", dry_run)
    _check(call, words, dry_run)
    stated = parse([*flags.texts("env"), *pairs], call.stdin)
    variables = Variables(stated.new + _imported(call), stated.removed)
    if prefix := flags.text("prefix"):
        for variable in variables.new:
            variable["name"] = prefix + variable["name"]
    found = select(call, words)
    raise_all(found.failures)
    update = Update(call, dry_run, printer, "failed to patch env update to pod template: ")
    if flags.on("list"):
        for each in found.chosen:
            _change(call, each.document, variables)
        return
    raise_all(update.run(found, lambda document: _change(call, document, variables)))


def _check(call: Invocation, words: list[str], dry_run: DryRun) -> None:
    flags = call.flags
    if is_local(call) and dry_run is DryRun.SERVER:
        raise CommandError(LOCAL_AND_SERVER)
    if not flags.texts("filename") and not words:
        raise CommandError(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>"
        )
    if flags.on("list") and flags.text("output"):
        raise CommandError("--list and --output may not be specified together")
    if flags.texts("keys") and not flags.text("from"):
        said = "when specifying --keys, a configmap or secret must be provided with --from"
        raise CommandError(said)


def _imported(call: Invocation) -> list[Document]:
    """Variables for the keys of the ConfigMap or Secret of `--from`."""
    source = call.flags.text("from")
    if not source:
        return []
    found: list[Document] = []
    chosen = select(call, [] if is_local(call) else [source])
    for each in chosen.all():
        reference = _SOURCES.get(each.resource.kind)
        if reference is None:
            raise CommandError("unsupported resource specified in --from")
        keys = call.flags.texts("keys")
        for key in each.document.get("data") or {}:
            if not keys or key in keys:
                origin = {reference: {"name": each.name, "key": key}}
                found.append({"name": _variable(call, key), "valueFrom": origin})
    return found


def _variable(call: Invocation, key: str) -> str:
    name = re.sub("[^a-zA-Z0-9_]", "_", key).upper()
    if name != key:
        call.error(f"Warning: key {key} transferred to {name}\n")
    return name


def _change(call: Invocation, document: Document, variables: Variables) -> bool:
    """Change the variables of a document's containers, or list them."""
    flags = call.flags
    pattern = flags.text("containers")
    containers = containers_of(pod_spec(document), pattern)
    if not containers:
        title = f"{document['kind']}/{document['metadata']['name']}"
        said = f'{title} does not have any containers matching "{pattern}"'
        call.error(f"Warning: {said}\n")
    unresolved = False
    for container in containers:
        existing = container.get("env") or []
        if not flags.on("overwrite"):
            _check_overwritten(existing, variables.new)
        merged = _updated(existing, variables)
        if merged or existing:
            container["env"] = merged
        if not merged:
            container.pop("env", None)
        if flags.on("list"):
            unresolved = not list_variables(call, document, container) or unresolved
    if unresolved:
        raise CommandError("failed to retrieve valueFrom references")
    return True


def _check_overwritten(existing: list[Document], new: list[Document]) -> None:
    values = {each["name"]: each.get("value", "") for each in reversed(existing)}
    for each in new:
        value = values.get(each["name"])
        if value is not None and value != each.get("value", ""):
            said = f"'{each['name']}' already has a value ({value}), and --overwrite is false"
            raise CommandError(said)


def _updated(existing: list[Document], variables: Variables) -> list[Document]:
    """The variables with what is new and without what is removed (`updateEnv`)."""
    first = {each["name"]: each for each in reversed(variables.new)}
    covered, merged = set(variables.removed), list[Document]()
    for each in existing:
        name = each["name"]
        if name in covered:
            continue
        if name in first:
            covered.add(name)
        merged.append(first.get(name, each))
    for each in variables.new:
        if each["name"] not in covered:
            covered.add(each["name"])
            merged.append(each)
    return merged
