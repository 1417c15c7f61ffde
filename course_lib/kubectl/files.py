"""Manifests that a command is given: files, folders, standard input; `-` is the cell or the pipe.

Source: cli-runtime `resource/visitor.go` (`ExpandPathsToFileVisitors`, `StreamVisitor`) and
`builder.go` (`FilenameParam`); apimachinery `pkg/util/yaml/decoder.go`.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

import yaml

from course_lib.kubectl.failures import CommandError
from course_lib.objects.manifests import Json
from course_lib.objects.validation.json_text import END, syntax_problem
from course_lib.objects.yaml_text import lenient

ENDINGS = (".json", ".yaml", ".yml")
STDIN = "STDIN"  # what messages call standard input
_SEPARATOR = "---"


class FileDocument(NamedTuple):
    """One document, and where it stands."""

    document: Json
    source: str


class ManifestSource(NamedTuple):
    """What one path of `-f` names: a file, or standard input with its text."""

    name: str
    path: Path | None = None
    text: str = ""

    def documents(self) -> Iterator[FileDocument]:
        """Its documents, one after the other; raises `CommandError` where it cannot be read."""
        text = self.text
        if self.path is not None:
            try:
                text = self.path.read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as problem:
                raise CommandError(str(problem)) from None
        try:
            for document in _values(text):
                if document is not None:
                    yield FileDocument(document, self.name)
        except _Unreadable as problem:
            raise CommandError(f"error parsing {self.name}: {problem}") from None


class ManifestSources(NamedTuple):
    """All that `-f` names; `single` says that it is one file, and no folder."""

    found: list[ManifestSource]
    single: bool


class _Unreadable(ValueError):
    """A text that is neither YAML nor JSON."""


def sources(paths: Sequence[str], recursive: bool, stdin: TextIO) -> ManifestSources:
    """The files of paths, of folders (`recursive`: and of theirs), and standard input.

    `paths` are those of `-f`; `-` means `stdin`.

    Raises `CommandError` for what is not there.
    """
    found: list[ManifestSource] = []
    folder = False
    for path in paths:
        if path == "-":
            found.append(ManifestSource(STDIN, text=stdin.read()))
            continue
        if path.startswith(("http://", "https://")):
            raise CommandError(f"unable to read URL {path!r}: the course has no network of its own")
        for match in _matches(path):
            folder = folder or match.is_dir()
            found += [ManifestSource(str(file), file) for file in _files(match, recursive)]
    if not found:
        named, endings = " ".join(paths), " ".join(ENDINGS)
        raise CommandError(f"error reading [{named}]: recognized file extensions are [{endings}]")
    return ManifestSources(found, len(found) == 1 and not folder and "-" not in paths)


def _matches(pattern: str) -> list[Path]:
    """The path itself, or those that fit it as a pattern."""
    path = Path(pattern)
    matches = [path] if path.exists() else [Path(each) for each in sorted(glob.glob(pattern))]
    if not matches:
        raise CommandError(f'the path "{pattern}" does not exist')
    return matches


def _files(path: Path, recursive: bool) -> list[Path]:
    if not path.is_dir():
        return [path]
    inside = sorted(path.rglob("*") if recursive else path.iterdir())
    return [file for file in inside if file.is_file() and file.suffix in ENDINGS]


def _values(text: str) -> Iterator[Json]:
    """The values of a text: JSON, one after the other, or documents of YAML."""
    if not text.lstrip().startswith("{"):
        for document in parts(text):
            yield _read(document)
        return
    decoder, place, found = json.JSONDecoder(), 0, list[Json]()
    try:
        while text[place:].strip():
            place += len(text[place:]) - len(text[place:].lstrip())
            value, place = decoder.raw_decode(text, place)
            found.append(value)
    except (json.JSONDecodeError, RecursionError):
        found = [_mapping_or_problem(each, text) for each in parts(text)]
    yield from found


def _mapping_or_problem(document: str, text: str) -> Json:
    """A document that begins as JSON and is none: perhaps one of YAML."""
    try:
        return _read(document)
    except _Unreadable:
        why = syntax_problem(text)
        if why == END:
            raise _Unreadable("unexpected EOF") from None
        try:
            json.loads(text)
        except json.JSONDecodeError as problem:
            raise _Unreadable(f"json: offset {problem.pos + 1}: {why}") from None
        raise


def parts(text: str) -> Iterator[str]:
    """The documents of a text of YAML (`YAMLReader`); raises `ValueError` for a wrong separator."""
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if line.startswith(_SEPARATOR):
            rest = line[len(_SEPARATOR) :].strip()
            if rest and not rest.startswith("#"):
                raise _Unreadable(f"invalid Yaml document separator: {rest}")
            if lines:
                yield "".join(lines)
                lines = []
                continue
        lines.append(line)
    if lines:
        yield "".join(lines)


def _read(document: str) -> Json:
    try:
        return lenient(document if document.endswith("\n") else document + "\n")
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        raise _Unreadable(f"error converting YAML to JSON: {yaml_problem(problem)}") from None


# What PyYAML says, and go-yaml in its place.
_SAID = (
    ("expected ',' or ']'", "did not find expected ',' or ']'"),
    ("expected ',' or '}'", "did not find expected ',' or '}'"),
    ("expected the node content", "did not find expected node content"),
    ("expected '<document start>'", "did not find expected <document start>"),
    ("mapping values are not allowed", "mapping values are not allowed in this context"),
    ("mapping keys are not allowed", "mapping keys are not allowed in this context"),
    ("sequence entries", "block sequence entries are not allowed in this context"),
    ("that cannot start any token", "found character that cannot start any token"),
)


def yaml_problem(problem: Exception) -> str:
    """What is wrong with a text of YAML, as go-yaml says it (`fail` in `decode.go`)."""
    found = getattr(problem, "problem", None) or str(problem)
    said = next((theirs for ours, theirs in _SAID if ours in found), found)
    if found.startswith("expected <block end>"):
        within = str(getattr(problem, "context", ""))
        wanted = "'-' indicator" if "collection" in within or "sequence" in within else "key"
        said = f"did not find expected {wanted}"
    if found.startswith("found undefined alias"):
        alias = found.removeprefix("found undefined alias ")
        return f"yaml: unknown anchor {alias} referenced"
    scanning = isinstance(problem, yaml.scanner.ScannerError)
    for name in ("problem_mark", "context_mark"):
        mark = getattr(problem, name, None)
        if mark is not None and mark.line:
            return f"yaml: line {mark.line + scanning}: {said}"
    return f"yaml: {said}"
