"""`kubectl kustomize`: the manifests that a kustomization makes.

Source: kubectl `pkg/cmd/kustomize/kustomize.go`; `kustomize/v5/commands/build`.
"""

from __future__ import annotations

from course_lib.kubectl.command import Command
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.kustomize import build
from course_lib.kubectl.printers.documents import to_yaml


def run(call: Invocation) -> None:
    """Build the kustomization of a folder, by default the current one; raises `CommandError`."""
    if len(call.args) > 1:
        raise CommandError("specify one path to kustomization.yaml")
    folder = call.args[0] if call.args else "."
    documents = build(folder, lambda text: call.error(text + "\n"))
    call.out("---\n".join(map(to_yaml, documents)))


COMMANDS = {"kustomize": Command(run, frozenset())}
