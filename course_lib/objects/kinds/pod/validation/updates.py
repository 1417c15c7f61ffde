"""What an update may change in a Pod (`ValidatePodUpdate`)."""

from __future__ import annotations

from course_lib.objects.api_types.memory import in_memory
from course_lib.objects.api_types.reading import reader
from course_lib.objects.api_types.table import Type
from course_lib.objects.field_errors import Errors, forbidden, invalid, required
from course_lib.objects.kinds.pod.changes import difference
from course_lib.objects.kinds.pod.validation.affinity import REQUIRED
from course_lib.objects.kinds.pod.validation.annotations import APPARMOR, MIRROR, annotation_rules
from course_lib.objects.kinds.pod.validation.containers import image_without_spaces
from course_lib.objects.kinds.pod.validation.containers_of import each
from course_lib.objects.kinds.pod.validation.pods import metadata_and_spec
from course_lib.objects.kinds.pod.validation.spec import MOST_SECONDS
from course_lib.objects.kinds.pod.validation.templates import keeps_sys_admin
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import object_meta_update

MAY_CHANGE = ",".join(
    (
        "`spec.containers[*].image`",
        "`spec.initContainers[*].image`",
        "`spec.activeDeadlineSeconds`",
        "`spec.tolerations` (only additions to existing tolerations)",
        "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously "
        "negative)",
    )
)


def update_errors(new: Document, old: Document) -> Errors:
    """What is wrong with a `new` version of an `old` Pod."""
    after, before = new["spec"], old["spec"]
    yield from object_meta_update(new, old)
    yield from metadata_and_spec(new, keeps_sys_admin(before))
    yield from annotation_updates(new, old)
    for group in ("containers", "initContainers"):
        listed, here = after.get(group) or [], f"spec.{group}"
        if len(listed) != len(before.get(group) or []):
            yield forbidden(here, "pod updates may not add or remove containers")
            return
        for container, path in each(listed, here):
            if not container.get("image"):
                yield required(f"{path}.image")
            yield from image_without_spaces(container, path)
    problems = list(_deadline(after.get("activeDeadlineSeconds"), before))
    yield from problems
    if problems and after.get("activeDeadlineSeconds") is not None:
        return
    yield from _tolerations(after, before)
    yield from _gates(after, before)
    if after is not before:
        yield from _fixed(after, before)


def annotation_updates(new: Document, old: Document) -> Errors:
    """Annotations of a `new` version that may not come, go or change from the `old` one."""
    path = "metadata.annotations"
    after, before = (each["metadata"].get("annotations") or {} for each in (new, old))
    if after is before:
        return
    names = {MIRROR: "mirror pod annotation"}
    for verb, one, other in (("remove or update", before, after), ("add", after, before)):
        for key, value in one.items():
            if other.get(key) == value or (verb == "add" and key in other):
                continue
            if key.startswith(APPARMOR):
                yield forbidden(f"{path}[{key}]", f"may not {verb} AppArmor annotations")
            if key == MIRROR:
                yield forbidden(f"{path}[{key}]", f"may not {verb} {names[key]}")
    yield from annotation_rules(after, new["spec"], path)


def _deadline(seconds: int | None, before: Document) -> Errors:
    """The deadline comes, or comes closer."""
    path, earlier = "spec.activeDeadlineSeconds", before.get("activeDeadlineSeconds")
    if seconds is None:
        if earlier is not None:
            yield invalid(path, None, "must not update from a positive integer to nil value")
    elif not 0 <= seconds <= MOST_SECONDS:
        yield invalid(path, seconds, formats.outside(0, MOST_SECONDS))
    elif earlier is not None and earlier < seconds:
        yield invalid(path, seconds, "must be less than or equal to previous value")


def _tolerations(after: Document, before: Document) -> Errors:
    """Tolerations come, and may last longer (`validateOnlyAddedTolerations`)."""

    def untimed(toleration: Document) -> Document:
        return {key: value for key, value in toleration.items() if key != "tolerationSeconds"}

    kept = [untimed(each) for each in after.get("tolerations") or ()]
    if any(untimed(each) not in kept for each in before.get("tolerations") or ()):
        rule = "existing toleration can not be modified except its tolerationSeconds"
        yield forbidden("spec.tolerations", rule)


def _gates(after: Document, before: Document) -> Errors:
    """Scheduling gates go (`validateOnlyDeletedSchedulingGates`)."""
    known = [gate.get("name", "") for gate in before.get("schedulingGates") or ()]
    for gate, path in each(after.get("schedulingGates"), "spec.schedulingGates"):
        if (name := gate.get("name", "")) not in known:
            rule = f"only deletion is allowed, but found new scheduling gate '{name}'"
            yield forbidden(f"{path}.name", rule)


def _fixed(after: Document, before: Document) -> Errors:
    """All other fields stay; while a Pod has gates, its choice of nodes becomes narrower."""
    munged = dict(after)
    for group in ("containers", "initContainers"):
        if group in after:
            munged[group] = [
                container | {"image": old.get("image", "")}
                for container, old in zip(after[group], before[group], strict=True)
            ]
    for field in ("activeDeadlineSeconds", "schedulingGates", "tolerations"):
        _put(munged, field, before.get(field))
    if before.get("schedulingGates"):
        yield from _node_selector(after, before)
        _put(munged, "nodeSelector", before.get("nodeSelector"))
        yield from _node_affinity(after, before)
        _put(munged, "affinity", _with_node_affinity(munged.get("affinity"), before))
    if munged != before and _as_stored(munged) != before:
        changes = difference(before, munged, "core.PodSpec")
        rule = f"pod updates may not change fields other than {MAY_CHANGE}\n{changes}"
        yield forbidden("spec", rule)


_SPEC = Type("core/v1.PodSpec", "v1.PodSpec")


def _as_stored(spec: Document) -> object:
    """A spec without empty lists and maps: they equal absent ones (`Semantic.DeepEqual`)."""
    return reader(_SPEC)(spec, None)


def _put(spec: Document, field: str, value: object) -> None:
    if value is None:
        spec.pop(field, None)
    else:
        spec[field] = value


def _node_selector(after: Document, before: Document) -> Errors:
    new, old = after.get("nodeSelector"), before.get("nodeSelector") or {}
    if any((new or {}).get(key) != value for key, value in old.items()):
        rule = "only additions to spec.nodeSelector are allowed (no mutations or deletions)"
        yield invalid("spec.nodeSelector", new, rule)


def _node_affinity(after: Document, before: Document) -> Errors:
    """Terms that are required stay, and get requirements (`validateNodeAffinityMutation`)."""

    def terms(spec: Document) -> list[Document] | None:
        nodes = (spec.get("affinity") or {}).get("nodeAffinity") or {}
        found: list[Document] | None = (nodes.get(REQUIRED) or {}).get("nodeSelectorTerms")
        return found

    new, old = terms(after), terms(before) or []
    path = f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms"
    if old and len(old) != len(new or ()):
        shown = None if new is None else [in_memory("core.NodeSelectorTerm", term) for term in new]
        rule = "no additions/deletions to non-empty NodeSelectorTerms list are allowed"
        yield invalid(path, shown, rule)
        return
    for position, (had, has) in enumerate(zip(old, new or (), strict=False)):
        if not _only_more(has, had):
            rule = "only additions are allowed (no mutations or deletions)"
            yield invalid(f"{path}[{position}]", in_memory("core.NodeSelectorTerm", has), rule)


def _only_more(new: Document, old: Document) -> bool:
    """Whether a term only got more requirements; one that had none gets none."""
    fields = ("matchExpressions", "matchFields")
    if not any(old.get(field) for field in fields):
        return not any(new.get(field) for field in fields)
    return all(
        (new.get(field) or [])[: len(old.get(field) or [])] == (old.get(field) or [])
        for field in fields
    )


def _with_node_affinity(new: Document | None, before: Document) -> Document | None:
    """An affinity with the node affinity of `before`, so that only the rest is compared."""
    old: Document | None = before.get("affinity")
    nodes = (old or {}).get("nodeAffinity")
    if (new or {}).get("nodeAffinity") == nodes:
        return new
    rest = {key: value for key, value in (new or {}).items() if key != "nodeAffinity"}
    if nodes is not None:
        return {"nodeAffinity": nodes} | rest
    return None if old is None and not rest else rest
