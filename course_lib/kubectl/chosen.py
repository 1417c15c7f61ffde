"""What a command is about: how it names objects, and the objects that were found.

Source: `Info` and `Result` of cli-runtime `resource/visitor.go` and `result.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from course_lib.kubectl.failures import CommandError, raise_all
from course_lib.kubectl.resources import Resource
from course_lib.kubectl.server import JSON, Path
from course_lib.objects.manifests import Document


class Chosen(msgspec.Struct):
    """One object that a command is about, or one list of them as the server sent it.

    `document` is what the server has, or what the file says; `source` is the file.
    """

    resource: Resource
    namespace: str
    name: str
    document: Document
    source: str = ""

    @property
    def path(self) -> Path:
        """Where the object is on the server."""
        return self.resource.path(self.namespace, self.name)

    @property
    def title(self) -> str:
        """Its resource and name, as errors call it: `deployments/web` (`Info.ObjectName`)."""
        return f"{self.resource.plural}/{self.name}"


class Selection(msgspec.Struct):
    """What a command is about: `single` says that it named one object."""

    chosen: list[Chosen]
    failures: list[CommandError]
    single: bool = False

    def all(self) -> list[Chosen]:
        """All of them; raises what went wrong with any."""
        raise_all(self.failures)
        return self.chosen

    def visit(self, act: Callable[[Chosen], None]) -> None:
        """Call `act` for each; then raise what went wrong (`ContinueOnError`).

        A failure with one does not keep the others from their turn.
        """
        failures = list(self.failures)
        for each in self.chosen:
            try:
                act(each)
            except CommandError as failure:
                failures.append(failure)
        raise_all(failures)


class Wanted(msgspec.Struct):
    """How a command names objects.

    `words` are its arguments, `paths` the files (`-f`), `labels` and `fields` selectors, which are
    None where none was given. With `everything`, a kind alone means all its objects (with
    `--all`, or where the command lists). `part` is the subresource that is read.
    """

    words: Sequence[str] = ()
    paths: Sequence[str] = ()
    recursive: bool = False
    labels: str | None = None
    fields: str | None = None
    everything: bool = False
    all_namespaces: bool = False
    part: str = ""
    accept: str = JSON
    chunk: int = 500  # items that one answer has at most; 0: all
    extra: dict[str, str] = {}  # further parameters of each request
    latest: bool = True  # what files name is read from the server
    flatten: bool = True  # lists become their items
    missing_ok: bool = False
