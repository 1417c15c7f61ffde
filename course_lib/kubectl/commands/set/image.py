"""`kubectl set image`: other images for containers.

Source: kubectl `pkg/cmd/set/set_image.go`.
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
from course_lib.kubectl.pairs import parse_pairs, resources_and_pairs
from course_lib.kubectl.pod_specs import containers_of, pod_spec
from course_lib.kubectl.record import recorded
from course_lib.objects.manifests import Document

EVERY = "*"


def run(call: Invocation) -> None:
    """Set the images of containers."""
    dry_run = dry_run_of(call)
    printer = ChangePrinter(call, "image updated", dry_run)
    words, pairs = resources_and_pairs(call.args, "image")
    images, _ = parse_pairs(pairs, "image")
    found = select(call, words)
    raise_all(found.failures)
    _check(call, words, images, dry_run)
    failures: list[CommandError] = []

    def change(document: Document) -> bool:
        spec = pod_spec(document)
        for name, image in images.items():
            containers = [
                each for each in containers_of(spec, EVERY) if name in (EVERY, each["name"])
            ]
            for container in containers:
                container["image"] = image
            if not containers:
                failures.append(CommandError(f'error: unable to find container named "{name}"'))
        document.update(recorded(call, document))
        return True

    update = Update(call, dry_run, printer, "failed to patch image update to pod template: ")
    refusals = update.run(found, change)
    raise_all(failures + refusals)


def _check(call: Invocation, words: list[str], images: dict[str, str], dry_run: DryRun) -> None:
    problems: list[str] = []
    if call.flags.on("all") and call.flags.text("selector"):
        problems.append(ALL_AND_SELECTOR)
    if not words and not call.flags.texts("filename"):
        problems.append(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>"
        )
    if not images:
        problems.append("at least one image update is required")
    elif len(images) > 1 and EVERY in images:
        problems.append(
            "all containers are already specified by *, but saw more than one "
            "container_name=container_image pairs"
        )
    if is_local(call) and dry_run is DryRun.SERVER:
        problems.append(LOCAL_AND_SERVER)
    raise_all([CommandError(problem) for problem in problems])
