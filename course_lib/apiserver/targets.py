"""What the paths of the HTTP API name.

Source: kubernetes.io "Kubernetes API Concepts", "Resource URIs".
"""

from __future__ import annotations

from urllib.parse import quote, unquote

import msgspec

from course_lib.apiserver import discovery
from course_lib.apiserver.errors import NotFound, PlainText
from course_lib.objects.kind import Kind, Kinds
from course_lib.objects.manifests import Document

# What may be done with a collection (None), an object (""), or a part of one.
METHODS: dict[str | None, tuple[str, ...]] = {
    None: ("GET", "POST", "DELETE"),
    "": ("GET", "PUT", "PATCH", "DELETE"),
    "status": ("GET", "PUT", "PATCH"),
    "scale": ("GET", "PUT", "PATCH"),
    "resize": ("GET", "PUT", "PATCH"),
    "ephemeralcontainers": ("GET", "PUT", "PATCH"),
    "approval": ("GET", "PUT", "PATCH"),
    "eviction": ("POST",),
    "log": ("GET",),
    "exec": ("GET", "POST"),
    "attach": ("GET", "POST"),
    "portforward": ("GET", "POST"),
    "binding": ("POST",),
    "token": ("POST",),
    "finalize": ("PUT",),
}


class Target(msgspec.Struct, frozen=True):
    """What a path names: a kind, in one namespace or all, one object of it or all, and a part."""

    kind: Kind
    namespace: str
    name: str = ""
    part: str = ""

    @property
    def details(self) -> Document:
        """The target as a Status has it."""
        found = {"name": self.name, "group": self.kind.group, "kind": self.kind.plural}
        return {key: text for key, text in found.items() if text}

    @property
    def methods(self) -> tuple[str, ...]:
        """What may be done with it; nothing is created without a namespace to be in."""
        found = METHODS.get(self.part if self.name else None, ())
        if not self.name and self.kind.namespaced and not self.namespace:
            return ("GET",)
        if not self.name and not self.kind.whole_collection:
            return tuple(method for method in found if method != "DELETE")
        return found

    @property
    def written_kind(self) -> str:
        """The kind of what is sent to it."""
        parts = {part.name: part.kind for part in discovery.subresources(self.kind)}
        return parts.get(self.part, self.kind.kind)


def nobody_serves(path: str) -> PlainText:
    """The answer to a path that names nothing."""
    return PlainText(404, "404 page not found\n", where=path)


def steps_of(path: str) -> list[str]:
    """The parts of a path, decoded.

    >>> steps_of("/api/v1/nodes/node%2D1")
    ['api', 'v1', 'nodes', 'node-1']
    """
    return [unquote(part) for part in path.split("/") if part]


def target_of(path: str, kinds: Kinds) -> Target:
    """Read a path of a server of these kinds; raises `NotFound` for one that names nothing.

    Raises `PlainText` for one of a group that nobody serves.

    >>> from course_lib.objects.kinds import BUILT_IN
    >>> found = target_of("/apis/apps/v1/namespaces/shop/deployments/web/scale", BUILT_IN)
    >>> found.kind.kind, found.namespace, found.name, found.part
    ('Deployment', 'shop', 'web', 'scale')
    """
    steps = steps_of(path)
    core = steps[:1] == ["api"]
    version, rest = ("/".join(steps[1:2]), steps[2:]) if core else ("/".join(steps[1:3]), steps[3:])
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces" and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    for kind in kinds.all_versions():
        if rest and kind.plural == rest[0] and kind.api_version == version:
            target = Target(kind, namespace, *rest[1:3])
            parts = [part.name for part in discovery.subresources(kind)]
            known = target.part in ("", *(["status"] if kind.status else []), *parts)
            placed = bool(namespace) == kind.namespaced if target.name else True
            if len(rest) <= 3 and known and placed and (kind.namespaced or not namespace):
                return target
    served = {kind.group for kind in kinds.all_versions()}
    if not core and version.partition("/")[0] not in served:
        raise nobody_serves(path)
    raise NotFound("the server could not find the requested resource", where=path)


def path_of(target: Target) -> str:
    """The path that names a target; the inverse of `target_of`.

    >>> from course_lib.objects.kinds import BUILT_IN
    >>> path_of(Target(BUILT_IN.named("deploy"), "shop", "web", "scale"))
    '/apis/apps/v1/namespaces/shop/deployments/web/scale'
    >>> path_of(Target(BUILT_IN.named("nodes"), "", "node-1"))
    '/api/v1/nodes/node-1'
    """
    kind = target.kind
    root = "apis" if "/" in kind.api_version else "api"
    space = f"namespaces/{quote(target.namespace)}" if target.namespace else ""
    steps = (root, kind.api_version, space, kind.plural, quote(target.name), target.part)
    return "/" + "/".join(filter(None, steps))
