"""A kustomization is built: resources are read, generated, changed, named and put in order.

Source: `internal/target/kusttarget.go`, `internal/accumulator`, `SortOrderTransformer.go` of
kustomize.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import yaml

from course_lib.apiserver.go_values import go_shape
from course_lib.kubectl import files
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.kustomize.generators import generated, name_suffix
from course_lib.kubectl.kustomize.resources import FieldSpec, KustomizedResource, field_specs
from course_lib.kubectl.kustomize.transformers import transform
from course_lib.objects.manifests import Document, Json
from course_lib.objects.yaml_text import lenient

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
FIRST = (
    "Namespace", "ResourceQuota", "StorageClass", "CustomResourceDefinition", "ServiceAccount",
    "PodSecurityPolicy", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ConfigMap",
    "Secret", "Endpoints", "Service", "LimitRange", "PriorityClass", "PersistentVolume",
    "PersistentVolumeClaim", "Deployment", "StatefulSet", "CronJob", "PodDisruptionBudget",
)  # fmt: skip
LAST = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
FIELDS = (
    "apiVersion", "kind", "metadata", "resources", "bases", "namePrefix", "nameSuffix", "namespace",
    "commonLabels", "labels", "commonAnnotations", "images", "imageTags", "replicas", "patches",
    "patchesStrategicMerge", "patchesJson6902", "configMapGenerator", "secretGenerator",
    "generatorOptions", "components", "sortOptions",
)  # fmt: skip
NOT_SIMULATED = (
    "openapi", "vars", "replacements", "crds", "helmGlobals", "helmCharts", "buildMetadata",
    "helmChartInflationGenerator", "configurations", "generators", "transformers", "validators",
)  # fmt: skip
_DEPRECATED = {
    "bases": "resources", "commonLabels": "labels", "imageTags": "images",
    "patchesJson6902": "patches", "patchesStrategicMerge": "patches",
}  # fmt: skip
_FIX = "Run 'kustomize edit fix' to update your Kustomization automatically."


def build(folder: str, warn: Callable[[str], None]) -> list[Document]:
    """The documents of the kustomization in a folder, in their order.

    `warn` is told of fields that are out of date. Raises `CommandError`.
    """
    path = Path(folder)
    if not path.is_dir():
        absolute = Path(os.path.abspath(folder))
        if not path.exists():
            raise CommandError(
                f"must build at directory: not a valid directory: {_missing(absolute, folder)}"
            )
        raise CommandError(f"must build at directory: '{folder}': file is not directory")
    target = _Target(Path(os.path.abspath(folder)), warn)
    resources = target.accumulated([])
    for each in resources:
        if each.hashed:
            each.remember()
            each.metadata["name"] = f"{each.name}-{name_suffix(each.document)}"
    _mend_references(resources)
    if target.kustomization.get("sortOptions", {}).get("order") != "fifo":
        resources.sort(key=_place)
    return [each.document for each in resources]


class _Target:
    """One kustomization; `root` is its folder."""

    def __init__(self, root: Path, warn: Callable[[str], None]) -> None:
        self._root, self._warn = root, warn
        self.kustomization = self._read()

    def _read(self) -> Document:
        found = [self._root / name for name in NAMES if (self._root / name).is_file()]
        if not found:
            names = ", ".join(f"'{name}'" for name in NAMES[:-1]) + f" or '{NAMES[-1]}'"
            raise CommandError(f"unable to find one of {names} in directory '{self._root}'")
        if len(found) > 1:
            raise CommandError(f"Found multiple kustomization files under: {self._root}\n")
        try:
            value = lenient(found[0].read_text(encoding="utf-8")) or {}
        except (yaml.YAMLError, ValueError) as problem:
            raise CommandError(f"invalid Kustomization: {files.yaml_problem(problem)}") from None
        if not value:
            raise CommandError("kustomization.yaml is empty")
        for name in value:
            if name in NOT_SIMULATED:
                raise CommandError(f"{name} of a kustomization is not simulated in this course")
            if name not in FIELDS:
                raise CommandError(f'invalid Kustomization: json: unknown field "{name}"')
        for name in ("namePrefix", "nameSuffix", "namespace"):
            given = value.get(name)
            if given is not None and not isinstance(given, str):
                kind = "bool" if isinstance(given, bool) else go_shape(given)
                raise CommandError(
                    f"invalid Kustomization: json: cannot unmarshal {kind} into Go struct field "
                    f"Kustomization.{name} of type string"
                )
        for name, instead in _DEPRECATED.items():
            if value.get(name) is not None:
                said = f"# Warning: '{name}' is deprecated. Please use '{instead}' instead. {_FIX}"
                self._warn(said)
        value["resources"] = [*(value.get("resources") or []), *(value.pop("bases", None) or [])]
        value["images"] = [*(value.get("images") or []), *(value.pop("imageTags", None) or [])]
        return dict(value)

    def accumulated(self, before: list[KustomizedResource]) -> list[KustomizedResource]:
        """The resources as this kustomization makes them; `before` are those of a component."""
        resources, kustomization = list(before), self.kustomization
        for path in kustomization["resources"]:
            for each in self._resources(path):
                _add(resources, each)
        options = kustomization.get("generatorOptions") or {}
        for field, kind in (("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")):
            for args in kustomization.get(field) or []:
                _absorb(resources, generated(kind, args, options, self._load))
        for path in kustomization.get("components") or []:
            resources = _Target(self._folder(path), self._warn).accumulated(resources)
        transform(resources, kustomization, self._load)
        return resources

    def _resources(self, path: str) -> list[KustomizedResource]:
        place = self._root / path
        if place.is_dir():
            return _Target(self._folder(path), self._warn).accumulated([])
        if not place.exists():
            missing = _missing(place)
            raise CommandError(
                f"accumulating resources: accumulation err='accumulating resources from '{path}': "
                f"{missing}': must build at directory: not a valid directory: {missing}"
            )
        found = []
        for document in files.ManifestSource(str(place), place).documents():
            items = document.document.get("items")
            inside = items if isinstance(items, list) else [document.document]
            found += [KustomizedResource(each) for each in inside]
        return found

    def _folder(self, path: str) -> Path:
        return Path(os.path.abspath(self._root / path))

    def _load(self, path: str) -> bytes:
        place = Path(os.path.abspath(self._root / path))
        if not place.is_relative_to(self._root):
            raise CommandError(f"security; file '{place}' is not in or below '{self._root}'")
        try:
            return place.read_bytes()
        except OSError:
            raise CommandError(f"open {place}: no such file or directory") from None


def _missing(place: Path, named: str = "") -> str:
    lstat = f"lstat {place}: no such file or directory"
    return f"evalsymlink failure on '{named or place}' : {lstat}"


def _add(resources: list[KustomizedResource], new: KustomizedResource) -> None:
    """Add a resource; raises `CommandError` where there is one of its name."""
    for each in resources:
        if (each.kind, each.name, each.namespace) == (new.kind, new.name, new.namespace):
            title = f"{new.kind}/{new.name}.{new.namespace or '[noNs]'}"
            raise CommandError(
                f"accumulating resources: may not add resource with an already registered id: "
                f"{title}"
            )
    resources.append(new)


def _absorb(resources: list[KustomizedResource], new: KustomizedResource) -> None:
    """Add what was generated, or change what is there, as the generator's `behavior` says."""
    for each in resources:
        same = each.kind == new.kind and each.was_called(new.name)
        if same and new.behavior in ("merge", "replace"):
            for field in ("data", "binaryData"):
                old = (each.document.get(field) or {}) if new.behavior == "merge" else {}
                if merged := {**old, **(new.document.get(field) or {})}:
                    each.document[field] = dict(sorted(merged.items()))
            for field in ("labels", "annotations"):
                if merged := {
                    **(each.metadata.get(field) or {}),
                    **(new.metadata.get(field) or {}),
                }:
                    each.metadata[field] = merged
            each.hashed = each.hashed or new.hashed
            return
    _add(resources, new)


def _mend_references(resources: list[KustomizedResource]) -> None:
    """Names that changed change where other resources refer to them (`nameReference`)."""
    for each in resources:
        for spec in field_specs("nameReference"):
            if each.kind.fits(spec.of):
                each.change(spec.path, False, partial(_mended, spec=spec, resources=resources))


def _mended(value: Json, spec: FieldSpec, resources: list[KustomizedResource]) -> Json:
    """A reference by the name that what it refers to has now."""
    if isinstance(value, list):
        return [_mended(each, spec, resources) for each in value]
    if isinstance(value, dict):  # a subject or a Service, with a namespace
        if spec.to and value.get("kind") in (None, spec.to.kind):
            for each in _referred(str(value.get("name")), spec, resources):
                value["name"] = each.name
                if each.namespace:
                    value["namespace"] = each.namespace
        return value
    for each in _referred(str(value), spec, resources):
        return each.name
    return value


def _referred(
    name: str, spec: FieldSpec, resources: list[KustomizedResource]
) -> list[KustomizedResource]:
    assert spec.to is not None
    found = [each for each in resources if each.kind.fits(spec.to) and each.was_called(name)]
    return found[:1]


def _place(resource: KustomizedResource) -> tuple[int, str, str]:
    """Where a resource stands: by its kind, then by names (`legacyIDSorter`)."""
    group, version, kind = resource.kind
    rank = FIRST.index(kind) - len(FIRST) if kind in FIRST else 0
    rank = LAST.index(kind) + 1 if kind in LAST else rank
    title = f"{group or '~G'}_{version or '~V'}_{kind or '~K'}"
    return rank, title, f"{resource.kind}|{resource.namespace or '~X'}|{resource.name or '~N'}"
