"""Nothing is ignored in silence: a field that no code reads is named as not simulated.

A field counts as read where its name stands in code outside `objects`, in the code there that
components call (`ACTS`), or where a method of a view reads an attribute.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import msgspec
import pytest

import course_lib
from course_lib.objects.api_types.table import type_at
from course_lib.objects.decode import _fields, _taken_apart, warnings_for
from course_lib.objects.kinds import BUILT_IN
from course_lib.objects.typed import type_of_kind

PACKAGE = Path(course_lib.__file__).parent
ACTS = ("objects/openapi/", "objects/custom_kinds.py", "objects/volume_matching.py")
WORD = r"[A-Za-z_$][\w$-]*"
# What only people and clients read, on a real cluster too.
TOLD = {
    "Event": (
        "eventTime",
        "related",
        "series",
        "reportingController",
        "reportingInstance",
        "regarding",
        "deprecatedFirstTimestamp",
    ),  # kubectl reads them of v1
    "Job": ("spec.manualSelector",),  # when it is completed
    "CronJob": ("spec.jobTemplate.spec.manualSelector",),
    "HorizontalPodAutoscaler": ("spec.targetCPUUtilizationPercentage",),  # v1, served as v2
    "CustomResourceDefinition": ("spec.versions[*].schema.openAPIV3Schema.externalDocs",),
}


@cache
def words() -> frozenset[str]:
    """The names in the code that acts: of attributes, and of fields in documents."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        place, text = str(path.relative_to(PACKAGE)), path.read_text()
        if place.startswith("objects/") and not place.startswith(ACTS):
            found |= read_by_methods(text)
        else:
            found |= {*re.findall(WORD, text)}
    return frozenset(found)


def read_by_methods(text):
    """The attributes that the methods of the classes in a module read."""
    return {
        each.attr
        for cls in ast.walk(ast.parse(text))
        if isinstance(cls, ast.ClassDef)
        for method in cls.body
        if isinstance(method, ast.FunctionDef)
        for each in ast.walk(method)
        if isinstance(each, ast.Attribute)
    }


def fields(shape, path="", above=()):
    """The paths of all fields of a view, each with its names in documents and in Python."""
    shape, origin, inner = _taken_apart(shape)
    if origin in (list, dict):
        yield from fields(inner[-1], f"{path}{'[*]' if origin is list else '.*'}", above)
    elif isinstance(shape, type) and issubclass(shape, msgspec.Struct) and shape not in above:
        attributes = {f.encode_name: f.name for f in msgspec.structs.fields(shape)}
        for name, inside in _fields(shape).items():
            here = f"{path}.{name}".removeprefix(".")
            yield here, name, attributes[name]
            yield from fields(inside, here, (*above, shape))


def is_below(path, names):
    return any(path == name or path.startswith((f"{name}.", f"{name}[")) for name in names)


@pytest.mark.parametrize("kind", [*BUILT_IN.all_versions()], ids=lambda kind: kind.resource)
def test_a_field_that_nothing_acts_on_is_named(kind):
    named = (*kind.not_simulated, *TOLD.get(kind.kind, ()), "metadata", "apiVersion", "kind")
    ignored = [
        path
        for path, name, attribute in fields(kind.type)
        if not {name, attribute} & words() and not is_below(path, named)
    ]
    assert ignored == []


@pytest.mark.parametrize("kind", [*BUILT_IN.all_versions()], ids=lambda kind: kind.resource)
def test_what_is_named_exists(kind):
    for path in kind.not_simulated:
        assert type_at(type_of_kind(kind), path)


def test_a_field_beyond_the_views_is_warned_of():
    document = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {"containers": [{"name": "web", "image": "nginx"}], "hostUsers": False},
    }
    assert warnings_for(document, BUILT_IN.named("pod")) == [
        "Pod web: spec.hostUsers: Kubernetes has it; this simulation does not act on it"
    ]
