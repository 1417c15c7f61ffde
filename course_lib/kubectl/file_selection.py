"""Which objects a command is about that is given files, or a kustomization.

Source: `visitByPaths` of cli-runtime `resource/builder.go`; `SetNamespace`, `RequireNamespace`,
`FilterNamespace`, `FlattenListVisitor` of `visitor.go`; `Info.Get`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TextIO

from course_lib.errors import CourseError
from course_lib.kubectl import files
from course_lib.kubectl.chosen import Chosen, Selection, Wanted
from course_lib.kubectl.decoding import decoded, validate
from course_lib.kubectl.failures import CommandError, RefusedRequest
from course_lib.kubectl.kubeconfig import DEFAULT_NAMESPACE
from course_lib.kubectl.kustomize import build
from course_lib.kubectl.printers.documents import to_yaml
from course_lib.kubectl.resources import Resource, ResourceMapper
from course_lib.kubectl.server import Path, ServerAPI
from course_lib.objects.manifests import Document, Json
from course_lib.objects.selectors import EVERYTHING, parse_selector

NO_MATCH = 'no matches for kind "{kind}" in version "{version}"'
NOT_RECOGNISED = (
    'resource mapping not found for name: "{name}" namespace: "{namespace}" from "{source}": '
    f"{NO_MATCH}\nensure CRDs are installed first"
)


class Asking(Protocol):
    """What a search needs of the command that it is for."""

    @property
    def server(self) -> ServerAPI:
        """The API server."""

    @property
    def resources(self) -> ResourceMapper:
        """What the server has."""

    @property
    def namespace(self) -> str:
        """The namespace of the command."""

    @property
    def explicit_namespace(self) -> bool:
        """Whether the command names it."""

    @property
    def stdin(self) -> TextIO:
        """What `-f -` reads."""

    def note(self, text: str) -> None:
        """Tell a line beside the command's output."""


def fetched(server: ServerAPI, chosen: Chosen, wanted: Wanted) -> Chosen:
    """A chosen object as the server has it; raises `RefusedRequest` (`Info.Get`).

    `wanted` says which part of it, and in which form. Where the namespace is missing, that is what
    is said.
    """
    if not chosen.name:
        raise CommandError("resource name may not be empty")
    space = chosen.namespace
    if chosen.resource.namespaced and not space:
        of = chosen.resource
        kind = f"{of.group}/{of.version}, Resource={of.plural}"
        raise CommandError(f'no namespace set on resource {kind} "{chosen.name}"')
    path = chosen.resource.path(space, chosen.name, wanted.part)
    try:
        document = server.get(path, wanted.extra, wanted.accept)
    except RefusedRequest as refusal:
        if refusal.reason == "NotFound" and space not in ("", DEFAULT_NAMESPACE):
            _look_for_namespace(server, space)
        raise
    return Chosen(chosen.resource, space, chosen.name, document, chosen.source)


def _look_for_namespace(server: ServerAPI, name: str) -> None:
    try:
        server.get(Path("v1", "namespaces", "", name))
    except RefusedRequest as refusal:
        if refusal.reason == "NotFound":
            raise


class OtherNamespace(CommandError):
    """A manifest names another namespace than the command."""


class FileSelector:
    """Finds the objects that files describe."""

    def __init__(self, asking: Asking, wanted: Wanted) -> None:
        self._asking, self._wanted = asking, wanted
        self._selector = EVERYTHING
        self._late: list[CommandError] = []

    def select(self) -> Selection:
        """All of them, with what went wrong; raises `CommandError` for what makes no sense."""
        wanted = self._wanted
        _check(wanted)
        named = files.ManifestSources([], single=True)
        if wanted.paths:
            named = files.sources(wanted.paths, wanted.recursive, self._asking.stdin)
        if wanted.words:
            raise CommandError(_beside_words(wanted.words))
        if wanted.labels:
            try:
                self._selector = parse_selector(wanted.labels)
            except CourseError as problem:
                said = f'the provided selector "{wanted.labels}" is not valid: {problem.what}'
                raise CommandError(said) from None
        found = [each for source in named.found for each in self.of(source)]
        if wanted.kustomization:
            found += self._built(wanted.kustomization)
        return Selection(found, named.single and len(found) == 1, self._late)

    def _built(self, folder: str) -> Iterator[Chosen | CommandError]:
        """What a kustomization has; one that cannot be built is a failure (`KustomizeVisitor`)."""
        try:
            documents = build(folder, self._asking.note)
        except CommandError as problem:
            self._late.append(problem)
            yield problem
            return
        yield from self.of(files.ManifestSource(folder, text="---\n".join(map(to_yaml, documents))))

    def of(self, source: files.ManifestSource) -> Iterator[Chosen | CommandError]:
        """What one file has; its first error ends it, but for one that is about a document."""
        try:
            for each in source.documents():
                if self._wanted.validate:
                    validate(each.document, each.source)
                yield from self._described(each.document, each.source)
        except CommandError as problem:
            self._late.append(problem)
            yield problem

    def _described(self, value: Json, source: str) -> Iterator[Chosen | CommandError]:
        try:
            document = decoded(value, source)
            items = list(_items(document))
        except CommandError as problem:
            self._late.append(problem)
            yield problem
            return
        for item in items:
            try:
                chosen = self._placed(item, source, inside=item is not document)
                if not self._selector.matches(_labels(item)):
                    continue
                if self._wanted.latest:
                    chosen = fetched(self._asking.server, chosen, self._wanted)
                yield chosen
            except CommandError as problem:
                if not (self._wanted.missing_ok and _is_missing(problem)):
                    if not isinstance(problem, OtherNamespace):
                        self._late.append(problem)
                    yield problem

    def _placed(self, document: Document, source: str, inside: bool) -> Chosen:
        """The object of a document, in its namespace; `inside` says that it is one of a list."""
        resource = self._asking.resources.of(document)
        meta = document.get("metadata") or {}
        name, space = str(meta.get("name") or ""), str(meta.get("namespace") or "")
        if resource is None:
            said = f"unable to recognize {NO_MATCH}" if inside else NOT_RECOGNISED
            raise CommandError(
                said.format(
                    name=name,
                    namespace=space,
                    source=source,
                    kind=document.get("kind", ""),
                    version=document.get("apiVersion", ""),
                )
            )
        if self._wanted.local:
            return Chosen(resource, space, name, document, source)
        place = self._space_of(resource, space)
        if place != space:
            document = document | {"metadata": _in_namespace(meta, place)}
        return Chosen(resource, place, name, document, source)

    def _space_of(self, resource: Resource, written: str) -> str:
        asking = self._asking
        if not resource.namespaced:
            return ""
        if written and asking.explicit_namespace and written != asking.namespace:
            raise OtherNamespace(
                f'the namespace from the provided object "{written}" does not match the namespace '
                f"\"{asking.namespace}\". You must pass '--namespace={written}' to perform "
                "this operation."
            )
        return written or (asking.namespace if self._wanted.placed else "")


def _check(wanted: Wanted) -> None:
    if wanted.paths and wanted.kustomization:
        raise CommandError("only one of -f or -k can be specified")
    if wanted.kustomization and wanted.recursive:
        raise CommandError("the -k flag can't be used with -f or -R")


def _beside_words(words: object) -> str:
    first = next(iter(words))  # type: ignore[call-overload]
    if "/" in first:
        return "resource/name arguments cannot be provided when a path is specified"
    return (
        "when paths, URLs, or stdin is provided as input, you may not specify resource "
        "arguments as well"
    )


def _in_namespace(meta: Document, namespace: str) -> Document:
    if namespace:
        return meta | {"namespace": namespace}
    return {key: value for key, value in meta.items() if key != "namespace"}


def _labels(document: Document) -> dict[str, str]:
    found: dict[str, str] = (document.get("metadata") or {}).get("labels") or {}
    return found


def _is_missing(problem: CommandError) -> bool:
    return isinstance(problem, RefusedRequest) and problem.reason == "NotFound"


def _items(document: Document) -> Iterator[Document]:
    """A document, or those of the list that it is."""
    items = document.get("items")
    if not isinstance(items, list):
        yield document
        return
    for item in items:
        yield from _items(decoded(item, ""))
