"""`kubectl get --raw`: what the server answers at a path, as it is.

Source: kubectl `pkg/cmd/get/get.go` (`Validate`), `pkg/rawhttp/raw.go`.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from course_lib.command_line.values import quoted
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation


def raw(call: Invocation) -> None:
    """Print the answer; raises `CommandError` for flags that do not go with it."""
    flags, path = call.flags, call.flags.text("raw")
    if call.args:
        raise CommandError("arguments may not be passed when --raw is specified")
    if flags.on("watch") or flags.on("watch-only") or flags.text("selector"):
        raise CommandError(
            "--raw may not be specified with other flags that filter the server request or "
            "alter the output"
        )
    if flags.text("output"):
        raise CommandError("--raw and --output are mutually exclusive")
    if not path.startswith("/"):
        raise CommandError(
            f"--raw must be a valid URL path: parse {quoted(path)}: invalid URI for request"
        )
    parts = urlsplit(path)
    call.out(call.server.text(parts.path, dict(parse_qsl(parts.query, keep_blank_values=True))))
