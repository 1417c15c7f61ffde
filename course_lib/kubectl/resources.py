"""Which resources a server has, and which of them a word on the command line means.

Source: `ParseResourceArg` and `ParseKindArg` of apimachinery `runtime/schema`; `mappingFor` and
`ReplaceAliases` of cli-runtime `resource/builder.go`; client-go `restmapper` (`shortcut.go`,
`category_expansion.go`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.server import Path
from course_lib.objects.manifests import Document


class Resource(msgspec.Struct, frozen=True):
    """One resource of a server in one version, as discovery names it."""

    group: str
    version: str  # without the group
    kind: str
    plural: str
    singular: str
    namespaced: bool
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """Group and version, as `apiVersion` has it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def full_name(self) -> str:
        """The plural name with its group: `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def group_kind(self) -> str:
        """The kind with its group, in lower case: `deployment.apps`."""
        kind = self.kind.lower()
        return f"{kind}.{self.group}" if self.group else kind

    def path(self, namespace: str = "", name: str = "", part: str = "") -> Path:
        """Where the object of a `name` is, or all of a namespace; `part` is a subresource."""
        return Path(self.api_version, self.plural, namespace if self.namespaced else "", name, part)


class ResourceMapper:
    """All resources of a server; `groups` are its discovery documents.

    The first version of a group is the preferred one.
    """

    def __init__(self, groups: Sequence[Document]) -> None:
        self.all: list[Resource] = list(_resources(groups))
        first: dict[tuple[str, str], Resource] = {}
        for each in self.all:
            first.setdefault((each.group, each.plural), each)
        self.preferred: list[Resource] = list(first.values())

    def named(self, word: str) -> Resource:
        """The resource of a word: plural, singular, short name or kind, with version and group.

        `deployments`, `deploy`, `Deployment`, `deployments.apps`, `deployments.v1.apps`, `pods.v1.`
        (of any group). Raises `CommandError` for what the server does not have.
        """
        name, _, rest = word.partition(".")
        version, dot, group = rest.partition(".")
        if dot and (found := self._find(name, group, version)):
            return found
        if found := self._find(name, rest):
            return found
        raise CommandError(f'the server doesn\'t have a resource type "{name}"' + _in_group(rest))

    def of(self, document: Document) -> Resource | None:
        """The resource of a document, by its version and kind."""
        version, kind = document.get("apiVersion"), document.get("kind")
        for each in self.all:
            if each.api_version == version and each.kind == kind:
                return each
        return None

    def of_kind(self, kind: str, group: str = "") -> Resource | None:
        """The resource of a kind in its preferred version."""
        for each in self.preferred:
            if each.kind == kind and each.group == group:
                return each
        return None

    def expanded(self, words: str) -> list[str]:
        """The words of a list with commas, with categories such as `all` replaced by resources."""
        found: list[str] = []
        for word in words.split(","):
            members = [each.full_name for each in self.preferred if word in each.categories]
            found += members or [word]
        return found

    def _find(self, word: str, group: str = "", version: str = "") -> Resource | None:
        lower = word.lower()
        candidates = self.all if version else self.preferred
        for names in (_whole_names, _short_names):
            for each in candidates:
                fits = not group or each.group == group or (not version and _begins(each, group))
                if fits and version in ("", each.version) and lower in names(each):
                    return each
        return None


def _whole_names(resource: Resource) -> tuple[str, ...]:
    return resource.plural, resource.singular, resource.kind.lower()


def _short_names(resource: Resource) -> tuple[str, ...]:
    return resource.short_names


def _begins(resource: Resource, group: str) -> bool:
    """Whether a group is meant by its beginning: `ingresses.networking`."""
    return resource.group.startswith(group + ".")


def _in_group(group: str) -> str:
    return f' in group "{group}"' if group else ""


def _resources(groups: Sequence[Document]) -> Iterator[Resource]:
    for group in groups:
        name = group.get("metadata", {}).get("name", "")
        for version in group["versions"]:
            for each in version["resources"]:
                kind = each.get("responseKind") or {}
                yield Resource(
                    group=name,
                    version=version["version"],
                    kind=kind.get("kind", ""),
                    plural=each["resource"],
                    singular=each.get("singularResource", ""),
                    namespaced=each.get("scope") == "Namespaced",
                    short_names=tuple(each.get("shortNames", ())),
                    categories=tuple(each.get("categories", ())),
                    verbs=tuple(each.get("verbs", ())),
                    parts=tuple(part["subresource"] for part in each.get("subresources", ())),
                )
