"""The flags that name manifests: `-f`, `-R`, `-k` and the selector on their labels.

Source: `AddFilenameOptionFlags` of kubectl `pkg/cmd/util/helpers.go`; `FilenameOptions` of
cli-runtime `resource/builder.go`.
"""

from __future__ import annotations

from course_lib.kubectl.chosen import Wanted
from course_lib.kubectl.creation import validation
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation

MANIFEST_FLAGS = frozenset({"filename", "kustomize", "recursive"})


def no_words(call: Invocation) -> None:
    """Raise `CommandError` where a `call` that takes none has arguments."""
    if call.args:
        raise call.usage_error(f"Unexpected args: [{' '.join(call.args)}]")


def require_manifests(call: Invocation) -> None:
    """Raise `CommandError` where a `call` names no manifest (`RequireFilenameOrKustomize`)."""
    if not call.flags.texts("filename") and not call.flags.text("kustomize"):
        raise CommandError("must specify one of -f and -k")


def manifests(call: Invocation, validate: bool = True, part: str = "") -> Wanted:
    """The objects of the manifests of a `call`, as they are written.

    With `validate`, kubectl looks at them as `--validate` says; `part` is a subresource.
    """
    flags = call.flags
    checked = validate and validation(call).get("fieldValidation") != "Ignore"
    return Wanted(
        paths=flags.texts("filename"),
        kustomization=flags.text("kustomize") if "kustomize" in flags.values else "",
        recursive="recursive" in flags.values and flags.on("recursive"),
        labels=flags.text("selector") or None if "selector" in flags.values else None,
        part=part,
        latest=False,
        validate=checked,
    )
