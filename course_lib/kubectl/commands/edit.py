"""`kubectl edit`: an object in an editor, or in a cell of a notebook.

Source: kubectl `pkg/cmd/edit/edit.go`.
"""

from __future__ import annotations

from course_lib.kubectl.changes import OUTPUT_FLAGS
from course_lib.kubectl.command import Command
from course_lib.kubectl.editing import edit
from course_lib.kubectl.manifest_flags import MANIFEST_FLAGS
from course_lib.kubectl.record import RECORD_FLAG

COMMANDS = {
    "edit": Command(
        edit,
        OUTPUT_FLAGS
        | RECORD_FLAG
        | MANIFEST_FLAGS
        | {
            "field-manager", "output-patch", "save-config", "subresource", "validate",
            "windows-line-endings",
        },
    )
}  # fmt: skip
