"""`kubectl wait`: let time pass until objects are as one wants them.

Source: kubectl `pkg/cmd/wait` (`wait.go`, `condition.go`, `json.go`, `delete.go`, `create.go`).
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.command_line.go_text import value_text
from course_lib.command_line.values import quoted
from course_lib.kubectl.chosen import Chosen, Wanted
from course_lib.kubectl.command import Command
from course_lib.kubectl.failures import CommandError, RefusedRequest
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.printers.choice import Printer, printer_of
from course_lib.kubectl.printers.jsonpath import JSONPathTemplate
from course_lib.kubectl.printers.jsonpath_syntax import JSONPathProblem, relaxed
from course_lib.kubectl.streams import changes
from course_lib.objects.manifests import Document

Check = Callable[[Document], bool]
POLL = 0.5  # s between two looks for an object that does not exist yet
WEEK = 7 * 24 * 3600.0
TIMED_OUT = "timed out waiting for the condition"
FORM = (
    "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or "
    "--for=jsonpath='{.status.readyReplicas}'"
)


def run(call: Invocation) -> None:
    """Wait for all objects within one time limit; raises `CommandError` when it is over."""
    flags = call.flags
    printer = printer_of(
        flags.text("output"),
        operation="condition met",
        template=flags.text("template"),
        managed_fields=flags.on("show-managed-fields"),
        missing_keys=flags.on("allow-missing-template-keys"),
    )
    conditions = flags.texts("for")
    checks = [_check(each) for each in conditions]
    if not checks:
        raise CommandError("unrecognized condition: []")
    waiting = _Waiting(call, printer, {each.lower() for each in conditions})
    waiting.run(checks)


def _check(condition: str) -> str | Check:
    """What an object is checked for: `create`, `delete`, or a question to its document."""
    if condition.lower() in ("create", "delete"):
        return condition.lower()
    kind, equals, rest = condition.partition("=")
    if kind == "condition" and equals:
        name, _, value = rest.partition("=")
        wanted = value if "=" in rest else "true"
        return lambda document: _has_condition(document, name, wanted)
    if kind == "jsonpath" and equals:
        return _path_check(rest)
    raise CommandError(f"unrecognized condition: {quoted(condition)}")


def _has_condition(document: Document, name: str, wanted: str) -> bool:
    """Whether the status has a condition, of the newest generation where it says which."""
    status = document.get("status") or {}
    for each in status.get("conditions") or ():
        if str(each.get("type", "")).casefold() != name.casefold() or "status" not in each:
            continue
        observed = each.get("observedGeneration", status.get("observedGeneration"))
        generation = document["metadata"].get("generation")
        if None not in (observed, generation) and observed < generation:
            return False
        return str(each["status"]).casefold() == wanted.casefold()
    return False


def _path_check(text: str) -> Check:
    path, wanted = _split(text)
    try:
        expression = relaxed(path)
        if not expression:
            raise CommandError("jsonpath expression cannot be empty")
        JSONPathTemplate(expression)
    except JSONPathProblem as problem:
        raise CommandError(str(problem)) from None
    return lambda document: _at_path(document, expression, wanted)


def _split(text: str) -> tuple[str, str]:
    """A path and the value that it shall have; `==` is part of a path."""
    parts = [each.replace("\0", "==") for each in text.replace("==", "\0").split("=")]
    if len(parts) > 2:
        raise CommandError(FORM)
    if len(parts) == 1:
        return parts[0], ""
    value = parts[1].strip("'\"")
    if not value:
        raise CommandError(
            "jsonpath wait has to have a value after equal sign, like "
            "--for=jsonpath='{.status.readyReplicas}'=3"
        )
    return parts[0], value


def _at_path(document: Document, path: str, wanted: str) -> bool:
    try:
        found = JSONPathTemplate(path).find(document)
    except JSONPathProblem as problem:
        raise CommandError(str(problem)) from None
    if not found or not found[0]:
        return False
    if len(found) > 1:
        raise CommandError("given jsonpath expression matches more than one list")
    if len(found[0]) > 1:
        raise CommandError("given jsonpath expression matches more than one value")
    if not wanted:
        return True
    if isinstance(found[0][0], dict | list):
        raise CommandError("jsonpath leads to a nested object or list which is not supported")
    return value_text(found[0][0]).strip() == wanted.strip()


class _Waiting:
    """Waits for the objects of a call; `conditions` are in lower case."""

    def __init__(self, call: Invocation, printer: Printer, conditions: set[str]) -> None:
        self._call, self._printer, self._conditions = call, printer, conditions
        limit = call.flags.seconds("timeout")
        self._limit = WEEK if limit < 0 else limit
        self._end = call.time.now() + self._limit

    def run(self, checks: list[str | Check]) -> None:
        """Wait; raises `CommandError` when the time is up."""
        if "create" in self._conditions:
            self._created()
        deleting = "delete" in self._conditions
        found = self._call.select(self._wanted(missing_ok=deleting))
        if not found.chosen and not found.failures and not deleting:
            raise CommandError("no matching resources found")

        def wait(each: Chosen) -> None:
            for check in checks:
                document = self._done(each, check)
                self._printer.print(document, self._call.out)

        found.visit(wait)

    def _wanted(self, missing_ok: bool) -> Wanted:
        flags = self._call.flags
        return Wanted(
            words=self._call.args,
            paths=flags.texts("filename"),
            recursive=flags.on("recursive"),
            labels=flags.text("selector") or None,
            fields=flags.text("field-selector") or None,
            everything=flags.on("all"),
            all_namespaces=flags.on("all-namespaces"),
            missing_ok=missing_ok,
        )

    def _left(self) -> float:
        return max(0.0, self._end - self._call.time.now())

    def _created(self) -> None:
        """Wait until there is something."""

        def there() -> bool:
            found = self._call.select(self._wanted(missing_ok=False))
            real = [each for each in found.failures if not _is_missing(each)]
            if real:
                raise real[0]
            return bool(found.chosen)

        while not there():
            if self._left() <= 0:
                raise CommandError(TIMED_OUT)
            self._call.time.wait(lambda: False, min(POLL, self._left()))

    def _done(self, chosen: Chosen, check: str | Check) -> Document:
        """The object when it is as it shall be; raises `CommandError` when the time is up."""
        if check == "create":
            return chosen.document
        path, title = chosen.resource.path(chosen.namespace), chosen.title
        query = {"fieldSelector": f"metadata.name={chosen.name}"}
        listed = self._call.server.get(path, query)
        if not listed.get("items"):
            if check == "delete":
                return chosen.document
            self._call.server.get(chosen.path)  # the server says it
        head = {"apiVersion": chosen.resource.api_version, "kind": chosen.resource.kind}
        document: Document = head | listed["items"][0]
        if callable(check) and check(document):
            return document
        if not self._limit:
            raise CommandError(f"condition not met for {title}")
        query["resourceVersion"] = listed["metadata"]["resourceVersion"]
        events = self._call.server.watch(path, query)
        for change in changes(events, self._call.time, self._left()):
            if change["type"] == "DELETED" and check == "delete":
                return document
            if change["type"] in ("ADDED", "MODIFIED") and callable(check):
                document = change["object"]
                if check(document):
                    return document
        raise CommandError(f"{TIMED_OUT} on {title}")


def _is_missing(failure: CommandError) -> bool:
    return isinstance(failure, RefusedRequest) and failure.reason == "NotFound"


COMMANDS = {
    "wait": Command(
        run,
        frozenset(
            {
                "all", "all-namespaces", "allow-missing-template-keys", "field-selector",
                "filename", "for", "output", "recursive", "selector", "show-managed-fields",
                "template", "timeout",
            }
        ),
    )
}  # fmt: skip
