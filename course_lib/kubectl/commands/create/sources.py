"""What a ConfigMap or Secret is made of: literals, files, folders, and files of variables.

Source: `ParseFileSource` and `ParseLiteralSource` of kubectl `pkg/util/util.go`; `AddFromEnvFile`
of `pkg/cmd/util/env_file.go`; `handle...Sources` of `pkg/cmd/create/create_configmap.go`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.objects.validation.formats import strict_variable_name

FLAGS = ("append-hash", "from-env-file", "from-file", "from-literal")
Add = Callable[[str, bytes], None]  # a key with its value


def check_combined(call: Invocation) -> None:
    """Raise `CommandError` for files of variables together with other sources."""
    flags = call.flags
    others = flags.texts("from-file") or flags.texts("from-literal")
    if flags.texts("from-env-file") and others:
        raise CommandError("from-env-file cannot be combined with from-file or from-literal")


def add_literals(call: Invocation, add: Add) -> None:
    """Add what `--from-literal` says; raises `CommandError`."""
    for source in call.flags.texts("from-literal"):
        key, equals, value = source.partition("=")
        if not equals or not key:
            raise CommandError(f"invalid literal source {source}, expected key=value")
        add(key, value.encode())


def add_files(sources: list[str], add: Add) -> None:
    """Add the files that `--from-file` names, each under a key; raises `CommandError`."""
    for source in sources:
        key, path = _file_source(source)
        _check_there(path)
        if not Path(path).is_dir():
            add(key, _read(path))
            continue
        if "=" in source:
            raise CommandError("cannot give a key name for a directory path")
        for each in sorted(Path(path).iterdir()):
            if each.is_file() and not each.is_symlink():
                add(each.name, _read(str(each)))


def add_variables(call: Invocation, add: Add, kind: str) -> None:
    """Add the variables of the files of `--from-env-file`; raises `CommandError`.

    `call` names the files, `add` takes each variable; `kind` is what is made, as in `config`.
    """
    for path in call.flags.texts("from-env-file"):
        _check_there(path)
        if Path(path).is_dir():
            raise CommandError(f"env {kind} file cannot be a directory")
        for key, value in _variables(path):
            add(key, value.encode())


def _file_source(source: str) -> tuple[str, str]:
    key, equals, path = source.partition("=")
    if not equals:
        return os.path.basename(source.rstrip("/")) or "/", source
    if "=" in path:
        raise CommandError("key names or file paths cannot contain '='")
    if not key:
        raise CommandError(f"key name for file path {path} missing")
    if not path:
        raise CommandError(f"file path for key name {key} missing")
    return key, path


def _check_there(path: str) -> None:
    try:
        os.stat(path)
    except OSError as problem:
        raise CommandError(f"error reading {path}: {reason_of(problem)}") from None


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as problem:
        raise CommandError(f"open {path}: {reason_of(problem)}") from None


def reason_of(problem: OSError) -> str:
    """Why a file cannot be had, in Go's words."""
    return (problem.strerror or str(problem)).lower()


def _variables(path: str) -> Iterator[tuple[str, str]]:
    """The variables of a file: a line without `=` means that of the environment, which is empty."""
    for number, line in enumerate(_read(path).split(b"\n")):
        try:
            text = line.decode()
        except UnicodeDecodeError:
            shown = " ".join(map(str, line))
            said = f"env file {path} contains invalid utf8 bytes at line {number + 1}: [{shown}]"
            raise CommandError(said) from None
        text = (text.removeprefix("\ufeff") if number == 0 else text).removesuffix("\r").lstrip()
        if not text or text.startswith("#"):
            continue
        key, _, value = text.partition("=")
        if problems := strict_variable_name(key):
            raise CommandError(f'"{key}" is not a valid key name: {";".join(problems)}')
        yield key, value
