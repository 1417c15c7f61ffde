"""What the commands that make one object have in common: `kubectl create deployment` and the like.

Source: the `Complete` and `Run` functions of kubectl `pkg/cmd/create/create_*.go`.
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.kubectl.changes import OUTPUT_FLAGS, ChangePrinter
from course_lib.kubectl.command import Command
from course_lib.kubectl.creation import create, own_namespace
from course_lib.kubectl.dry_run import dry_run_of
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.objects.manifests import Document

FLAGS = OUTPUT_FLAGS | {"dry-run", "field-manager", "save-config", "validate"}
Make = Callable[[Invocation, str], Document]


def making(make: Make, *flags: str, failed: str = "", required: tuple[str, ...] = ()) -> Command:
    """The command that creates the object which `make` makes of a call and a name.

    `flags` are its own, of which some are `required`; `failed` stands before the server's words
    when it refuses.
    """

    def run(call: Invocation) -> None:
        call.require(*required)
        name = name_of(call)
        dry_run = dry_run_of(call)
        printer = ChangePrinter(call, "created", dry_run)
        document = make(call, name)
        try:
            made = create(call, document, dry_run)
        except CommandError as refusal:
            if not failed:
                raise
            raise CommandError(failed + refusal.message) from None
        printer.print(made)

    return Command(run, FLAGS | set(flags))


def name_of(call: Invocation) -> str:
    """The one name that a command takes; raises `CommandError` (`NameFromCommandArgs`)."""
    words = len(call.args) if call.flags.dash < 0 else call.flags.dash
    if words != 1:
        raise call.usage_error(f"exactly one NAME is required, got {words}")
    return call.args[0]


def check_name(name: str) -> None:
    """Raise `CommandError` for an empty name."""
    if not name:
        raise CommandError("name must be specified")


def headed(version: str, kind: str, name: str) -> Document:
    """A document of a kind in a `version` with a `name`, and nothing else."""
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}}


def namespaced(call: Invocation, version: str, kind: str, name: str) -> Document:
    """The same of a kind with namespaces: with that of `--namespace`, if it is given.

    `call` says it; `version`, `kind` and `name` are as for `headed`.
    """
    meta = {"name": name} | own_namespace(call)
    return {"apiVersion": version, "kind": kind, "metadata": meta}
