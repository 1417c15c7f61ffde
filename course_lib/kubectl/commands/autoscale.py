"""`kubectl autoscale`: a HorizontalPodAutoscaler for what can be scaled.

Source: kubectl `pkg/cmd/autoscale/autoscale.go`.
"""

from __future__ import annotations

import re

from course_lib.command_line.values import ValueProblem, real
from course_lib.errors import CourseError
from course_lib.kubectl.changes import OUTPUT_FLAGS, ChangePrinter
from course_lib.kubectl.command import Command
from course_lib.kubectl.creation import create, own_namespace
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.record import RECORD_FLAG, recorded
from course_lib.kubectl.selection import Chosen, Wanted
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity

UNITS = {"cpu": "m", "memory": "Mi"}  # of numbers without a unit
_PERCENT = re.compile("[+]?[0-9]+")


def run(call: Invocation) -> None:
    """Create an autoscaler for each object; raises `CommandError`."""
    flags = call.flags
    call.require("max")
    dry_run = dry_run_of(call)
    _check(call)
    wanted = Wanted(
        words=call.args,
        paths=flags.texts("filename"),
        recursive=flags.on("recursive"),
        latest=False,
    )
    found = call.select(wanted)
    found.visit(lambda each: _autoscale(call, each, dry_run))
    if not found.chosen:
        raise CommandError("no objects passed to autoscale")


def _check(call: Invocation) -> None:
    flags = call.flags
    least, most = flags.number("min"), flags.number("max")
    if most < 1:
        raise CommandError(f"--max=MAXPODS is required and must be at least 1, max: {most}")
    if most < least:
        said = "--max=MAXPODS must be larger or equal to --min=MINPODS"
        raise CommandError(f"{said}, max: {most}, min: {least}")
    if flags.number("cpu-percent") > 0 and flags.text("cpu"):
        raise CommandError("--cpu-percent and --cpu are mutually exclusive")
    for name in UNITS:
        if text := flags.text(name):
            _target(text, name)


def _autoscale(call: Invocation, each: Chosen, dry_run: DryRun) -> None:
    resource = each.resource
    if "scale" not in resource.parts:
        title = f"{resource.group}/{resource.version}, Resource={resource.plural}"
        why = f"could not find scale subresource for {title} in discovery information"
        raise CommandError(f"cannot autoscale a {resource.kind}: {why}")
    try:
        _create(call, _scaler(call, each, "v2"), dry_run)
    except CommandError:
        if not _fits_version_1(call):
            head = "failed to create autoscaling/v2 HPA and the configuration is incompatible with"
            why = "" if call.flags.text("cpu") else ": empty input"
            said = why or ": %!w(<nil>)"
            raise CommandError(f"{head} autoscaling/v1{said}") from None
        _create(call, _scaler(call, each, "v1"), dry_run)


def _fits_version_1(call: Invocation) -> bool:
    """Whether the first version of the API can say it (`canCreateHPAV1`)."""
    flags = call.flags
    if not flags.text("cpu"):
        return False
    percent = flags.number("cpu-percent") >= 0 or flags.text("cpu").strip().endswith("%")
    return percent and not flags.text("memory")


def _create(call: Invocation, document: Document, dry_run: DryRun) -> None:
    operation = "created" if dry_run is DryRun.CLIENT else "autoscaled"
    made = create(call, recorded(call, document), dry_run)
    ChangePrinter(call, operation, dry_run).print(made)


def _scaler(call: Invocation, each: Chosen, version: str) -> Document:
    flags, resource = call.flags, each.resource
    meta = {"name": flags.text("name") or each.name} | own_namespace(call)
    reference = {"apiVersion": resource.api_version, "kind": resource.kind, "name": each.name}
    spec: Document = {"scaleTargetRef": reference, "maxReplicas": flags.number("max")}
    if flags.number("min") > 0:
        spec["minReplicas"] = flags.number("min")
    percent = flags.number("cpu-percent")
    if version == "v1":
        spec |= {"targetCPUUtilizationPercentage": percent} if percent >= 0 else {}
    elif metrics := _metrics(call, percent):
        spec["metrics"] = metrics
    head = {"apiVersion": f"autoscaling/{version}", "kind": "HorizontalPodAutoscaler"}
    return head | {"metadata": meta, "spec": spec}


def _metrics(call: Invocation, percent: int) -> list[Document]:
    targets: list[tuple[str, Document]] = []
    if percent > 0:
        targets.append(("cpu", {"type": "Utilization", "averageUtilization": percent}))
    for name in UNITS:
        if text := call.flags.text(name):
            targets.append((name, _target(text, name)))
    return [
        {"type": "Resource", "resource": {"name": name, "target": target}}
        for name, target in targets
    ]


def _target(text: str, name: str) -> Document:
    """What a metric is to be: a part of what is requested, or an amount (`parseResourceInput`).

    Raises `CommandError` for a `text` that is neither; `name` is the resource.
    """
    text = text.strip()
    if not text:
        raise CommandError("empty input")
    if text.endswith("%"):
        number = text.removesuffix("%")
        if not _PERCENT.fullmatch(number) or int(number) >= 2**31:
            raise CommandError(f"invalid percentage value: {number}")
        return {"type": "Utilization", "averageUtilization": int(number)}
    try:
        full = f"{real(text):g}{UNITS[name]}"
    except ValueProblem:
        full = text
    try:
        return {"type": "AverageValue", "averageValue": str(Quantity(full))}
    except CourseError:
        raise CommandError(f"invalid resource {name} value: {text}") from None


COMMANDS = {
    "autoscale": Command(
        run,
        OUTPUT_FLAGS
        | RECORD_FLAG
        | {
            "cpu", "cpu-percent", "dry-run", "field-manager", "filename", "max", "memory", "min",
            "name", "recursive", "save-config",
        },
    )
}  # fmt: skip
