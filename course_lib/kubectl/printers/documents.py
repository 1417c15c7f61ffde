"""Whole objects: as YAML, as JSON, or by name only.

Source: cli-runtime `pkg/printers` (`yaml.go`, `json.go`, `name.go`, `managedfields.go`); for the
styles of strings `stringv` of `sigs.k8s.io/yaml/goyaml.v2/encode.go`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import yaml

from course_lib.objects.manifests import Document

Write = Callable[[str], object]

# What YAML 1.1 would read as something else than text.
_OTHER = re.compile(
    r"""(?x)
    | ~ | null | Null | NULL | <<
    | y|Y|yes|Yes|YES|on|On|ON | n|N|no|No|NO|off|Off|OFF | true|True|TRUE | false|False|FALSE
    | [-+]?\.(?:inf|Inf|INF) | \.(?:nan|NaN|NAN)
    | [-+]?(?:[0-9][0-9_]*)(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)? | [-+]?\.[0-9_]+(?:[eE][-+]?[0-9]+)?
    | [-+]?0x[0-9a-fA-F_]+ | [-+]?0b[01_]+ | [-+]?0o?[0-7_]+
    | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?
    | \d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|\s+)\d{1,2}:\d{1,2}:\d{1,2}.*)?
    """
)


class _GoDumper(yaml.SafeDumper):
    """Writes text in the styles of go-yaml."""

    def ignore_aliases(self, data: object) -> bool:
        """Whether a value that occurs twice is written twice: always."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text:
        style = "|"
    elif _OTHER.fullmatch(text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_GoDumper.add_representer(str, _text)


def to_yaml(document: Any) -> str:
    """A value as kubectl writes it in YAML, its keys sorted.

    >>> print(to_yaml({"b": ["1", 1], "a": "x"}), end="")
    a: x
    b:
    - "1"
    - 1
    """
    return yaml.dump(document, Dumper=_GoDumper, default_flow_style=False, allow_unicode=True)


def to_json(document: Any) -> str:
    """A value as kubectl writes it in JSON: keys sorted, four blanks a level, safe within HTML."""
    text = json.dumps(document, indent=4, sort_keys=True, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


class YAMLPrinter:
    """Prints documents as YAML, with a line between two of them."""

    def __init__(self) -> None:
        self._printed = False

    def print(self, document: Document, write: Write) -> None:
        """Write one document."""
        write(("---\n" if self._printed else "") + to_yaml(document))
        self._printed = True


class JSONPrinter:
    """Prints documents as JSON."""

    def print(self, document: Document, write: Write) -> None:
        """Write one document."""
        write(to_json(document) + "\n")


class NamePrinter:
    """Prints what a document is: `deployment.apps/web`, and an `operation` that was done to it."""

    def __init__(self, operation: str = "") -> None:
        self._operation = operation

    def print(self, document: Document, write: Write) -> None:
        """Write a line for the object, or for each of a list."""
        if isinstance(document.get("items"), list) and str(document.get("kind")).endswith("List"):
            for each in document["items"]:
                self.print(each, write)
            return
        operation = f" {self._operation}" if self._operation else ""
        write(named(document) + operation + "\n")


def named(document: Document) -> str:
    """Kind, group and name of an object: `deployment.apps/web`."""
    group, _, _ = str(document.get("apiVersion", "")).rpartition("/")
    kind = str(document.get("kind", "")).lower()
    name = (document.get("metadata") or {}).get("name") or "<unknown>"
    return f"{kind}.{group}/{name}" if group else f"{kind}/{name}"


def without_managed_fields(document: Document) -> Document:
    """A document, or the list that it is, without who set which field."""
    if isinstance(document.get("items"), list):
        items = [without_managed_fields(each) for each in document["items"]]
        return document | {"items": items}
    meta = document.get("metadata")
    if not isinstance(meta, dict) or "managedFields" not in meta:
        return document
    return document | {"metadata": {k: v for k, v in meta.items() if k != "managedFields"}}
