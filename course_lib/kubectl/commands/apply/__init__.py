"""`kubectl apply`: manifests become objects, again and again, and what is removed in them goes.

Source: kubectl `pkg/cmd/apply`.
"""

from __future__ import annotations

from course_lib.kubectl.changes import OUTPUT_FLAGS
from course_lib.kubectl.command import Command
from course_lib.kubectl.commands.apply.command import run
from course_lib.kubectl.commands.apply.last_applied import set_last_applied, view_last_applied
from course_lib.kubectl.deletion import DELETION_FLAGS
from course_lib.kubectl.editing import edit_last_applied
from course_lib.kubectl.manifest_flags import MANIFEST_FLAGS
from course_lib.kubectl.record import RECORD_FLAG

COMMANDS = {
    "apply": Command(
        run,
        OUTPUT_FLAGS
        | RECORD_FLAG
        | MANIFEST_FLAGS
        | DELETION_FLAGS
        | {
            "all", "dry-run", "field-manager", "force-conflicts", "openapi-patch", "overwrite",
            "prune", "prune-allowlist", "prune-whitelist", "selector", "server-side",
            "subresource", "validate",
        },
    ),
    "apply view-last-applied": Command(
        view_last_applied, MANIFEST_FLAGS | {"all", "output", "selector"}
    ),
    "apply set-last-applied": Command(
        set_last_applied, OUTPUT_FLAGS | {"create-annotation", "dry-run", "filename"}
    ),
    "apply edit-last-applied": Command(
        edit_last_applied,
        OUTPUT_FLAGS | RECORD_FLAG | MANIFEST_FLAGS
        | {"field-manager", "validate", "windows-line-endings"},
    ),
}  # fmt: skip
