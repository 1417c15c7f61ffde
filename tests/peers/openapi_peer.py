"""The release's own OpenAPI documents, from its module: which fields of the API are required.

`python -m tests.peers.openapi_peer` writes them anew.
"""

from __future__ import annotations

import json
from typing import Any

from course_lib.apiserver.openapi import schema_name
from course_lib.objects.api_types.table import table
from course_lib.objects.release import VERSION
from tests.peers import golang

STORED = golang.HERE.parents[1] / "course_lib" / "objects" / "api_types" / "required.txt"


def published() -> dict[str, dict[str, Any]]:
    """All schemas that the release's API server publishes, by name."""
    folder = golang.source(f"k8s.io/kubernetes@{VERSION}") / "api" / "openapi-spec" / "v3"
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.json")):
        found |= json.loads(path.read_text()).get("components", {}).get("schemas", {})
    return found


def required() -> str:
    """The structs with the names of their required fields, as the package keeps them."""
    schemas = published()
    lines = []
    for struct in sorted(table().structs):
        names = schemas.get(schema_name(struct), {}).get("required", [])
        if names:
            lines.append(" ".join([struct, *sorted(names)]))
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    STORED.write_text(required())
