"""`kubectl describe`: objects in words, with what belongs to them and what happened to them.

Source: kubectl `pkg/cmd/describe/describe.go`.
"""

from __future__ import annotations

from msgspec.structs import replace

from course_lib.kubectl.command import Command
from course_lib.kubectl.describing.kinds import Describing
from course_lib.kubectl.failures import CommandError, RefusedRequest, Several, raise_all
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.selection import Selection, Wanted

NO_TYPE = (
    "You must specify the type of resource to describe. "
    'Use "kubectl api-resources" for a complete list of supported resources.\n'
)


def run(call: Invocation) -> None:
    """Describe what the words name, or else all whose names begin with them.

    Raises `CommandError`.
    """
    flags = call.flags
    if not (call.args or flags.texts("filename") or flags.text("kustomize")):
        raise CommandError(NO_TYPE)
    found = call.select(_wanted(call))
    of_many = bool(found.failures) or len(found.chosen) > 1
    describing = _describing(call, by_default=not of_many)
    if len(call.args) == 2 and _is_missing(found):
        _describe_matching(call, describing, found)
    else:
        _describe(call, describing, found)


def _wanted(call: Invocation) -> Wanted:
    named = call.wanted(call.args, everything=True, latest=False)
    return replace(named, chunk=call.flags.number("chunk-size"))


def _describing(call: Invocation, by_default: bool) -> Describing:
    """How objects are described; events are shown of one, of several only on demand."""
    flags = call.flags
    shows = flags.on("show-events") if "show-events" in flags.given else by_default
    return Describing(call.server, call.age, shows, flags.number("chunk-size"))


def _is_missing(found: Selection) -> bool:
    match found.failures:
        case [RefusedRequest(reason="NotFound")]:
            return True
    return False


def _describe(call: Invocation, describing: Describing, found: Selection) -> None:
    failures: dict[str, CommandError] = {}  # each is told once
    written = False
    for each in found.chosen:
        try:
            text = describing.text(each.resource, each.namespace, each.name)
        except CommandError as failure:
            failures.setdefault(failure.message, failure)
            continue
        call.out(f"\n\n{text}" if written else text)
        written = True
    if not found.chosen and not found.failures:
        everywhere = call.flags.on("all-namespaces")
        place = "" if everywhere else f" in {call.namespace} namespace."
        call.error(f"No resources found{place}\n")
    if found.failures:  # of the search even a single one is told as one of several
        raise Several([*found.failures, *failures.values()])
    raise_all(list(failures.values()))


def _describe_matching(call: Invocation, describing: Describing, missing: Selection) -> None:
    """Describe all objects whose names begin with a word; raises as for `missing` if none do."""
    kinds, prefix = call.args
    if len(call.resources.expanded(kinds)) > 1:
        raise CommandError("you may only specify a single resource type")
    found = call.select(Wanted(words=[kinds], everything=True)).all()
    matching = [each for each in found if each.name.startswith(prefix)]
    for each in matching:
        call.out(describing.text(each.resource, each.namespace, each.name) + "\n")
    if not matching:
        raise_all(missing.failures)


COMMANDS = {
    "describe": Command(
        run,
        frozenset(
            {
                "all-namespaces",
                "chunk-size",
                "filename",
                "kustomize",
                "recursive",
                "selector",
                "show-events",
            }
        ),
    )
}
