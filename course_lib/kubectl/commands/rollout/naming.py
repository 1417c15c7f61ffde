"""The objects that `kubectl rollout` is about: a kind alone means all its objects."""

from __future__ import annotations

from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.selection import Selection
from course_lib.kubectl.typed import typed


def check_named(call: Invocation) -> None:
    """Raise `CommandError` for a command that names no object."""
    if not call.args and not call.flags.texts("filename"):
        raise CommandError("required resource not specified")


def check_revision(number: int) -> None:
    """Raise `CommandError` for a revision that cannot be."""
    if number < 0:
        raise CommandError(f"revision must be a positive integer: {number}")


def select(call: Invocation) -> Selection:
    """The objects that the command is about, each as Go writes it."""
    found = call.select(call.wanted(call.args, everything=True))
    for each in found.chosen:
        each.document = typed(each.document)
    return found


def nothing_found(call: Invocation) -> None:
    """Say that there is no such object."""
    call.error(f"No resources found in {call.namespace} namespace.\n")
