"""Manifests: YAML or JSON text, with several documents, as plain documents.

Every document of a file is read and checked before the first is used, so that one bad document
leaves nothing half-applied.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from course_lib.errors import InvalidManifest

Document = dict[str, Any]
Source = str | Path | Mapping[str, Any] | list[Any]


class _Loader(yaml.SafeLoader):
    """YAML as Kubernetes reads it: into JSON's types alone, and no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        self.flatten_mapping(node)
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if isinstance(key_node, yaml.ScalarNode):
                if key_node.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"key {key_node.value!r} is set twice", key_node.start_mark
                    )
                seen.add(key_node.value)
        return super().construct_mapping(node, deep)


# Dates stay text: JSON has none, and neither has the API.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_manifests(source: Source) -> list[Document]:
    """The documents of a path, of text, of a dict, or of a list of these.

    >>> [d["kind"] for d in read_manifests("kind: A\\n---\\nkind: B")]
    ['A', 'B']
    """
    if isinstance(source, Mapping):
        return list(_items(plain(source), "document"))
    if isinstance(source, list):
        return [document for part in source for document in read_manifests(part)]
    if isinstance(source, Path) or _is_path(source):
        path = Path(source)
        files = sorted([*path.glob("*.yaml"), *path.glob("*.yml"), *path.glob("*.json")])
        if path.is_dir():
            return [d for file in files for d in _documents(_text(file), file.name)]
        return _documents(_text(path), path.name)
    return _documents(str(source), "text")


def _is_path(text: str) -> bool:
    return "\n" not in text and text.rstrip("/").endswith((".yaml", ".yml", ".json"))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as problem:
        raise InvalidManifest(
            "cannot read the manifest",
            where=str(path),
            found=problem.strerror or str(problem),
            do="check the path; notebooks run in the folder notebooks/",
        ) from None
    except UnicodeDecodeError as problem:
        raise InvalidManifest(
            "the manifest is not UTF-8 text", where=str(path), found=f"byte {problem.start}"
        ) from None


def _documents(text: str, name: str) -> list[Document]:
    try:
        parsed = list(yaml.load_all(text, Loader=_Loader))
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        said = getattr(problem, "problem", None) or str(problem) or type(problem).__name__
        raise InvalidManifest(
            "not YAML", where=name + line, expected="YAML or JSON documents", found=str(said)
        ) from None
    found: list[Document] = []
    for number, document in enumerate(parsed, start=1):
        if document is not None:
            where = f"{name}, document {number}"
            found.extend(_items(plain(document, where), where))
    return found


def _items(document: Any, where: str) -> Iterator[Document]:
    """A document by itself, or the documents of a List."""
    if not isinstance(document, dict):
        raise InvalidManifest(
            "a manifest is a mapping",
            where=where,
            expected="apiVersion, kind, metadata, ...",
            found=f"{type(document).__name__} {str(document)[:40]!r}",
        )
    if document.get("kind") == "List":
        items = document.get("items")
        if not isinstance(items, list):
            raise InvalidManifest(
                "a List has items", where=f"{where}: items", expected="list", found=repr(items)[:60]
            )
        for position, item in enumerate(items):
            yield from _items(item, f"{where}: items[{position}]")
    else:
        yield document


def plain(value: Any, where: str = "document", depth: int = 0) -> Any:
    """A copy in JSON's types: string keys, no nulls in mappings, finite numbers, bounded depth."""
    if depth > 100:
        raise InvalidManifest("nested too deep", where=where, expected="at most 100 levels")
    if isinstance(value, Mapping):
        return {
            _key(key, where): plain(item, where, depth + 1)
            for key, item in value.items()
            if item is not None
        }
    if isinstance(value, list | tuple):
        return [plain(item, where, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidManifest("not a number that JSON has", where=where, found=str(value))
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        raise InvalidManifest(
            "the number is too large", where=where, expected="64 bits", found=str(value)
        )
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise InvalidManifest(
        "a manifest holds text, numbers, true and false, lists and mappings",
        where=where,
        found=f"{type(value).__name__} {str(value)[:40]!r}",
    )


def _key(key: Any, where: str) -> str:
    if isinstance(key, bool):
        return str(key).lower()
    if isinstance(key, str | int | float):
        return str(key)
    raise InvalidManifest("a key is text", where=where, found=repr(key)[:60])
