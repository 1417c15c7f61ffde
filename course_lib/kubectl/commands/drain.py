"""`kubectl drain`: a node is cordoned, and its Pods go elsewhere.

Source: kubectl `pkg/cmd/drain/drain.go`.
"""

from __future__ import annotations

from course_lib.errors import CourseError
from course_lib.kubectl.changes import ChangePrinter
from course_lib.kubectl.command import Command
from course_lib.kubectl.draining.evictions import PodMover
from course_lib.kubectl.draining.filters import DrainOptions, pods_of
from course_lib.kubectl.draining.nodes import cordon, nodes_of
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError, Plain, aggregate_text
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.selection import Chosen
from course_lib.objects.selectors import parse_selector

FLAGS = frozenset(
    {
        "chunk-size", "delete-emptydir-data", "disable-eviction", "dry-run", "force",
        "grace-period", "ignore-daemonsets", "pod-selector", "selector",
        "skip-wait-for-delete-timeout", "timeout",
    }
)  # fmt: skip


def run(call: Invocation) -> None:
    """Drain all nodes that are named; raises `Plain` with why one could not be drained."""
    _check_pod_selector(call)
    nodes, dry_run = nodes_of(call), dry_run_of(call)
    cordon(call, nodes, True, dry_run)
    fatal: list[tuple[str, list[CommandError]]] = []
    for node in nodes:
        failures = _drain(call, node, dry_run)
        if failures:
            text = aggregate_text(failures)
            said = f'error: unable to drain node "{node.name}" due to error: {text}'
            call.error(f"{said}, continuing command...\n")
            fatal.append((node.name, failures))
        else:
            ChangePrinter(call, "drained", dry_run).print(node.document)
    if not fatal:
        return
    call.error("There are pending nodes to be drained:\n")
    call.error("".join(f" {name}\n" for name, _ in fatal))
    if len(fatal) > 1:
        raise Plain("\n".join(aggregate_text(failures) for _, failures in fatal))
    raise Plain("\n".join(each.said for each in fatal[0][1]))


def _check_pod_selector(call: Invocation) -> None:
    try:
        parse_selector(call.flags.text("pod-selector"))
    except CourseError:
        said = "--pod-selector=<pod_selector> must be a valid label selector"
        raise CommandError(said) from None


def _drain(call: Invocation, node: Chosen, dry_run: DryRun) -> list[CommandError]:
    """Make the Pods of a node leave; returns what went wrong (`deleteOrEvictPodsSimple`)."""
    options = _options(call)
    pods = pods_of(call, node.name, options)
    if pods.errors:
        return pods.errors
    if pods.warnings:
        call.error(f"Warning: {pods.warnings}\n")
    if dry_run is DryRun.CLIENT:
        for pod in pods.going:
            meta = pod["metadata"]
            call.out(f"evicting pod {meta['namespace']}/{meta['name']}{dry_run.value}\n")
        return []
    mover = PodMover(call, dry_run)
    leave = mover.delete if call.flags.on("disable-eviction") else mover.evict
    failures = leave(pods.going)
    if failures:
        _tell_pending(call, node, options, failures)
    return failures


def _tell_pending(
    call: Invocation, node: Chosen, options: DrainOptions, failures: list[CommandError]
) -> None:
    """Say which Pods are still there after failures."""
    pending = pods_of(call, node.name, options)
    if pending.going:
        text = aggregate_text(failures)
        head = f'There are pending pods in node "{node.name}" when an error occurred: {text}'
        names = "".join(f"pod/{pod['metadata']['name']}\n" for pod in pending.going)
        call.error(f"{head}\n{names}")
    if pending.errors:
        head = "Following errors occurred while getting the list of pods to delete:"
        call.error(f"{head}\n{aggregate_text(pending.errors)}")


def _options(call: Invocation) -> DrainOptions:
    flags = call.flags
    return DrainOptions(
        force=flags.on("force"),
        ignore_daemon_sets=flags.on("ignore-daemonsets"),
        delete_local_data=flags.on("delete-emptydir-data"),
        skip_after=flags.number("skip-wait-for-delete-timeout"),
    )


COMMANDS = {"drain": Command(run, FLAGS)}
