"""Labels in one word, as `expose` and `run` take them: `app=web,tier=front`.

Source: `parseLabels` of kubectl `pkg/cmd/run/run.go` and `pkg/cmd/expose/expose.go`.
"""

from __future__ import annotations

from course_lib.kubectl.failures import CommandError


def labels_of(text: str) -> dict[str, str]:
    """The labels of a `text`; raises `CommandError` for another form."""
    found: dict[str, str] = {}
    for part in text.split(",") if text else []:
        key, equals, value = part.partition("=")
        if not equals or "=" in value:
            raise CommandError(f"unexpected label spec: {part}")
        if not key:
            raise CommandError("unexpected empty label key")
        found[key] = value
    return found
