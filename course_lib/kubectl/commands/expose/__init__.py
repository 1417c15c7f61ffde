"""`kubectl expose`: a Service for what runs already.

Source: kubectl `pkg/cmd/expose/expose.go`.
"""

from __future__ import annotations

from course_lib.kubectl.changes import OUTPUT_FLAGS, ChangePrinter
from course_lib.kubectl.command import Command
from course_lib.kubectl.commands.expose.making import ServicePlan, service
from course_lib.kubectl.commands.expose.targets import (
    check_exposable,
    ports_of,
    protocols_of,
    selector_of,
)
from course_lib.kubectl.creation import create, own_namespace
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.label_words import labels_of
from course_lib.kubectl.overrides import OVERRIDE_FLAGS, overridden
from course_lib.kubectl.record import RECORD_FLAG, recorded
from course_lib.kubectl.selection import Chosen, Wanted

LONGEST = 63  # characters of a Service's name


def run(call: Invocation) -> None:
    """Create a Service for each object."""
    flags, dry_run = call.flags, dry_run_of(call)
    printer = ChangePrinter(call, "exposed", dry_run)
    wanted = Wanted(
        words=call.args,
        paths=flags.texts("filename"),
        recursive=flags.on("recursive"),
        latest=False,
    )
    plan = ServicePlan(name=flags.text("name"))
    if flags.text("selector"):
        plan.selector = flags.text("selector")
    plan.labels, plan.port = flags.text("labels"), flags.text("port")

    def one(each: Chosen) -> None:
        _complete(call, each, plan)
        document = recorded(call, overridden(call, service(call, plan)))
        if dry_run is DryRun.CLIENT:
            document["metadata"] |= own_namespace(call)
        printer.print(create(call, document, dry_run))

    call.select(wanted).visit(one)


def _complete(call: Invocation, each: Chosen, plan: ServicePlan) -> None:
    """Fill in what the flags leave open.

    As in the real one, what was found for one object counts for those behind it.
    """
    check_exposable(each.resource)
    plan.default_name = each.name[:LONGEST]
    if not plan.selector:
        try:
            plan.selector = selector_of(each.document)
        except CommandError as problem:
            head = "couldn't retrieve selectors via --selector flag or introspection"
            raise CommandError(f"{head}: {problem.message}") from None
    if not plan.port:
        ports = ports_of(each.document)
        if not ports and call.flags.text("cluster-ip") != "None":
            raise CommandError("couldn't find port via --port flag or introspection")
        if len(ports) == 1:
            plan.port = ports[0]
        elif ports:
            plan.ports = ",".join(ports)
    plan.protocols = protocols_of(each.document) or plan.protocols
    if not plan.labels:
        labels = each.document["metadata"].get("labels") or {}
        plan.labels = ",".join(f"{key}={value}" for key, value in labels.items())
    labels_of(plan.labels)


COMMANDS = {
    "expose": Command(
        run,
        OUTPUT_FLAGS
        | RECORD_FLAG
        | OVERRIDE_FLAGS
        | {
            "cluster-ip", "dry-run", "external-ip", "field-manager", "filename", "labels",
            "load-balancer-ip", "name", "port", "protocol", "recursive", "save-config", "selector",
            "session-affinity", "target-port", "type",
        },
    )
}  # fmt: skip
