"""`kubectl set resources`: requests and limits of containers.

Source: kubectl `pkg/cmd/set/set_resources.go`.
"""

from __future__ import annotations

from course_lib.kubectl.changes import ChangePrinter
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
from course_lib.kubectl.quantities import amounts
from course_lib.kubectl.record import recorded
from course_lib.objects.manifests import Document


def run(call: Invocation) -> None:
    """Set the resources of containers."""
    flags, dry_run = call.flags, dry_run_of(call)
    printer = ChangePrinter(call, "resource requirements updated", dry_run)
    found = select(call, call.args)
    raise_all(found.failures)
    stated = _stated(call, dry_run)
    pattern = flags.text("containers")
    failures: list[CommandError] = []

    def change(document: Document) -> bool:
        containers = containers_of(pod_spec(document), pattern)
        if not containers:
            failures.append(CommandError(f"error: unable to find container named {pattern}"))
            return False
        for container in containers:
            own = container.setdefault("resources", {})
            for field, values in stated.items():
                own[field] = (own.get(field) or {}) | values
        document.update(recorded(call, document))
        return True

    update = Update(call, dry_run, printer, "failed to patch resources update to pod template ")
    refusals = update.run(found, change)
    raise_all(failures + refusals)


def _stated(call: Invocation, dry_run: DryRun) -> dict[str, dict[str, str]]:
    """The requests and limits of the flags; raises `CommandError` for flags that make no sense."""
    flags = call.flags
    if is_local(call) and dry_run is DryRun.SERVER:
        raise CommandError(LOCAL_AND_SERVER)
    if flags.on("all") and flags.text("selector"):
        raise CommandError(ALL_AND_SELECTOR)
    given = {name: flags.text(name) for name in ("limits", "requests") if flags.text(name)}
    if not given:
        raise CommandError(
            "you must specify an update to requests or limits (in the form of --requests/--limits)"
        )
    return {name: amounts(text, "invalid argument syntax") for name, text in given.items()}
