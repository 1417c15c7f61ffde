"""`kubectl create token`: a token of a ServiceAccount.

Source: kubectl `pkg/cmd/create/create_token.go`.
"""

from __future__ import annotations

from course_lib.kubectl.changes import ChangePrinter
from course_lib.kubectl.commands.create.making import name_of
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.server import Path
from course_lib.objects.manifests import Document

BOUND_KINDS = ("Node", "Pod", "Secret")
FLAGS = frozenset(
    {"audience", "bound-object-kind", "bound-object-name", "bound-object-uid", "duration"}
)


def run(call: Invocation) -> None:
    """Ask for a token, and print it; raises `CommandError`."""
    name, flags = name_of(call), call.flags
    printer = ChangePrinter(call, "created")
    if not name:
        raise CommandError("service account name is required")
    _check(call)
    path = Path("v1", "serviceaccounts", call.namespace, name, "token")
    try:
        answer = call.server.send("POST", path, body=_request(call))
    except CommandError as refusal:
        raise CommandError(f"failed to create token: {refusal.message}") from None
    token = (answer.get("status") or {}).get("token")
    if not token:
        raise CommandError("failed to create token: no token in server response")
    if flags.text("output") or flags.text("template"):
        printer.print(answer)
    else:
        call.out(token)


def _check(call: Invocation) -> None:
    flags = call.flags
    seconds = flags.seconds("duration")
    if seconds < 0:
        raise CommandError("--duration must be greater than or equal to 0")
    if seconds % 1:
        raise CommandError("--duration cannot be expressed in units less than seconds")
    if "" in flags.texts("audience"):
        raise CommandError("--audience must not be an empty string")
    kind, name = flags.text("bound-object-kind"), flags.text("bound-object-name")
    if not kind:
        for flag in ("bound-object-name", "bound-object-uid"):
            if flags.text(flag):
                said = f"--{flag} can only be set if --bound-object-kind is provided"
                raise CommandError(said)
    elif kind not in BOUND_KINDS:
        kinds = ", ".join(BOUND_KINDS)
        raise CommandError(f"supported --bound-object-kind values are {kinds}")
    elif not name:
        said = "--bound-object-name is required if --bound-object-kind is provided"
        raise CommandError(said)


def _request(call: Invocation) -> Document:
    flags = call.flags
    spec: Document = {"audiences": flags.texts("audience") or None}
    if seconds := int(flags.seconds("duration")):
        spec["expirationSeconds"] = seconds
    if kind := flags.text("bound-object-kind"):
        uid = flags.text("bound-object-uid")
        bound = {"kind": kind, "apiVersion": "v1", "name": flags.text("bound-object-name")}
        spec["boundObjectRef"] = bound | ({"uid": uid} if uid else {})
    return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
