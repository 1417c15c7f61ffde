"""IngressClass: which controller acts on Ingresses (API reference, `networking.k8s.io/v1`)."""

from __future__ import annotations

import re
from typing import Any

from course_lib.objects.columns import NONE
from course_lib.objects.field_errors import (
    Errors,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
)
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Object, Value
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid, object_meta, unchanged

MAX_CONTROLLER = 250  # bytes of a controller's name
SCOPES = ("Cluster", "Namespace")
_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"


class IngressClassSpec(Value, frozen=True):
    """Which controller acts on the Ingresses of a class: `haproxy.org/ingress-controller`."""

    controller: str = ""
    parameters: dict[str, Any] | None = None


class IngressClass(Object, frozen=True, kw_only=True):
    """A class of Ingresses, named by their `spec.ingressClassName`."""

    spec: IngressClassSpec = IngressClassSpec()


def _complete(document: Document) -> None:
    for parameters in places(document, "spec.parameters", create=False):
        if parameters.get("scope") is None:
            parameters["scope"] = "Cluster"


def _validate(document: Document) -> Errors:
    """Source: `ValidateIngressClass` in `pkg/apis/networking/validation`."""
    yield from object_meta(document, namespaced=False)
    spec = document.get("spec") or {}
    yield from _controller(spec.get("controller", ""), "spec.controller")
    if (parameters := spec.get("parameters")) is not None:
        yield from _parameters(parameters, "spec.parameters")


def _validate_update(new: Document, old: Document) -> Errors:
    after, before = new.get("spec") or {}, old.get("spec") or {}
    yield from unchanged("spec.controller", after.get("controller", ""), before.get("controller"))
    yield from _validate(new)


def _controller(name: str, path: str) -> Errors:
    """A path that begins with a domain (`IsDomainPrefixedPath`)."""
    if len(name.encode()) > MAX_CONTROLLER:
        yield too_long(path, MAX_CONTROLLER)
    host, _, inside = name.partition("/")
    if not name:
        yield required(path)
    elif not host or not inside:
        yield invalid(path, name, 'must be a domain-prefixed path (such as "acme.io/foo")')
    else:
        yield from all_invalid(path, host, formats.subdomain(host))
        if not re.fullmatch(_PATH, inside):
            yield invalid(path, inside, formats.unlike("Invalid path", _PATH))


def _parameters(parameters: Document, path: str) -> Errors:
    """What else the controller reads (`validateIngressClassParametersReference`)."""
    if (group := parameters.get("apiGroup")) is not None:
        yield from all_invalid(f"{path}.apiGroup", group, formats.subdomain(group))
    missing = [field for field in ("kind", "name") if not parameters.get(field)]
    for field in ("kind", "name"):
        if text := parameters.get(field):
            yield from all_invalid(f"{path}.{field}", text, formats.path_segment(text))
    scope, namespace = parameters.get("scope"), parameters.get("namespace")
    if scope is None:
        yield required(f"{path}.scope")
    elif scope not in SCOPES:
        yield not_supported(f"{path}.scope", scope, SCOPES)
    elif scope == "Cluster" and namespace is not None:
        yield forbidden(f"{path}.namespace", "`parameters.scope` is set to 'Cluster'")
    elif scope == "Namespace" and namespace is None:
        yield required(f"{path}.namespace", "`parameters.scope` is set to 'Namespace'")
    elif namespace is not None:
        yield from all_invalid(f"{path}.namespace", namespace, formats.label(namespace))
    for field in missing:  # as declared in `pkg/apis/networking/v1`
        yield required(f"{path}.{field}")


def _row(named: IngressClass, now: float) -> Row:
    given = getattr(named.spec, "parameters", None)
    shown = NONE
    if given:
        group = given.get("apiGroup", "")
        shown = f"{given['kind']}.{group}/{given['name']}" if group else given["kind"]
        shown = shown if group else f"{shown}/{given['name']}"
    return named.name, named.spec.controller, shown


INGRESS_CLASS = Kind(
    "networking.k8s.io/v1",
    IngressClass,
    namespaced=False,
    removed_versions={"networking.k8s.io/v1beta1": "1.22"},
    generations=True,
    complete=_complete,
    validate=_validate,
    validate_update=_validate_update,
    columns=table_columns("Name  Controller  Parameters  Age"),
    row=_row,
)
