"""`kubectl run`: one Pod of an image.

Source: kubectl `pkg/cmd/run/run.go`.
"""

from __future__ import annotations

import re

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
    """Create the Pod, and with `--expose` a Service for it."""
    call.require("image")
    pod = _pod(call)
    dry_run = dry_run_of(call)
    printer = ChangePrinter(call, "created", dry_run)
    _check(call)
    name, *words = call.args
    pod = _with_name(call, pod, name, words)
    made = [_created(call, overridden(call, pod), dry_run)]
    failures: list[CommandError] = []
    if call.flags.on("expose"):
        try:
            made.append(_created(call, _service(call, name), dry_run))
        except CommandError as failure:
            failures.append(failure)
    for document in made:
        printer.print(document)
    raise_all(failures)


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


def _check(call: Invocation) -> None:
    flags = call.flags
    if not call.args or flags.dash == 0:
        raise CommandError("NAME is required for run")
    image, port = flags.text("image"), flags.text("port")
    if not image:
        raise CommandError("--image is required")
    if reference_problem(image):
        raise CommandError(f'invalid image name "{image}": invalid reference format')
    if flags.on("expose") and not port:
        raise CommandError("--port must be set when exposing a service")
    if port and not re.fullmatch("[+-]?[0-9]+", port):
        raise CommandError("--port must be a number")


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
            "annotations", "command", "dry-run", "env", "expose", "field-manager", "filename",
            "image", "image-pull-policy", "labels", "port", "privileged", "quiet", "restart",
            "save-config",
        },
    )
}  # fmt: skip
