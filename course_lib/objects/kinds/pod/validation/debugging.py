"""Containers that look into a running Pod (`ValidatePodEphemeralContainersUpdate`)."""

from __future__ import annotations

from course_lib.objects.field_errors import Errors, forbidden
from course_lib.objects.kinds.pod.changes import difference
from course_lib.objects.kinds.pod.validation.annotations import MIRROR
from course_lib.objects.kinds.pod.validation.pods import metadata_and_spec
from course_lib.objects.kinds.pod.validation.templates import keeps_sys_admin
from course_lib.objects.manifests import Document
from course_lib.objects.validation.meta import object_meta_update

FIELD = "ephemeralContainers"


def narrowed_to_ephemeral(new: Document, old: Document) -> Document:
    """A `new` version of an `old` Pod in which nothing but ephemeral containers differs.

    Source: `dropNonEphemeralContainerUpdates` in `pkg/registry/core/pod/strategy.go`.
    """
    spec = {key: value for key, value in old["spec"].items() if key != FIELD}
    if new["spec"].get(FIELD):
        spec[FIELD] = new["spec"][FIELD]
    return new | {"metadata": old["metadata"], "spec": spec}


def ephemeral_errors(new: Document, old: Document) -> Errors:
    """What is wrong with a `new` version of an `old` Pod that the subresource gets."""
    if MIRROR in (old["metadata"].get("annotations") or {}):
        yield forbidden("", "static pods do not support ephemeral containers")
        return
    yield from object_meta_update(new, old)
    yield from metadata_and_spec(new, keeps_sys_admin(old["spec"]))
    named = {container["name"]: container for container in new["spec"].get(FIELD) or ()}
    for container in old["spec"].get(FIELD) or ():
        name, path = container["name"], f"spec.{FIELD}"
        if name not in named:
            rule = f'existing ephemeral containers "{name}" may not be removed\n'
            yield forbidden(path, rule)
        elif named[name] != container:
            changes = difference(container, named[name], "core.EphemeralContainer")
            rule = f'existing ephemeral containers "{name}" may not be changed\n{changes}'
            yield forbidden(path, rule)
