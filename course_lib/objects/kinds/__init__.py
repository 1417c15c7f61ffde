"""The built-in kinds, one file for each, as `kubectl api-resources` lists them.

A file of this folder declares a kind by a `Kind` at its top level; nothing else lists it.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from course_lib.objects.kind import Kind, Kinds


def _declared() -> Iterator[Kind]:
    for module in sorted(each.name for each in iter_modules(__path__)):
        for value in vars(import_module(f"{__name__}.{module}")).values():
            if isinstance(value, Kind):
                yield value


# The core group comes first, then the others by name.
BUILT_IN = Kinds(sorted(set(_declared()), key=lambda kind: (kind.group, kind.plural)))


def kind_named(name: str) -> Kind:
    """The built-in kind of any name that `kubectl get` takes: `Pod`, `po`, `deployments.apps`.

    >>> kind_named("deploy").kind
    'Deployment'
    """
    return BUILT_IN.named(name)


def kind_of(api_version: str, kind: str) -> Kind:
    """The built-in kind of a document; raises `CourseError`, in kubectl's words, for any other.

    >>> kind_of("apps/v1", "Deployment").plural
    'deployments'
    """
    return BUILT_IN.of(api_version, kind)
