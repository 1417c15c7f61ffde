"""Which objects a command is about: those that its words, files and selectors name.

Source: `Builder` of cli-runtime `resource/builder.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from course_lib.kubectl.chosen import Chosen, Selection, Wanted
from course_lib.kubectl.failures import CommandError, RefusedRequest
from course_lib.kubectl.file_selection import Asking, FileSelector, fetched
from course_lib.kubectl.resources import Resource
from course_lib.objects.manifests import Document

__all__ = ["Chosen", "ResourceSelector", "Selection", "Wanted"]
T = TypeVar("T")

MISSING = (
    "You must provide one or more resources by argument or filename.\n"
    "Example resource specifications include:\n"
    "   '-f rsrc.yaml'\n"
    "   '--filename=rsrc.json'\n"
    "   '<resource> <name>'\n"
    "   '<resource>'"
)


class ResourceSelector:
    """Finds the objects that a command is about."""

    def __init__(self, invocation: Asking, wanted: Wanted) -> None:
        self._invocation, self._wanted = invocation, wanted
        self._space = "" if wanted.all_namespaces else invocation.namespace

    def select(self) -> Selection:
        """All of them, with what went wrong; raises `CommandError` for words that make no sense."""
        wanted = self._wanted
        if wanted.paths or wanted.kustomization:
            return FileSelector(self._invocation, wanted).select()
        types, pairs, names = self._read_words()
        if wanted.labels is not None or wanted.fields is not None or _is_list(wanted, types, names):
            if names:
                raise CommandError("name cannot be provided when a selector is specified")
            if pairs:
                said = "selectors and the all flag cannot be used when passing "
                raise CommandError(said + "resource/name arguments")
            if not types:
                raise CommandError("at least one resource must be specified to use a selector")
            return self._listed(types)
        if pairs:
            return self._named([(self._resource(kind), name) for kind, name in pairs])
        if names:
            if len(types) > 1:
                raise CommandError("you must specify only one resource")
            resource = self._resource(types[0])
            return self._named([(resource, name) for name in names])
        if types:
            for each in types:
                self._resource(each)
            raise CommandError("resource(s) were provided, but no name was specified")
        raise CommandError(MISSING)

    # Words

    def _read_words(self) -> tuple[list[str], list[tuple[str, str]], list[str]]:
        """The words as types, pairs of type and name, and names."""
        words = _combined(list(self._wanted.words))
        with_slash = sum("/" in word for word in words)
        if with_slash and with_slash != len(words):
            raise CommandError(
                "there is no need to specify a resource type as a separate argument when passing "
                "arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' "
                "instead of 'kubectl get resource resource/<resource_name>'"
            )
        if with_slash:
            return [], [_pair(word) for word in words], []
        if not words:
            return [], [], []
        types = dict.fromkeys(self._invocation.resources.expanded(words[0]))
        return list(types), [], words[1:]

    def _resource(self, word: str) -> Resource:
        return self._invocation.resources.named(word)

    # From the server

    def _listed(self, types: Sequence[str]) -> Selection:
        if self._wanted.part:
            raise CommandError("subresource cannot be used when bulk resources are specified")
        resources = list(dict.fromkeys(self._resource(each) for each in types))
        return self._each(resources, self._lists)

    def _lists(self, resource: Resource) -> list[Chosen]:
        wanted = self._wanted
        query = ({"limit": str(wanted.chunk)} if wanted.chunk else {}) | wanted.extra
        if wanted.labels:
            query["labelSelector"] = wanted.labels
        if wanted.fields:
            query["fieldSelector"] = wanted.fields
        space = self._space if resource.namespaced else ""
        server, found = self._invocation.server, list[Chosen]()
        head = {"apiVersion": resource.api_version, "kind": resource.kind}
        while True:  # the list comes in parts (`FollowContinue`)
            try:
                answer = server.get(resource.path(space), query, wanted.accept)
            except RefusedRequest as refusal:
                raise _about_list(refusal, resource, query) from None
            if answer.get("kind") == "Table" or not wanted.flatten:
                found.append(Chosen(resource, space, "", answer))
            else:
                items = answer.get("items") or []
                found += [_chosen(resource, head | each) for each in items]
            query["continue"] = (answer.get("metadata") or {}).get("continue") or ""
            if not query["continue"]:
                return found

    def _named(self, pairs: Sequence[tuple[Resource, str]]) -> Selection:
        if self._wanted.all_namespaces and any(each.namespaced for each, _ in pairs):
            raise CommandError("a resource cannot be retrieved by name across all namespaces")
        if not self._wanted.placed and any(each.namespaced for each, _ in pairs):
            raise CommandError("namespace may not be empty when retrieving a resource by name")
        found = self._each(pairs, lambda pair: [self._one(*pair)])
        found.single = len(pairs) == 1
        return found

    def _one(self, resource: Resource, name: str) -> Chosen:
        space = self._invocation.namespace if resource.namespaced else ""
        one = Chosen(resource, space, name, {})
        return fetched(self._invocation.server, one, self._wanted) if self._wanted.read else one

    def _each(self, items: Iterable[T], find: Callable[[T], list[Chosen]]) -> Selection:
        """What is found for each item; a failure with one does not end the search."""
        found: list[Chosen | CommandError] = []
        for item in items:
            try:
                found += find(item)
            except RefusedRequest as refusal:
                if not (self._wanted.missing_ok and refusal.reason == "NotFound"):
                    found.append(refusal)
        return Selection(found)


def _is_list(wanted: Wanted, types: list[str], names: list[str]) -> bool:
    return wanted.everything and bool(types) and not names


def _combined(words: list[str]) -> list[str]:
    """`a,b c d` means `a/c a/d b/c b/d`."""
    kinds = list(dict.fromkeys(words[0].split(","))) if words else []
    if len(words) < 2 or len(kinds) < 2:
        return words
    return [f"{kind}/{name}" for kind in kinds for name in words[1:]]


def _pair(word: str) -> tuple[str, str]:
    parts = word.split("/")
    if len(parts) != 2:
        raise CommandError("arguments in resource/name form may not have more than one slash")
    kind, name = parts
    if not kind or not name or "," in kind:
        raise CommandError("arguments in resource/name form must have a single resource and name")
    return kind, name


def _chosen(resource: Resource, document: Document) -> Chosen:
    meta = document.get("metadata") or {}
    return Chosen(resource, meta.get("namespace", ""), meta.get("name", ""), document)


def _about_list(refusal: RefusedRequest, resource: Resource, query: dict[str, str]) -> CommandError:
    """What a refused list says before the server's words (`EnhanceListError`)."""
    if refusal.reason not in ("BadRequest", "NotFound"):
        return refusal
    subject = f'"{resource.group}/{resource.version}, Resource={resource.plural}"'
    labels, fields = query.get("labelSelector", ""), query.get("fieldSelector", "")
    if not labels and not fields:
        return refusal.prefixed(f"Unable to list {subject}: ")
    said = f'match label selector "{labels}", field selector "{fields}": '
    return refusal.prefixed(f"Unable to find {subject} that {said}")
