"""The resources of a running Pod, which change in place (`ValidatePodResize`)."""

from __future__ import annotations

from course_lib.objects.field_errors import Errors, forbidden, invalid
from course_lib.objects.kinds.pod.containers import ResourceRequirements
from course_lib.objects.kinds.pod.requests import quality
from course_lib.objects.kinds.pod.validation.aggregates import amounts_of
from course_lib.objects.kinds.pod.validation.annotations import MIRROR
from course_lib.objects.kinds.pod.validation.containers_of import each
from course_lib.objects.kinds.pod.validation.pods import metadata_and_spec
from course_lib.objects.kinds.pod.validation.templates import keeps_sys_admin
from course_lib.objects.manifests import Document
from course_lib.objects.validation.meta import object_meta_update

MUTABLE = ("cpu", "memory")
ONLY = "only cpu and memory resources are mutable"


def narrowed_to_resize(new: Document, old: Document) -> Document:
    """A `new` version of an `old` Pod in which nothing but resources differs.

    Where containers came, went, or have other names, it stays as it is, to be refused.
    Source: `dropNonResizeUpdates` in `pkg/registry/core/pod/strategy.go`.
    """
    after, before = new["spec"], old["spec"]
    groups = ("containers", "initContainers")
    if any(len(after.get(group) or ()) != len(before.get(group) or ()) for group in groups):
        return new
    spec = dict(before)
    for group in groups:
        if group in before:
            spec[group] = _resized(after[group], before[group])
    resources = after.get("resources", before.get("resources"))
    if resources is not None:
        spec["resources"] = resources
    return new | {"metadata": old["metadata"], "spec": spec}


def _resized(new: list[Document], old: list[Document]) -> list[Document]:
    if any(each.get("name") != had.get("name") for each, had in zip(new, old, strict=True)):
        return new
    merged = []
    for container, had in zip(new, old, strict=True):
        result = {key: value for key, value in had.items() if key != "resizePolicy"}
        for field in ("resources", "resizePolicy"):
            if field in container:
                result[field] = container[field]
        merged.append(result)
    return merged


def resize_errors(new: Document, old: Document) -> Errors:
    """What is wrong with a `new` version of an `old` Pod that the subresource `resize` gets."""
    after, before = new["spec"], old["spec"]
    for hindrance, rule in (
        (MIRROR in (old["metadata"].get("annotations") or {}), "static pods cannot be resized"),
        ((before.get("os") or {}).get("name") == "windows", "windows pods cannot be resized"),
    ):
        if hindrance:
            yield forbidden("", rule)
            return
    yield from object_meta_update(new, old)
    problems = list(metadata_and_spec(new, keeps_sys_admin(before)))
    yield from problems
    found = list(_changes(new, old, after, before))
    yield from found
    if not problems and not found and _masked_spec(after, before) != before:
        yield forbidden("spec", ONLY)


def _changes(new: Document, old: Document, after: Document, before: Document) -> Errors:
    quality_before = (old.get("status") or {}).get("qosClass") or quality_of(before)
    if quality_before != quality_of(after):
        shown = (new.get("status") or {}).get("qosClass", "")
        rule = "Pod QOS Class may not change as a result of resizing"
        yield invalid("spec", shown, rule)
    running = [
        status
        for status in (old.get("status") or {}).get("containerStatuses") or ()
        if (status.get("state") or {}).get("running") is not None
    ]
    if running and "resources" not in running[0]:
        yield forbidden("spec", "Pod running on node without support for resize")
    yield from _of_the_pod(after.get("resources"), before.get("resources"))
    order = list(_order(after, before))
    yield from order
    if order:
        return
    for group in ("initContainers", "containers"):
        listed = before.get(group) or ()
        for (container, path), had in zip(
            each(after.get(group), f"spec.{group}"), listed, strict=True
        ):
            yield from _removed(container, had, f"{path}.resources", "resource")
    for container, had in zip(after["containers"], before["containers"], strict=True):
        if _masked(container, had) != had:
            yield forbidden("spec", ONLY)
    yield from _init_containers(after, before)


def quality_of(spec: Document) -> str:
    """The class of service of a spec, as a document (`ComputePodQOS`)."""
    listed = [each for group in ("initContainers", "containers") for each in spec.get(group) or ()]
    whole = spec.get("resources")
    return quality(_amounts({"resources": whole}) if whole else None, [*map(_amounts, listed)])


def _amounts(container: Document) -> ResourceRequirements:
    return ResourceRequirements(amounts_of(container, "requests"), amounts_of(container, "limits"))


def _order(after: Document, before: Document) -> Errors:
    """No container comes, goes, or has another name or place."""
    for group in ("containers", "initContainers"):
        new, old, path = after.get(group) or [], before.get(group) or [], f"spec.{group}"
        if len(new) != len(old):
            yield forbidden(path, f"{group} may not be added or removed on resize")
            continue
        for (container, here), had in zip(each(new, path), old, strict=True):
            if container.get("name") != had.get("name"):
                rule = f"{group} may not be renamed or reordered on resize"
                yield forbidden(f"{here}.name", rule)


def _removed(new: Document, old: Document, path: str, what: str) -> Errors:
    """No request and no limit goes (`validateContainerResize`)."""
    for group in ("requests", "limits"):
        has, had = ((part.get("resources") or {}).get(group) or {} for part in (new, old))
        if any(name not in has for name in had):
            yield forbidden(f"{path}.{group}", f"{what} {group} cannot be removed")


def _of_the_pod(new: Document | None, old: Document | None) -> Errors:
    """What all containers share (`validatePodLevelResourcesResize`)."""
    if new is None and old is not None:
        yield forbidden("spec.resources", "pod-level resources cannot be removed")
        return
    parts = {"resources": new or {}}, {"resources": old or {}}
    yield from _removed(*parts, "spec.resources", "pod-level resource")
    if (_masked(*parts)["resources"] or None) != (old or None):
        yield forbidden("spec", f"{ONLY} at pod-level")


def _masked(new: Document, old: Document) -> Document:
    """A container with the CPU and memory of the `old` one, so that the rest is compared."""
    has, had = new.get("resources") or {}, old.get("resources") or {}
    resources = {key: value for key, value in has.items() if key == "claims"}
    for group in ("limits", "requests"):
        others = {n: a for n, a in (has.get(group) or {}).items() if n not in MUTABLE}
        amounts = others | {n: a for n, a in (had.get(group) or {}).items() if n in MUTABLE}
        if amounts:
            resources[group] = amounts
    return new | {"resources": resources}


def _init_containers(after: Document, before: Document) -> Errors:
    listed = before.get("initContainers") or ()
    for (container, path), had in zip(
        each(after.get("initContainers"), "spec.initContainers"), listed, strict=True
    ):
        if _masked(container, had) != had:
            rule = "only cpu and memory resources for init or sidecar containers are mutable"
            yield forbidden(path, rule)
        if container != had and container.get("restartPolicy") != "Always":
            for policy in container.get("resizePolicy") or ():
                if policy.get("restartPolicy") == "RestartContainer":
                    rule = "non-sidecar init containers with a resize policy of RestartContainer "
                    yield forbidden(path, f"{rule}cannot be resized")


def _masked_spec(after: Document, before: Document) -> Document:
    spec = dict(after)
    for group in ("containers", "initContainers"):
        if group in after:
            pairs = zip(after[group], before[group], strict=True)
            spec[group] = [_masked(container, had) for container, had in pairs]
    if "resources" in before:
        spec["resources"] = before["resources"]
    else:
        spec.pop("resources", None)
    return spec
