"""`--record`: the command that changed an object, written into its annotations.

Source: cli-runtime `pkg/genericclioptions/record_flags.go`.
"""

from __future__ import annotations

from course_lib.kubectl.invocation import Invocation
from course_lib.objects.manifests import Document

CHANGE_CAUSE = "kubernetes.io/change-cause"
RECORD_FLAG = frozenset({"record"})


def recorded(call: Invocation, document: Document) -> Document:
    """A document with the line of the `call` as its change cause, if `--record` is set."""
    if not call.flags.values.get("record"):
        return document
    meta = document.get("metadata") or {}
    annotations = (meta.get("annotations") or {}) | {CHANGE_CAUSE: _line(call)}
    return document | {"metadata": meta | {"annotations": annotations}}


def _line(call: Invocation) -> str:
    """The command line with its flags behind its words (`parseCommandArguments`)."""
    flags = [f"--{name}={text}" for name, text in call.flags.written]
    return " ".join(["kubectl", call.described.path, *call.args, *flags])
