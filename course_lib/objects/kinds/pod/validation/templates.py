"""What is wrong with the template of a Pod (`ValidatePodTemplateSpec`)."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from course_lib.objects.field_errors import Errors, FieldError, forbidden
from course_lib.objects.kinds.pod.validation.annotations import annotation_rules, profiles_match
from course_lib.objects.kinds.pod.validation.containers_of import all_containers
from course_lib.objects.kinds.pod.validation.security import has_sys_admin
from course_lib.objects.kinds.pod.validation.spec import spec_errors
from course_lib.objects.manifests import Document
from course_lib.objects.sharing import encoded
from course_lib.objects.validation.meta import annotation_map, label_map


def template_errors(
    template: Document, path: str, before: Document | None = None
) -> tuple[FieldError, ...]:
    """What is wrong with a Pod's `template` that stands at a `path`, such as `spec.template`.

    The kinds that hold it judge its labels by their selector, and its restart policy. `before` is
    the template that it replaces. The errors of equal templates are remembered.
    """
    kept = before is not None and keeps_sys_admin(before.get("spec") or {})
    return _remembered(encoded(template), path, kept)


def keeps_sys_admin(spec: Document) -> bool:
    """Whether an old spec has CAP_SYS_ADMIN in a way that newer rules forbid."""
    return any(
        has_sys_admin(container.get("securityContext") or {})
        for container, _ in all_containers(spec, "")
    )


@lru_cache(maxsize=1024)
def _remembered(written: bytes, path: str, sys_admin: bool) -> tuple[FieldError, ...]:
    return tuple(_errors(msgspec.msgpack.decode(written), path, sys_admin))


def _errors(template: Document, path: str, sys_admin: bool) -> Errors:
    meta, spec = template.get("metadata") or {}, template.get("spec") or {}
    annotations, here = meta.get("annotations") or {}, f"{path}.spec"
    yield from label_map(meta.get("labels") or {}, f"{path}.labels")
    yield from annotation_map(annotations, f"{path}.annotations")
    yield from annotation_rules(annotations, spec, f"{path}.annotations")
    yield from spec_errors(spec, here, sys_admin=sys_admin)
    yield from profiles_match(annotations, spec, here)
    if spec.get("ephemeralContainers"):
        rule = "ephemeral containers not allowed in pod template"
        yield forbidden(f"{here}.ephemeralContainers", rule)
