"""Changes of objects as strategic merge patches: what a command changes, and nothing else.

Source: `CalculatePatches` of kubectl `pkg/cmd/set/helper.go`; `Helper.Patch` of cli-runtime
`resource/helper.go`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable

import msgspec

from course_lib.client.strategic_diff import Map, two_way
from course_lib.kubectl.dry_run import DryRun
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.selection import Chosen
from course_lib.kubectl.server import STRATEGIC_PATCH, Query
from course_lib.kubectl.typed import typed
from course_lib.objects.manifests import Document

Change = Callable[[Document], bool]  # changes a document in place; False: there is nothing to do


class Patched(msgspec.Struct):
    """One object with what is to be changed in it, or with why it cannot be changed."""

    chosen: Chosen
    after: Document
    patch: Map
    failure: CommandError | None = None


def calculate(chosen: Iterable[Chosen], change: Change) -> list[Patched]:
    """The patches that make a `change` in those of `chosen` to which there is something to do."""
    found: list[Patched] = []
    for each in chosen:
        after = copy.deepcopy(each.document)
        try:
            if change(after):
                found.append(Patched(each, after, two_way(each.document, after)))
        except CommandError as failure:
            found.append(Patched(each, after, {}, failure))
    return found


def send(call: Invocation, patched: Patched, dry_run: DryRun = DryRun.NONE) -> Document:
    """Send what is `patched` for a `call`; returns the object. Raises `RefusedRequest`.

    `dry_run` of the server changes nothing.
    """
    query: Query = {"fieldManager": call.flags.text("field-manager")} | dry_run.query
    path = patched.chosen.path
    return typed(call.server.send("PATCH", path, query, patched.patch, STRATEGIC_PATCH))
