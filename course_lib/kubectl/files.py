"""Manifests that a command is given: files, folders, standard input; `-` is the cell or the pipe.

Source: cli-runtime `resource/visitor.go` (`ExpandPathsToFileVisitors`, `StreamVisitor`) and
`builder.go` (`FilenameParam`).
"""

from __future__ import annotations

import glob
import json
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple, TextIO

import yaml

from course_lib.kubectl.failures import CommandError
from course_lib.objects.manifests import Document

ENDINGS = (".json", ".yaml", ".yml")
STDIN = "STDIN"  # what messages call standard input


class FileDocument(NamedTuple):
    """One document, and where it stands."""

    document: Document
    source: str


class Manifests(NamedTuple):
    """All documents that `-f` names; `single` says that one file was named, and no folder."""

    found: list[FileDocument]
    single: bool


def read(paths: Sequence[str], recursive: bool, stdin: TextIO | None) -> Manifests:
    """Read the documents of files, folders (`recursive`: and theirs), and standard input.

    `paths` are those of `-f`; `-` means `stdin`.

    Raises `CommandError` for what is not there, and for what cannot be read.
    """
    found: list[FileDocument] = []
    single = len(paths) == 1 and paths[0] != "-" and not recursive
    for path in paths:
        if path == "-":
            found += _documents(stdin.read() if stdin else "", STDIN)
            continue
        if path.startswith(("http://", "https://")):
            raise CommandError(f"unable to read URL {path!r}: the course has no network of its own")
        for file in _files(path, recursive):
            found += _documents(file.read_text(encoding="utf-8-sig"), str(file))
    return Manifests(found, single)


def _files(pattern: str, recursive: bool) -> Iterator[Path]:
    path = Path(pattern)
    matches = [path] if path.exists() else [Path(each) for each in sorted(glob.glob(pattern))]
    if not matches:
        raise CommandError(f'the path "{pattern}" does not exist')
    for each in matches:
        if not each.is_dir():
            yield each
            continue
        inside = sorted(each.rglob("*") if recursive else each.iterdir())
        yield from (file for file in inside if file.is_file() and file.suffix in ENDINGS)


def _documents(text: str, source: str) -> Iterator[FileDocument]:
    for document in _parsed(text, source):
        if document is None:
            continue
        if not isinstance(document, dict):
            kind = "array" if isinstance(document, list) else type(document).__name__
            raise CommandError(
                f"error validating {json.dumps(source)}: error validating data: [invalid object to "
                f"validate: {kind}]; if you choose to ignore these errors, turn validation off "
                "with --validate=false"
            )
        yield FileDocument(document, source)


def _parsed(text: str, source: str) -> list[object]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if text.lstrip().startswith("{"):
            try:
                return _json_stream(text)
            except ValueError:
                pass  # it may be YAML in braces (`YAMLOrJSONDecoder`)
        return [_plain(each) for each in yaml.load_all(text, Loader=loader)]
    except (yaml.YAMLError, ValueError) as problem:
        raise CommandError(f"error parsing {source}: {_said(problem)}") from None


def _json_stream(text: str) -> list[object]:
    """Documents of JSON, one after the other."""
    decoder, found, place = json.JSONDecoder(), [], 0
    while text[place:].strip():
        place += len(text[place:]) - len(text[place:].lstrip())
        document, place = decoder.raw_decode(text, place)
        found.append(document)
    return found


def _plain(value: object) -> object:
    """A value of YAML as JSON has it: keys and dates are text."""
    if isinstance(value, dict):
        return {_key(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    assert isinstance(value, date), value  # a datetime is one, too
    return value.isoformat().replace("+00:00", "Z")


def _key(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _said(problem: Exception) -> str:
    mark = getattr(problem, "problem_mark", None)
    said = getattr(problem, "problem", None) or str(problem)
    if mark is None:
        return str(said)
    return f"error converting YAML to JSON: yaml: line {mark.line + 1}: {said}"
