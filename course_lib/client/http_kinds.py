"""The kinds that an API server serves, as its discovery and its definitions say.

Source: kubernetes.io "The Kubernetes API", "Discovery API".
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.apiserver.errors import NotFound
from course_lib.apiserver.targets import Target, path_of
from course_lib.apiserver.watch_events import ADDED, DELETED
from course_lib.objects.custom_kinds import custom_kind
from course_lib.objects.decode import decode
from course_lib.objects.kind import Kind, Kinds
from course_lib.objects.kinds import BUILT_IN
from course_lib.objects.kinds.custom_resource_definition import CUSTOM_RESOURCE_DEFINITION as CRD
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object
from course_lib.objects.openapi.definitions import CustomResourceDefinition


class ServedKinds:
    """The kinds of one API server that the course knows; `get` fetches the document of a path."""

    def __init__(self, get: Callable[[str], Document]) -> None:
        self._get = get
        self._kinds: Kinds | None = None
        self._custom: dict[str, Kind] = {}  # by the name of the definition

    @property
    def kinds(self) -> Kinds:
        """The kinds; the API server is asked the first time."""
        if self._kinds is None:
            versions = dict.fromkeys(kind.api_version for kind in BUILT_IN)
            served = {version: self._resources(version) for version in versions}
            kinds = Kinds(kind for kind in BUILT_IN if kind.plural in served[kind.api_version])
            defined = self._get(path_of(Target(CRD, "")))["items"] if kinds.find(CRD.title) else []
            self._kinds = kinds
            for each in defined:
                self.note(ADDED, decode(each, CRD))
        return self._kinds

    def _resources(self, version: str) -> list[str]:
        """The names of the resources in a group and version."""
        root = "apis" if "/" in version else "api"
        try:
            return [each["name"] for each in self._get(f"/{root}/{version}")["resources"]]
        except NotFound:
            return []

    def note(self, type: str, definition: Object) -> None:
        """A definition came, changed or went: serve its kind, or no longer; others do nothing."""
        if not isinstance(definition, CustomResourceDefinition):
            return
        before = self._custom.pop(definition.name, None)
        if before is not None:
            self.kinds.remove(before)
        kind = custom_kind(definition) if definition.established and type != DELETED else None
        if kind is not None:
            self._custom[definition.name] = kind
            self.kinds.add(kind)
