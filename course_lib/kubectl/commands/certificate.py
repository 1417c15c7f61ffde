"""`kubectl certificate`: approve or deny requests for certificates.

Source: kubectl `pkg/cmd/certificates/certificates.go`.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from course_lib.command_line.values import quoted
from course_lib.engine.timestamps import timestamp
from course_lib.kubectl.chosen import Chosen, Wanted
from course_lib.kubectl.command import Command
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.printers.choice import printer_of
from course_lib.objects.manifests import Document

RESOURCE, KIND = "certificatesigningrequests", "CertificateSigningRequest"


class CertificateDecision(NamedTuple):
    """What becomes of a request: the operation in a word, the conditions, and the reason."""

    operation: str
    condition: str
    opposite: str
    reason: str


APPROVE = CertificateDecision("approved", "Approved", "Denied", "KubectlApprove")
DENY = CertificateDecision("denied", "Denied", "Approved", "KubectlDeny")


def _decide(decision: CertificateDecision, call: Invocation) -> None:
    """Write the decision into each request; raises `CommandError`."""
    flags = call.flags
    printer = printer_of(
        flags.text("output"),
        operation=decision.operation,
        template=flags.text("template"),
        managed_fields=flags.on("show-managed-fields"),
        missing_keys=flags.on("allow-missing-template-keys"),
    )
    paths = flags.texts("filename")
    if not call.args and not paths:
        raise CommandError("one or more CSRs must be specified as <name> or -f <filename>")
    words = [name if "/" in name else f"{RESOURCE}/{name}" for name in call.args]
    wanted = Wanted(words, paths, recursive=flags.on("recursive"), placed=False)

    def decide(each: Chosen) -> None:
        resource = each.resource
        if resource.kind != KIND:
            got = f"{resource.kind}.{resource.group}".removesuffix(".")
            raise CommandError(f"can only handle {KIND}.certificates.k8s.io objects, got {got}")
        _write(call, each, decision)
        printer.print(each.document, call.out)

    call.select(wanted).visit(decide)


def _write(call: Invocation, chosen: Chosen, decision: CertificateDecision) -> None:
    document: Document = call.server.get(chosen.path)
    status = document.get("status") or {}
    types = [each["type"] for each in status.get("conditions") or ()]
    if decision.opposite in types:
        name = quoted(chosen.name)
        raise CommandError(f"certificate signing request {name} is already {decision.opposite}")
    known = decision.condition in types
    if known and not call.flags.on("force"):
        return
    conditions = list(status.get("conditions") or ())
    if not known:
        word = "approve" if decision is APPROVE else "deny"
        conditions.append(
            {
                "type": decision.condition,
                "status": "True",
                "reason": decision.reason,
                "message": f"This CSR was {decision.operation} by kubectl certificate {word}.",
                "lastUpdateTime": timestamp(call.time.now()),
            }
        )
    changed = document | {"status": status | {"conditions": conditions}}
    path = chosen.resource.path(chosen.namespace, chosen.name, "approval")
    call.server.send("PUT", path, {}, changed)


_FLAGS = frozenset(
    {
        "allow-missing-template-keys", "filename", "force", "output", "recursive",
        "show-managed-fields", "template",
    }
)  # fmt: skip
COMMANDS = {
    "certificate approve": Command(partial(_decide, APPROVE), _FLAGS),
    "certificate deny": Command(partial(_decide, DENY), _FLAGS),
}
