"""Manifests: YAML or JSON text, with several documents, as plain documents with fields at paths.

Every document of a file is read and checked before the first is used, so that one bad document
leaves nothing half-applied.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from course_lib.errors import InvalidManifest
from course_lib.objects.yaml_text import MAX_BYTES, MAX_DEPTH, parse

T = TypeVar("T")

Json = Any  # whatever JSON can say
Document = dict[str, Any]
Source = str | Path | Mapping[str, Any] | list[Any]


def read_manifests(source: Source) -> list[Document]:
    """The documents of a path, a folder, text, a dict, or a list of these.

    A folder's files are those that kubectl reads: *.json, *.yaml and *.yml, by name.

    Raises `InvalidManifest` for what cannot be read, with the place where it is.

    >>> [d["kind"] for d in read_manifests("kind: A\\n---\\nkind: B")]
    ['A', 'B']
    """
    if isinstance(source, Mapping):
        return list(_items(plain(source), "document"))
    if isinstance(source, list | tuple):
        return [document for part in source for document in read_manifests(part)]
    if isinstance(source, Path) or (isinstance(source, str) and _is_path(source)):
        path = Path(source)
        return _folder(path) if _is_folder(path) else _documents(_text(path), path.name)
    if isinstance(source, str):
        return _documents(source, "text")
    raise InvalidManifest(
        "a manifest is a path, a folder, YAML text, a dict, or a list of these",
        found=f"{type(source).__name__} {str(source)[:40]!r}",
    )


def _is_path(text: str) -> bool:
    """Whether one line names a file or folder: no document of one line looks like these."""
    if not text or "\n" in text or len(text) > 1000:
        return False
    named = text.rstrip("/").endswith((".yaml", ".yml", ".json"))
    return (named and not text.startswith(("{", "["))) or _is_folder(Path(text))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _folder(path: Path) -> list[Document]:
    files = sorted(f for f in path.iterdir() if f.suffix in (".yaml", ".yml", ".json"))
    if not files:
        raise InvalidManifest(
            f"error reading [{path}]: recognized file extensions are [.json .yaml .yml]",
            where=str(path),
            found="a folder without such files",
        )
    return [document for file in files for document in _documents(_text(file), file.name)]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise InvalidManifest(
            "the manifest is not UTF-8 text",
            where=str(path),
            found=f"the byte {problem.object[problem.start]:#04x} at position {problem.start}",
            do="save the file as UTF-8",
        ) from None
    except (OSError, ValueError) as problem:
        raise InvalidManifest(
            "cannot read the manifest",
            where=str(path),
            found=getattr(problem, "strerror", None) or str(problem),
            do="check the path; notebooks run in the folder notebooks/",
        ) from None


def _documents(text: str, name: str) -> list[Document]:
    found: list[Document] = []
    for number, document in enumerate(parse(text, name), start=1):
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
    items, kind = document.get("items"), str(document.get("kind", ""))
    if kind == "List" and not isinstance(items, list):
        at, found = f"{where}: items", repr(items)[:60]
        raise InvalidManifest("a List has items", where=at, expected="list", found=found)
    if kind.endswith("List") and isinstance(items, list):
        inferred = {"apiVersion": document.get("apiVersion"), "kind": kind.removesuffix("List")}
        for position, item in enumerate(items):
            if kind != "List" and isinstance(item, dict):
                item = {k: v for k, v in inferred.items() if v} | item
            yield from _items(item, f"{where}: items[{position}]")
    else:
        yield document


def plain(value: Any, where: str = "document", nulls: bool = False) -> Any:
    """A copy of a `value` in JSON's types: string keys, finite numbers; `nulls` stay, or go.

    `where` it stands is told in messages.

    Raises `InvalidManifest` for anything else, and for what is nested deeper or is larger than
    the API server reads.
    """
    copy = _copied(value) if nulls else None
    return _plain(value, where, 0, [MAX_BYTES], nulls) if copy is None else copy


def _copied(value: Any) -> Any:
    """A copy of what is in JSON's types already, and neither large nor deep; else None."""
    try:
        written = msgspec.json.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None
    if len(written) > MAX_BYTES or written.count(b"{") + written.count(b"[") > MAX_DEPTH:
        return None
    copy = msgspec.json.decode(written)
    return copy if copy == value else None


def _plain(value: Any, where: str, depth: int, room: list[int], nulls: bool) -> Any:
    if isinstance(value, str):
        _take(room, len(value), where)
        return _unicode(value, where)
    if depth > MAX_DEPTH:
        most = f"at most {MAX_DEPTH} levels"
        raise InvalidManifest("nested too deep", where=where, expected=most)
    if type(value) is dict or isinstance(value, Mapping):
        return _plain_mapping(value, where, depth, room, nulls)
    if isinstance(value, list | tuple):
        _take(room, 2 + 2 * len(value), where)
        return [_plain(item, where, depth + 1, room, nulls) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidManifest("not a number that JSON has", where=where, found=str(value))
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        found = str(value)[:60]
        raise InvalidManifest(
            "the number is too large", where=where, expected="64 bits", found=found
        )
    if value is None or isinstance(value, int | float):
        return value
    raise InvalidManifest(
        "a manifest holds text, numbers, true and false, lists and mappings",
        where=where,
        found=f"{type(value).__name__} {str(value)[:40]!r}",
    )


def _plain_mapping(
    value: Mapping[object, object], where: str, depth: int, room: list[int], nulls: bool
) -> Document:
    size, result = 2 + 8 * len(value), Document()  # `"key": 1,` at the least
    for key, item in value.items():
        if item is None and not nulls:
            continue
        if type(key) is not str or not key.isascii():
            key = _key(key, where)
        if type(item) is str and item.isascii():  # most of all parts
            size += len(item)
            result[key] = item
        elif type(item) is bool:
            result[key] = item
        else:
            result[key] = _plain(item, where, depth + 1, room, nulls)
    _take(room, size, where)
    return result


def _take(room: list[int], size: int, where: str) -> None:
    """Count bytes against those that the API server reads."""
    room[0] -= size
    if room[0] < 0:
        said = f"Request entity too large: limit is {MAX_BYTES}"
        raise InvalidManifest(said, where=where, expected="3 MiB")


def _unicode(text: str, where: str) -> str:
    """Text that can be written as UTF-8: half a surrogate pair cannot."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidManifest("not Unicode text", where=where, found=repr(text)[:60]) from None
    return text


def _key(key: Any, where: str) -> str:
    if isinstance(key, str):
        return _unicode(key, where)
    if isinstance(key, int | float):
        return str(key).lower() if isinstance(key, bool) else str(key)
    raise InvalidManifest("a key is text", where=where, found=repr(key)[:60])


def places(
    document: Any, path: str, create: bool = True, before: object = None
) -> Iterator[Document]:
    """The mappings of a `document` at a `path`; with `create` missing ones are made, but not in
    lists.

    What has another shape than the path expects is passed over, and so is what is the same object
    as in `before`, at that place or in that list.

    >>> pod = {"spec": {"containers": [{"name": "a"}, {"name": "b"}]}}
    >>> [each["name"] for each in places(pod, "spec.containers[*]")]
    ['a', 'b']
    """
    yield from _places(document, path.split(".") if path else [], create, before)


def _places(document: Any, steps: list[str], create: bool, before: object) -> Iterator[Document]:
    if not isinstance(document, dict) or document is before:
        return
    if not steps:
        yield document
        return
    step, rest, was = steps[0], steps[1:], before if isinstance(before, dict) else {}
    if step.endswith("[*]"):
        items, old = document.get(step[:-3]), was.get(step[:-3])
        known = set(map(id, old)) if isinstance(old, list) else ()
        for item in items if isinstance(items, list) else ():
            if id(item) not in known:
                yield from _places(item, rest, create, None)
        return
    if create and document.get(step) is None:  # null counts as left out, as in Go's types
        document[step] = {}
    if step in document:
        yield from _places(document[step], rest, create, was.get(step))


def filled_paths(document: Any, path: str) -> list[str]:
    """The places of a path that hold something, each with the positions in its lists.

    >>> filled_paths({"spec": {"tls": [{"hosts": ["a.example"]}]}}, "spec.tls")
    ['spec.tls']
    """
    return [at.removeprefix(".") for at in _filled(document, path.split("."), "")]


def _filled(value: Any, steps: list[str], at: str) -> Iterator[str]:
    if not steps:
        if value:
            yield at
    elif isinstance(value, dict):
        step = steps[0].removesuffix("[*]")
        inner = value.get(step)
        if step == steps[0] and inner is not None:
            yield from _filled(inner, steps[1:], f"{at}.{step}")
        elif step != steps[0] and isinstance(inner, list):
            for number, item in enumerate(inner):
                yield from _filled(item, steps[1:], f"{at}.{step}[{number}]")


def value_at(document: Any, path: str) -> Any:
    """What a document has at a path of fields with dots between; None where it has nothing.

    >>> value_at({"spec": {"replicas": 3}}, "spec.replicas"), value_at({"spec": None}, "spec.size")
    (3, None)
    """
    for step in path.split("."):
        document = document.get(step) if isinstance(document, dict) else None
    return document


def text_at(document: Any, path: str) -> str:
    """The value of a document at a path, as a field selector compares it; empty for none.

    >>> text_at({"spec": {"nodeName": "node-1", "hostPID": True}}, "spec.hostPID")
    'true'
    """
    for step in path.split("."):
        document = document.get(step) if isinstance(document, dict) else None
    if isinstance(document, bool):
        return str(document).lower()
    return "" if document is None else str(document)


def sorted_keys(value: T) -> T:
    """A document, or a part of one, whose mappings have their keys in order, as Go writes maps.

    >>> sorted_keys({"b": [{"d": 1, "c": 2}], "a": 0})
    {'a': 0, 'b': [{'c': 2, 'd': 1}]}
    """
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}  # type: ignore[return-value]
    if isinstance(value, list):
        return [sorted_keys(item) for item in value]  # type: ignore[return-value]
    return value
