"""What a kustomization changes in all of its resources: names, labels, images and more.

Source: `internal/builtins` and `filters` of kustomize.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable

import yaml

from course_lib.apiserver.json_patches import json_patch
from course_lib.apiserver.patches import merge_patch
from course_lib.apiserver.strategic import DIRECTIVE, strategic_merge
from course_lib.command_line.values import quoted
from course_lib.errors import CourseError
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.kustomize.resources import (
    ANY,
    FieldSpec,
    KustomizedResource,
    TargetKind,
    field_specs,
    one,
    selected,
)
from course_lib.objects.api_types.table import type_of
from course_lib.objects.manifests import Document, Json
from course_lib.objects.yaml_text import lenient

_ALL = TargetKind(ANY, ANY, ANY)
_METADATA = FieldSpec(_ALL, "metadata/labels", create=True)
_UNPREFIXED = ("CustomResourceDefinition", "APIService", "Namespace")
_TAG = r"(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?"
Resources = list[KustomizedResource]


def transform(resources: Resources, kustomization: Document, load: Callable[[str], bytes]) -> None:
    """Change `resources` as a kustomization says, in place; `load` reads one of its files.

    Raises `CommandError`.
    """
    for patch in kustomization.get("patchesStrategicMerge") or []:
        text = patch if "\n" in patch else load(patch).decode()
        _patch(resources, text, None, "")
    for args in kustomization.get("patches") or []:
        _patch_of(resources, args, load)
    _namespace(resources, str(kustomization.get("namespace") or ""))
    _rename(resources, str(kustomization.get("namePrefix") or ""), "")
    _rename(resources, "", str(kustomization.get("nameSuffix") or ""))
    for args in kustomization.get("labels") or []:
        _set_pairs(resources, _label_specs(args), args.get("pairs") or {})
    labels = kustomization.get("commonLabels") or {}
    _set_pairs(resources, field_specs("commonLabels"), labels)
    annotations = kustomization.get("commonAnnotations") or {}
    _set_pairs(resources, field_specs("commonAnnotations"), annotations)
    for args in kustomization.get("patchesJson6902") or []:
        _patch_of(resources, args, load)
    for args in kustomization.get("replicas") or []:
        _replicas(resources, str(args.get("name")), args.get("count"))
    for args in kustomization.get("images") or []:
        _images(resources, args)


def _patch_of(resources: Resources, args: Document, load: Callable[[str], bytes]) -> None:
    text, path = str(args.get("patch") or "").strip(), args.get("path")
    if path:
        text = load(path).decode()
    source = f"[path: {quoted(path)}]" if path else f"[patch: {quoted(text)}]"
    _patch(resources, text, args.get("target"), source)


def _patch(resources: Resources, text: str, target: Document | None, source: str) -> None:
    """Make a patch, which is strategic or a list of operations."""
    try:
        values = list(yaml.safe_load_all(text)) if "\n---" in text else [lenient(text)]
    except (yaml.YAMLError, ValueError):
        raise CommandError(f"unable to parse SM or JSON patch from {source}") from None
    if isinstance(values[0], list):
        if target is None:
            raise CommandError(f"must specify a target for JSON patch {source}")
        for each in list(selected(resources, target)):
            each.remember()
            try:
                each.document = json_patch(each.document, values[0])
            except CourseError as problem:
                raise CommandError(problem.do or problem.what) from None
        return
    for value in values:
        if not isinstance(value, dict):
            raise CommandError(f"unable to parse SM or JSON patch from {source}")
        if target is not None:
            for each in list(selected(resources, target)):
                _merge(resources, each, value)
        else:
            _merge(resources, one(resources, KustomizedResource(copy.deepcopy(value))), value)


def _merge(resources: Resources, resource: KustomizedResource, patch: Document) -> None:
    """Make a strategic patch; its name does not change that of the resource."""
    if patch.get(DIRECTIVE) == "delete":
        resources.remove(resource)
        return
    document, meta = resource.document, dict(patch.get("metadata") or {})
    for field in ("name", "namespace"):
        meta.pop(field, None)
    changes = {key: value for key, value in patch.items() if key not in ("apiVersion", "kind")}
    changes["metadata"] = meta
    type = type_of(str(document.get("apiVersion")), str(document.get("kind")))
    changes = copy.deepcopy(changes)
    if type is None:
        resource.document = merge_patch(document, changes)
    else:
        resource.document = strategic_merge(document, changes, type)


def _namespace(resources: Resources, namespace: str) -> None:
    if not namespace:
        return
    for each in resources:
        each.remember()
        if not each.of_cluster:
            each.metadata["namespace"] = namespace
        for spec in field_specs("namespace"):
            renames = spec.path == "metadata/name" and each.document.get("apiVersion") != "v1"
            if each.kind.fits(spec.of) and not renames:
                each.change(spec.path, spec.create, lambda _: namespace)
        if each.kind.kind in ("RoleBinding", "ClusterRoleBinding"):
            for subject in each.document.get("subjects") or []:
                if subject.get("name") == "default":
                    subject["namespace"] = namespace


def _rename(resources: Resources, prefix: str, suffix: str) -> None:
    if not prefix and not suffix:
        return
    for each in resources:
        if each.kind.kind not in _UNPREFIXED:
            each.remember()
            each.metadata["name"] = f"{prefix}{each.name}{suffix}"


def _label_specs(args: Document) -> list[FieldSpec]:
    """The fields that get the labels of one entry of `labels`."""
    specs = [
        FieldSpec(
            TargetKind(
                each.get("group") or ANY, each.get("version") or ANY, each.get("kind") or ANY
            ),
            str(each.get("path", "")),
            bool(each.get("create")),
        )
        for each in args.get("fields") or []
    ]
    if args.get("includeSelectors"):
        return specs + field_specs("commonLabels")
    if args.get("includeTemplates"):
        specs += field_specs("templateLabels")
    return [*specs, _METADATA]


def _set_pairs(resources: Resources, specs: list[FieldSpec], pairs: dict[str, str]) -> None:
    """Set labels or annotations at all fields of their transformer."""
    if not pairs:
        return

    def with_pairs(value: Json) -> Json:
        return {**(value or {}), **pairs}

    for each in resources:
        for spec in specs:
            if each.kind.fits(spec.of):
                each.change(spec.path, spec.create, with_pairs, {})


def _replicas(resources: Resources, name: str, count: object) -> None:
    specs = field_specs("replicas")
    found = [
        (each, spec)
        for spec in specs
        for each in resources
        if each.kind.fits(spec.of) and each.was_called(name)
    ]
    if not found:
        kinds = " ".join(f"{spec.of.kind}.[noVer].[noGrp]" for spec in specs)
        raise CommandError(
            f"resource with name {name} does not match a config with the following GVK [{kinds}]"
        )
    for each, spec in found:
        each.change(spec.path, spec.create, lambda _: count)


def _images(resources: Resources, args: Document) -> None:
    pattern = re.compile(f"{args.get('name', '')}{_TAG}")

    def renamed(image: Json) -> Json:
        if not isinstance(image, str) or not pattern.fullmatch(image):
            return image
        name, tag, digest = _split(image)
        name = str(args.get("newName") or name)
        new_tag, new_digest = str(args.get("newTag") or ""), str(args.get("digest") or "")
        if new_tag or new_digest:
            tag, digest = new_tag, new_digest
        elif args.get("tagSuffix"):
            tag, digest = tag + str(args["tagSuffix"]), ""
        return name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")

    for each in resources:
        if each.kind.kind != "CustomResourceDefinition":
            for spec in field_specs("images"):
                each.change(spec.path, False, renamed)


def _split(image: str) -> tuple[str, str, str]:
    """Name, tag and digest of an image (`image.Split`)."""
    rest, _, digest = image.partition("@")
    head, slash, last = rest.rpartition("/")
    name, _, tag = last.partition(":")
    return f"{head}{slash}{name}", tag, digest
