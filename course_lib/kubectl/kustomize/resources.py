"""The resources of a kustomization: documents that remember how they were called.

Source: `resource/resource.go` and `resid/` of kustomize.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from course_lib.kubectl.failures import CommandError
from course_lib.objects.kinds import BUILT_IN
from course_lib.objects.manifests import Document, Json

ANY = "*"


class TargetKind(NamedTuple):
    """A kind with its group and version, or a pattern for such: `*` fits all."""

    group: str
    version: str
    kind: str

    @classmethod
    def of(cls, document: Document) -> TargetKind:
        """The kind of a document."""
        group, _, version = str(document.get("apiVersion", "")).rpartition("/")
        return cls(group, version, str(document.get("kind", "")))

    def fits(self, pattern: TargetKind) -> bool:
        """Whether a pattern fits."""
        return all(wanted in (ANY, found) for wanted, found in zip(pattern, self, strict=True))

    def __str__(self) -> str:
        return f"{self.kind or '[noKind]'}.{self.version or '[noVer]'}.{self.group or '[noGrp]'}"


class FieldSpec(NamedTuple):
    """A field of a kind that kustomize changes; `create`: also where it is not there.

    Of a reference, `to` is the kind that it names.
    """

    of: TargetKind
    path: str
    create: bool
    to: TargetKind | None = None


@cache
def field_specs(name: str) -> list[FieldSpec]:
    """The fields of one transformer, such as `images`.

    `data/kustomize.txt` is written by `python -m tests.peers.kustomize_fields_peer`.
    """
    text = files("course_lib.kubectl").joinpath("data/kustomize.txt").read_text(encoding="utf-8")
    found = []
    for line in text.splitlines():
        head, _, spec = line.partition(" : ")
        transformer, *target = head.split(" ")
        if transformer == name:
            kind, path, *marks = spec.split(" ")
            to = _kind(target[0]) if target else None
            found.append(FieldSpec(_kind(kind), path, "create" in marks, to))
    return found


def _kind(text: str) -> TargetKind:
    *group, version, kind = text.split("/")
    return TargetKind(group[0], version, kind)


class KustomizedResource:
    """One document, with the names that it had; `hashed` says that its name gets a hash.

    `behavior` is that of a generator, for one of the same name.
    """

    def __init__(self, document: Document, hashed: bool = False, behavior: str = "") -> None:
        self.document, self.hashed, self.behavior = document, hashed, behavior
        self.former: list[tuple[str, str]] = [(self.name, self.namespace)]

    @property
    def kind(self) -> TargetKind:
        """Its kind."""
        return TargetKind.of(self.document)

    @property
    def metadata(self) -> Document:
        """Its metadata."""
        meta: Document = self.document.setdefault("metadata", {})
        return meta

    @property
    def name(self) -> str:
        """Its name as it is now."""
        return str(self.metadata.get("name") or "")

    @property
    def namespace(self) -> str:
        """Its namespace as it is now."""
        return str(self.metadata.get("namespace") or "")

    @property
    def of_cluster(self) -> bool:
        """Whether its kind has no namespace."""
        group, version, kind = self.kind
        api_version = f"{group}/{version}" if group else version
        return any(
            each.kind == kind and each.api_version == api_version and not each.namespaced
            for each in BUILT_IN.all_versions()
        )

    @property
    def original(self) -> str:
        """What names it as it was written, in messages."""
        name, namespace = self.former[0]
        return f"{self.kind}/{name or '[noName]'}.{namespace or '[noNs]'}"

    def remember(self) -> None:
        """Remember its name: what refers to it by that still means it."""
        self.former.append((self.name, self.namespace))

    def was_called(self, name: str) -> bool:
        """Whether it has, or had, a name."""
        return name == self.name or any(name == former for former, _ in self.former)

    def change(
        self, path: str, create: bool, act: Callable[[Json], Json], empty: Json = None
    ) -> None:
        """Replace the value of each field at a path by what `act` makes of it.

        With `create`, fields that are not there begin as `empty`.
        """
        _change(self.document, _steps(path), create, act, empty)


def _steps(path: str) -> list[str]:
    return [step.replace("\\/", "/") for step in re.split(r"(?<!\\)/", path)]


def _change(
    holder: Json, steps: list[str], create: bool, act: Callable[[Json], Json], empty: Json
) -> None:
    """Change what is below a map or the items of a list (`fieldspec.Filter`)."""
    if isinstance(holder, list):
        for item in holder:
            _change(item, steps, create, act, empty)
        return
    if not isinstance(holder, dict):
        return
    name, *rest = steps
    in_list = name.endswith("[]")
    name = name.removesuffix("[]")
    if holder.get(name) is None:
        if not create or in_list:
            return
        holder[name] = {} if rest else empty
    if rest:
        _change(holder[name], rest, create, act, empty)
    else:
        holder[name] = act(holder[name])


def selected(resources: list[KustomizedResource], target: Document) -> Iterator[KustomizedResource]:
    """The resources that the `target` of a patch selects: by kind, name, labels, annotations."""
    for each in resources:
        group, version, kind = each.kind
        now = {"group": group, "version": version, "kind": kind}
        fits = all(_matches(target.get(field), value) for field, value in now.items())
        names = [*each.former, (each.name, each.namespace)]
        named = any(
            _matches(target.get("name"), name) and _matches(target.get("namespace"), space)
            for name, space in names
        )
        if fits and named and _has(each.metadata, target):
            yield each


def _matches(pattern: object, value: str) -> bool:
    return not pattern or re.fullmatch(str(pattern), value) is not None


def _has(meta: Document, target: Document) -> bool:
    from course_lib.objects.selectors import parse_selector

    for field, selector in (("labels", "labelSelector"), ("annotations", "annotationSelector")):
        if target.get(selector) and not parse_selector(str(target[selector])).matches(
            meta.get(field) or {}
        ):
            return False
    return True


def one(resources: list[KustomizedResource], patch: KustomizedResource) -> KustomizedResource:
    """The resource that a strategic `patch` is for; raises `CommandError`."""
    for each in resources:
        if each.kind == patch.kind and (patch.name, patch.namespace) in [
            *each.former,
            (each.name, each.namespace),
        ]:
            return each
    title = patch.original
    raise CommandError(
        f'no resource matches strategic merge patch "{title}": no matches for Id {title}; '
        f"failed to find unique target for patch {title}"
    )
