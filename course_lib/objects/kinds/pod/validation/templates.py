"""What is wrong with the template of a Pod (`ValidatePodTemplateSpec`)."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from course_lib.objects.field_errors import Errors, FieldError, invalid
from course_lib.objects.field_rules import Rules
from course_lib.objects.kinds.pod.fields import POD_SPEC
from course_lib.objects.kinds.pod.relations import pod_relations
from course_lib.objects.manifests import Document
from course_lib.objects.sharing import encoded
from course_lib.objects.validation.meta import annotation_map, label_map

_SPEC = Rules(POD_SPEC)


def template_errors(template: Document, path: str) -> tuple[FieldError, ...]:
    """What is wrong with a Pod's `template` that stands at a `path`, such as `spec.template`.

    The kinds that hold it judge its labels by their selector, and its restart policy. The errors
    of equal templates are remembered.
    """
    return _remembered(encoded(template), path)


@lru_cache(maxsize=1024)
def _remembered(written: bytes, path: str) -> tuple[FieldError, ...]:
    return tuple(_errors(msgspec.msgpack.decode(written), path))


def _errors(template: Document, path: str) -> Errors:
    meta, spec = template.get("metadata") or {}, template.get("spec") or {}
    yield from label_map(meta.get("labels") or {}, f"{path}.labels")
    yield from annotation_map(meta.get("annotations") or {}, f"{path}.annotations")
    problems = list(_SPEC.problems(spec, f"{path}.spec"))
    for problem in problems or pod_relations(spec, f"{path}.spec"):
        yield invalid(problem.path, problem.found, problem.expected)
