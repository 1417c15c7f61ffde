"""What all objects share: names, labels, annotations, owners, finalizers, label selectors.

Source: `pkg/api/validation/objectmeta.go` and `pkg/apis/meta/v1/validation/validation.go` of
k8s.io/apimachinery.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

from course_lib.objects.field_errors import (
    Errors,
    forbidden,
    invalid,
    required,
    too_long,
)
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats

NameRule = Callable[[str, bool], list[str]]  # of a name; True for one that more is put behind
MAX_ANNOTATIONS = 256 * 1024  # bytes of all keys and values (`TotalAnnotationSizeLimitB`)
IMMUTABLE = "field is immutable"
STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")
KEPT_IN_UPDATES = (
    "name", "namespace", "uid", "creationTimestamp", "deletionTimestamp",
    "deletionGracePeriodSeconds",
)  # fmt: skip


def named(form: formats.Format) -> NameRule:
    """The rule for names of a form; a prefix may end with a dash (`maskTrailingDash`)."""

    def rule(name: str, prefix: bool) -> list[str]:
        masked = prefix and len(name) > 1 and name.endswith("-")
        return form(f"{name[:-2]}a" if masked else name)

    return rule


def _segment(name: str, prefix: bool) -> list[str]:
    return formats.path_segment_prefix(name) if prefix else formats.path_segment(name)


subdomain_name = named(formats.subdomain)
label_name = named(formats.label)
segment_name: NameRule = _segment


def object_meta(
    document: Document,
    name_rule: NameRule = subdomain_name,
    namespaced: bool = True,
    core: bool = True,
) -> Errors:
    """The metadata of a new object, the `document` (`ValidateObjectMeta`).

    `name_rule` is that of its kind, `namespaced` says whether its kind lives in namespaces. The
    function of that name in `pkg/apis/core/validation`, which most kinds use (`core`), also wants
    finalizers to have a domain.
    """
    meta = document.get("metadata") or {}
    name, prefix = meta.get("name", ""), meta.get("generateName", "")
    if prefix:
        yield from all_invalid("metadata.generateName", prefix, name_rule(prefix, True))
    if name:
        yield from all_invalid("metadata.name", name, name_rule(name, False))
    else:
        yield required("metadata.name", "name or generateName is required")
    space = meta.get("namespace", "")
    if namespaced and not space:
        yield required("metadata.namespace")
    elif namespaced:
        yield from all_invalid("metadata.namespace", space, formats.label(space))
    elif space:
        yield forbidden("metadata.namespace", "not allowed on this type")
    yield from not_negative("metadata.generation", meta.get("generation"))
    yield from marks(meta)
    names = meta.get("finalizers") or []
    yield from finalizer_list(names, "metadata.finalizers")
    for position, text in enumerate(names if core else ()):
        yield from standard_finalizer(f"metadata.finalizers[{position}]", text)


def common_fields(new: Document, old: Document) -> Errors:
    """What is judged first of an update of any kind (`validateCommonFields` in `rest/update.go`).

    Name and namespace are those of the `old` object, so they are not judged again.
    """
    after, before = new["metadata"], old["metadata"]
    if prefix := after.get("generateName"):
        yield from all_invalid("metadata.generateName", prefix, _segment(prefix, True))
    if any(after.get(part) is not before.get(part) for part in (*_MARKS, "finalizers")):
        yield from marks(after)
        yield from finalizer_list(after.get("finalizers") or [], "metadata.finalizers")
    yield from object_meta_update(new, old, core=False)


def object_meta_update(new: Document, old: Document, core: bool = True) -> Errors:
    """The metadata of a `new` version of an `old` object (`ValidateObjectMetaUpdate`).

    The function of that name in `pkg/apis/core/validation`, which most kinds use (`core`), also
    wants finalizers to have a domain.
    """
    after, before = new["metadata"], old["metadata"]
    if after is before:  # as it was when it was judged
        return
    held = before.get("finalizers") or ()
    added = sorted({each for each in after.get("finalizers") or () if each not in held})
    if added and before.get("deletionTimestamp"):
        shown = ", ".join(json.dumps(name, ensure_ascii=False) for name in added)
        yield forbidden(
            "metadata.finalizers",
            "no new finalizers can be added if the object is being deleted, found new finalizers "
            f"[]string{{{shown}}}",
        )
    if not after.get("resourceVersion"):
        yield invalid("metadata.resourceVersion", "", "must be specified for an update")
    for field in KEPT_IN_UPDATES:
        yield from unchanged(f"metadata.{field}", after.get(field), before.get(field))
    if any(after.get(part) is not before.get(part) for part in _MARKS):
        yield from marks(after)
    for position, text in enumerate((after.get("finalizers") or ()) if core else ()):
        yield from standard_finalizer(f"metadata.finalizers[{position}]", text)


_MARKS = ("labels", "annotations", "ownerReferences")


def marks(meta: Document) -> Errors:
    """The labels, annotations and owners of an object's metadata."""
    yield from label_map(meta.get("labels") or {}, "metadata.labels")
    yield from annotation_map(meta.get("annotations") or {}, "metadata.annotations")
    yield from owner_list(meta.get("ownerReferences") or [], "metadata.ownerReferences")


# Fields of metadata in the order of the type, as the API server writes them.
_OTHERS = {
    "name": "name", "generateName": "generateName", "namespace": "namespace",
    "selfLink": "selfLink", "uid": "uID", "resourceVersion": "resourceVersion",
    "generation": "generation", "creationTimestamp": "creationTimestamp",
    "deletionTimestamp": "deletionTimestamp",
    "deletionGracePeriodSeconds": "deletionGracePeriodSeconds",
    "ownerReferences": "ownerReferences", "finalizers": "finalizers",
    "managedFields": "managedFields",
}  # fmt: skip


def template_metadata(meta: Document, path: str) -> Errors:
    """The metadata of a template: labels and annotations alone (`ValidateTemplateObjectMeta`)."""
    yield from annotation_map(meta.get("annotations") or {}, f"{path}.annotations")
    yield from label_map(meta.get("labels") or {}, f"{path}.labels")
    for field, shown in _OTHERS.items():
        if meta.get(field):
            yield forbidden(f"{path}.{shown}", "cannot be set")


def label_map(values: Mapping[str, str], path: str) -> Errors:
    """The labels at a path, keys and values (`ValidateLabels`)."""
    for key, value in values.items():
        yield from all_invalid(path, key, formats.label_key(key))
        yield from all_invalid(path, value, formats.label_value(value))


def annotation_map(values: Mapping[str, str], path: str) -> Errors:
    """The annotations at a path: keys, and the size of all (`ValidateAnnotations`)."""
    for key in values:
        yield from all_invalid(path, key, formats.label_key(key.lower()))
    if (
        sum(len(key.encode()) + len(text.encode()) for key, text in values.items())
        > MAX_ANNOTATIONS
    ):
        yield too_long(path, MAX_ANNOTATIONS)


def owner_list(references: list[Document], path: str) -> Errors:
    """The owners at a path, of which one is the controller at most (`ValidateOwnerReferences`)."""
    controller = ""
    for position, owner in enumerate(references):
        here, version = f"{path}[{position}]", owner.get("apiVersion", "")
        group, _, last = version.rpartition("/")
        if not version:
            yield required(f"{here}.apiVersion", "must not be empty")
        elif "/" in group or not last:
            rule = "must be <group>/<version> or <version>"
            yield invalid(f"{here}.apiVersion", version, rule)
        for field in ("kind", "name", "uid"):
            if not owner.get(field):
                yield required(f"{here}.{field}", "must not be empty")
        if version == "v1" and owner.get("kind") == "Event":
            yield invalid(here, owner, "/v1, Kind=Event is disallowed from being an owner")
        if not owner.get("controller"):
            continue
        this = f"{owner.get('kind', '')}/{owner.get('name', '')}"
        if controller:
            said = "Only one reference can have Controller set to true. Found"
            yield invalid(
                path, references, f'{said} "true" in references for {controller} and {this}'
            )
        else:
            controller = this


def finalizer_list(names: list[str], path: str) -> Errors:
    """The finalizers at a path (`ValidateFinalizers`)."""
    for name in names:
        yield from all_invalid(path, name, formats.label_key(name))
    if {"orphan", "foregroundDeletion"} <= set(names):
        yield invalid(path, names, "finalizer orphan and foregroundDeletion cannot be both set")


def standard_finalizer(path: str, name: str) -> Errors:
    """A finalizer of Kubernetes itself, or one with a domain (`validateKubeFinalizerName`)."""
    if "/" not in name and name not in STANDARD_FINALIZERS:
        yield invalid(
            path, name, "name is neither a standard finalizer name nor is it fully qualified"
        )


def label_selector(selector: Document | None, path: str) -> Errors:
    """The label selector at a path (`ValidateLabelSelector`)."""
    if selector is None:
        return
    yield from label_map(selector.get("matchLabels") or {}, f"{path}.matchLabels")
    for position, term in enumerate(selector.get("matchExpressions") or ()):
        here, operator = f"{path}.matchExpressions[{position}]", term.get("operator", "")
        values = term.get("values") or ()
        if operator in ("In", "NotIn") and not values:
            yield required(f"{here}.values", "must be specified when `operator` is 'In' or 'NotIn'")
        elif operator in ("Exists", "DoesNotExist") and values:
            yield forbidden(
                f"{here}.values",
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            )
        elif operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
            yield invalid(f"{here}.operator", operator, "not a valid selector operator")
        yield from all_invalid(
            f"{here}.key", term.get("key", ""), formats.label_key(term.get("key", ""))
        )
        for number, value in enumerate(values):
            yield from all_invalid(f"{here}.values[{number}]", value, formats.label_value(value))


def all_invalid(path: str, value: object, problems: Iterable[str]) -> Errors:
    """Each of the problems that a format has with the `value` at a path."""
    for problem in problems:
        yield invalid(path, value, problem)


def not_negative(path: str, value: int | None) -> Errors:
    """A number that may be absent, and not below 0 (`ValidateNonnegativeField`)."""
    if value is not None and value < 0:
        yield invalid(path, value, formats.NEGATIVE)


def unchanged(path: str, new: object, old: object) -> Errors:
    """The field at a `path` that no update may change (`ValidateImmutableField`).

    `new` and `old` are its values. What is absent and what is empty are equal
    (`apiequality.Semantic`).
    """
    if new is not old and new != old and (new or old):
        yield invalid(path, new, IMMUTABLE)
