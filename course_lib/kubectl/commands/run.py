"""`kubectl run`: one Pod of an image, to which the command may attach.

Source: kubectl `pkg/cmd/run/run.go`.
"""

from __future__ import annotations

import re

from course_lib.kubectl.attaching import attach_options
from course_lib.kubectl.attended_pods import (
    ENDED,
    attach_when_ready,
    end_as,
    phase_of,
    remove,
    wait_for,
)
from course_lib.kubectl.changes import OUTPUT_FLAGS, ChangePrinter
from course_lib.kubectl.command import Command
from course_lib.kubectl.creation import create, own_namespace
from course_lib.kubectl.dry_run import DryRun, dry_run_of
from course_lib.kubectl.failures import CommandError, raise_all
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.label_words import labels_of
from course_lib.kubectl.overrides import OVERRIDE_FLAGS, overridden
from course_lib.kubectl.pairs import parse_pairs
from course_lib.kubectl.record import RECORD_FLAG, recorded
from course_lib.objects.image_names import reference_problem
from course_lib.objects.manifests import Document
from course_lib.objects.validation.formats import strict_variable_name

RESTARTS = ("Always", "OnFailure", "Never")
PULLS = ("Always", "IfNotPresent", "Never")


def run(call: Invocation) -> None:
    """Create the Pod, and with `--expose` a Service for it; attach to it if wanted."""
    call.require("image")
    pod = _pod(call)
    dry_run = dry_run_of(call)
    printer = ChangePrinter(call, "created", dry_run)
    attached = _attached(call)
    _check(call, attached, dry_run)
    name, *words = call.args
    pod = _with_name(call, pod, name, words)
    made = [_created(call, overridden(call, pod), dry_run)]
    failures: list[CommandError] = []
    if call.flags.on("expose"):
        try:
            made.append(_created(call, _service(call, name), dry_run))
        except CommandError as failure:
            failures.append(failure)
    if attached:
        _attend(call, made)
        return
    for document in made:
        printer.print(document)
    raise_all(failures)


def _attached(call: Invocation) -> bool:
    flags = call.flags
    return flags.on("attach") or (flags.on("stdin") and "attach" not in flags.given)


def _attend(call: Invocation, made: list[Document]) -> None:
    """Attach to the Pod until it ends, and end with its exit code; `--rm` deletes it then."""
    try:
        attach_when_ready(call, made[0], attach_options(call, to_the_end=True))
        restart = made[0]["spec"]["restartPolicy"]
        if call.flags.on("leave-stdin-open") or restart == "Always":
            return
        phases = ("Succeeded",) if restart == "OnFailure" else ENDED
        timeout = call.flags.seconds("pod-running-timeout")
        end_as(wait_for(call, made[0], timeout, lambda pod: phase_of(pod) in phases))
    finally:
        if call.flags.on("rm"):
            remove(call, made)


def _created(call: Invocation, document: Document, dry_run: DryRun) -> Document:
    if dry_run is DryRun.CLIENT:
        document["metadata"] |= own_namespace(call)
    return create(call, recorded(call, document), dry_run)


def _pod(call: Invocation) -> Document:
    """The Pod that the flags describe, still without a name; raises `CommandError`."""
    flags = call.flags
    annotations, _ = parse_pairs(flags.texts("annotations"), "annotations")
    meta: Document = {"labels": labels_of(flags.text("labels"))}
    meta |= {"annotations": annotations} if annotations else {}
    container: Document = {"image": flags.text("image")}
    if flags.on("stdin"):
        container |= {"stdin": True} | ({} if flags.on("leave-stdin-open") else {"stdinOnce": True})
    if flags.on("tty"):
        container["tty"] = True
    if variables := [_variable(text) for text in flags.texts("env")]:
        container["env"] = variables
    restart = _one_of(flags.text("restart"), RESTARTS, "restart policy")
    if pull := _one_of(flags.text("image-pull-policy"), PULLS, "image pull policy"):
        container["imagePullPolicy"] = pull
    if flags.on("privileged"):
        container["securityContext"] = {"privileged": True}
    spec = {
        "containers": [container],
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": restart or RESTARTS[0],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def _one_of(text: str, values: tuple[str, ...], kind: str) -> str:
    if text and text not in values:
        said = f"invalid {kind}: {text}, valid values are: {', '.join(values)}"
        raise CommandError(said)
    return text


def _variable(text: str) -> Document:
    name, equals, value = text.partition("=")
    if not equals or not name or strict_variable_name(name):
        raise CommandError(f"invalid env: {text}")
    return {"name": name} | ({"value": value} if value else {})


def _check(call: Invocation, attached: bool, dry_run: DryRun) -> None:
    flags = call.flags
    if not call.args or flags.dash == 0:
        raise CommandError("NAME is required for run")
    image, port = flags.text("image"), flags.text("port")
    if not image:
        raise CommandError("--image is required")
    if reference_problem(image):
        raise CommandError(f'invalid image name "{image}": invalid reference format')
    if flags.on("tty") and not flags.on("stdin"):
        raise CommandError("-i/--stdin is required for containers with -t/--tty=true")
    if flags.on("expose") and not port:
        raise CommandError("--port must be set when exposing a service")
    if port and not re.fullmatch("[+-]?[0-9]+", port):
        raise CommandError("--port must be a number")
    if flags.on("rm") and not attached:
        raise CommandError("--rm should only be used for attached containers")
    if attached and dry_run is not DryRun.NONE:
        raise CommandError(
            "--dry-run=[server|client] can't be used with attached containers options (--attach, "
            "--stdin, or --tty)"
        )


def _with_name(call: Invocation, pod: Document, name: str, words: list[str]) -> Document:
    """The Pod with its name, its command line and its port."""
    container = pod["spec"]["containers"][0] | {"name": name}
    if words:
        container["command" if call.flags.on("command") else "args"] = words
    if port := call.flags.text("port"):
        container["ports"] = [{"containerPort": int(port)}]
    meta = {"name": name} | pod["metadata"]
    meta["labels"] = meta["labels"] or {"run": name}
    return pod | {"metadata": meta, "spec": pod["spec"] | {"containers": [container]}}


def _service(call: Invocation, name: str) -> Document:
    labels, port = labels_of(call.flags.text("labels")), int(call.flags.text("port"))
    meta = {"name": name} | ({"labels": labels} if labels else {})
    ports = [{"port": port, "protocol": "TCP", "targetPort": port}]
    spec = {"selector": labels or {"run": name}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}


COMMANDS = {
    "run": Command(
        run,
        OUTPUT_FLAGS
        | RECORD_FLAG
        | OVERRIDE_FLAGS
        | {
            "annotations", "attach", "command", "dry-run", "env", "expose", "field-manager",
            "filename", "image", "image-pull-policy", "labels", "leave-stdin-open",
            "pod-running-timeout", "port", "privileged", "quiet", "restart", "rm", "save-config",
            "stdin", "tty",
        },
    )
}  # fmt: skip
