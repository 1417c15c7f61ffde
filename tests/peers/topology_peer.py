"""How server-side apply merges types: `python -m tests.peers.topology_peer` writes it anew.

The schema stands as a constant in client-go, `applyconfigurations/internal/internal.go`.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from course_lib.objects.api_types.table import table
from tests.peers import golang

STORED = golang.HERE.parents[1] / "course_lib" / "objects" / "api_types" / "topology.txt"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def topology() -> str:
    """What is not merged field by field, and by which fields items of lists are told apart."""
    found = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/client-go"],
        cwd=golang.HERE, capture_output=True, text=True, check=True,
    )  # fmt: skip
    source = Path(found.stdout.strip()) / "applyconfigurations" / "internal" / "internal.go"
    text = re.search(r"schemaYAML = typed.YAMLObject\(`(.*?)`\)", source.read_text(), re.DOTALL)
    assert text is not None
    known, lines = set(table().structs), list[str]()
    for each in yaml.load(text[1], Loader=LOADER)["types"]:
        if each["name"].count(".") < 3:
            continue
        group, version, name = each["name"].split(".")[-3:]
        struct = f"{group}/{version}.{name}"
        if struct in known and "map" in each:
            lines += [f"{struct} {line}" for line in _lines(each["map"])]
    return "\n".join(sorted(lines)) + "\n"


def _lines(struct: dict[str, Any]) -> list[str]:
    found = ["* atomic"] if struct.get("elementRelationship") == "atomic" else []
    for field in struct.get("fields") or []:
        type = field["type"]
        inner = type.get("list") or type.get("map") or {}
        relation = type.get("elementRelationship") or inner.get("elementRelationship")
        if "list" in type and relation == "associative":
            keys = type["list"].get("keys")
            found.append(f"{field['name']} {'map=' + ','.join(keys) if keys else 'set'}")
        elif "list" not in type and relation == "atomic":
            found.append(f"{field['name']} atomic")
        if field.get("default") not in (None, "", 0, {}, False):
            found.append(f"{field['name']} default={field['default']}")
    return found


if __name__ == "__main__":
    STORED.write_text(topology())
