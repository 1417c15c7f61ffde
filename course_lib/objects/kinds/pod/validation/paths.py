"""Paths and permissions of files: rules that volumes and mounts share."""

from __future__ import annotations

from course_lib.objects.field_errors import Errors, invalid

MODES = "must be a number between 0 and 0777 (octal), both inclusive"


def descending_path(text: str, path: str) -> Errors:
    """A relative path without `..` (`validateLocalDescendingPath`)."""
    if text.startswith("/"):
        yield invalid(path, text, "must be a relative path")
    yield from no_backsteps(text, path)


def no_backsteps(text: str, path: str) -> Errors:
    """A path none of whose elements is `..` (`validatePathNoBacksteps`)."""
    if ".." in text.split("/"):
        yield invalid(path, text, "must not contain '..'")


def unreserved_path(text: str, path: str) -> Errors:
    """A relative path that does not begin with two dots (`ValidateLocalNonReservedPath`)."""
    yield from descending_path(text, path)
    if text.startswith("..") and not text.startswith("../"):
        yield invalid(path, text, "must not start with '..'")


def mode(value: int | None, path: str) -> Errors:
    """The permissions of a file."""
    if value is not None and not 0 <= value <= 0o777:
        yield invalid(path, value, MODES)
