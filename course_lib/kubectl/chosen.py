"""What a command is about: how it names objects, and the objects that were found.

Source: `Info` and `Result` of cli-runtime `resource/visitor.go` and `result.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from course_lib.kubectl.failures import CommandError, in_two_lists, raise_all
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

    @property
    def described(self) -> str:
        """All that names it, in two lines (`Info.String`)."""
        kind = self.resource
        version = f"{kind.group}/{kind.version}"
        return (
            f'Resource: "{version}, Resource={kind.plural}", '
            f'GroupVersionKind: "{version}, Kind={kind.kind}"\n'
            f'Name: "{self.name}", Namespace: "{self.namespace}"'
        )

    def refreshed(self, document: Document) -> Chosen:
        """The same object, with what the server answered of it (`Info.Refresh`)."""
        meta = document.get("metadata") or {}
        name, space = meta.get("name", self.name), meta.get("namespace", "")
        return Chosen(self.resource, space, name, document, self.source)


class Selection(msgspec.Struct):
    """What a command is about, and what went wrong with some of it, in the order of the search.

    `late` are those failures that are told after what goes wrong with the objects; `single` says
    that the command named one object.
    """

    found: list[Chosen | CommandError]
    single: bool = False
    late: list[CommandError] = []

    @property
    def chosen(self) -> list[Chosen]:
        """The objects that were found."""
        return [each for each in self.found if isinstance(each, Chosen)]

    @property
    def failures(self) -> list[CommandError]:
        """What went wrong, in the order in which it is told."""
        failures = [each for each in self.found if isinstance(each, CommandError)]
        at_once = [each for each in failures if each not in self.late]
        return in_two_lists(at_once, self.late)

    def all(self) -> list[Chosen]:
        """All of them; raises what went wrong with any."""
        raise_all(self.failures)
        return self.chosen

    def visit(self, act: Callable[[Chosen], None]) -> None:
        """Call `act` for each; then raise what went wrong (`ContinueOnError`).

        A failure with one does not keep the others from their turn.
        """
        failures: list[CommandError] = []
        for each in self.found:
            try:
                if isinstance(each, Chosen):
                    act(each)
                elif each not in self.late:
                    failures.append(each)
            except CommandError as failure:
                failures.append(failure)
        raise_all(in_two_lists(failures, self.late))

    def until_failure(self) -> Iterator[Chosen]:
        """Each of them; raises the first thing that went wrong when it comes to it."""
        for each in self.found:
            if isinstance(each, CommandError):
                raise each
            yield each


class Wanted(msgspec.Struct):
    """How a command names objects.

    `words` are its arguments, `paths` the files (`-f`), `kustomization` the folder of `-k`;
    `labels` and `fields` are selectors, None where none was given. With `everything`, a kind alone
    means all its objects (with `--all`, or where the command lists). `part` is the subresource that
    is read. Without `placed`, nothing is looked for in the namespace of the command.
    """

    words: Sequence[str] = ()
    paths: Sequence[str] = ()
    kustomization: str = ""
    recursive: bool = False
    labels: str | None = None
    fields: str | None = None
    everything: bool = False
    all_namespaces: bool = False
    part: str = ""
    accept: str = JSON
    chunk: int = 500  # items that one answer has at most; 0: all
    extra: dict[str, str] = {}  # further parameters of each request
    local: bool = False  # files are all that there is: the server is not asked
    latest: bool = True  # what files name is read from the server
    read: bool = True  # what words name is read from the server
    validate: bool = False  # kubectl itself looks whether files hold objects
    flatten: bool = True  # lists become their items
    missing_ok: bool = False
    placed: bool = True
