"""Which fields kustomize changes: `python -m tests.peers.kustomize_fields_peer` writes them anew.

They stand as constants in the module `sigs.k8s.io/kustomize/api`.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import yaml

from tests.peers import golang

STORED = golang.HERE.parents[1] / "course_lib" / "kubectl" / "data" / "kustomize.txt"
FOLDER = "internal/konfig/builtinpluginconsts"
NAMES = {
    "commonlabels": "commonLabels", "templatelabels": "templateLabels",
    "commonannotations": "commonAnnotations", "images": "images", "replicas": "replicas",
    "namespace": "namespace", "namereference": "nameReference",
}  # fmt: skip


def fields() -> str:
    """The fields of all transformers as lines of text, as the package keeps them."""
    found = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kustomize/api"],
        cwd=golang.HERE, capture_output=True, text=True, check=True,
    )  # fmt: skip
    folder = Path(found.stdout.strip()) / FOLDER
    shared = _constant(folder / "metadatalabels.go")
    lines = []
    for file, name in NAMES.items():
        text = _constant(folder / f"{file}.go")
        if "Labels" in name:
            text += shared
        for each in yaml.safe_load(text)[name]:
            specs = each.get("fieldSpecs", [each])
            head = f"{name} {_kind(each)}" if "fieldSpecs" in each else name
            lines += [f"{head} : {_spec(spec)}" for spec in specs]
    return "\n".join(dict.fromkeys(lines)) + "\n"


def _constant(path: Path) -> str:
    found = re.search(r"`\n(.*?)`", path.read_text(), re.DOTALL)
    assert found is not None, path
    return found[1]


def _kind(spec: dict[str, str]) -> str:
    return "/".join(spec.get(field, "") or "*" for field in ("group", "version", "kind"))


def _spec(spec: dict[str, str]) -> str:
    return f"{_kind(spec)} {spec['path']}{' create' if spec.get('create') else ''}"


if __name__ == "__main__":
    STORED.write_text(fields())
