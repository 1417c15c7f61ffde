"""IngressClass: which controller acts on Ingresses (API reference, `networking.k8s.io/v1`)."""

from __future__ import annotations

import re
from typing import Any

from course_lib.objects.columns import NONE
from course_lib.objects.field_rules import needs, one_of
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row
from course_lib.objects.manifests import Document, places
from course_lib.objects.meta import Object, Value
from course_lib.objects.names import Problem, is_subdomain

_PATH = re.compile(r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+")


class IngressClassSpec(Value, frozen=True):
    """Which controller acts on the Ingresses of a class: `haproxy.org/ingress-controller`."""

    controller: str = ""
    parameters: dict[str, Any] | None = None


class IngressClass(Object, frozen=True, kw_only=True):
    """A class of Ingresses, named by their `spec.ingressClassName`."""

    spec: IngressClassSpec = IngressClassSpec()


def _complete(document: Document) -> None:
    for parameters in places(document, "spec.parameters", create=False):
        parameters.setdefault("scope", "Cluster")


def _parameters(value: object) -> str:
    """Source: k/k `pkg/apis/networking/validation`, validateIngressClassParametersReference."""
    if (problem := needs("kind", "name")(value)) or not isinstance(value, dict):
        return problem
    if "/" in value["kind"] or "/" in value["name"]:
        return "may not contain '/'"
    if (value.get("scope") == "Namespace") != bool(value.get("namespace")):
        return "a namespace if scope is Namespace, and none otherwise"
    return ""


def _rules(view: IngressClass) -> Problems:
    """Source: k/k `pkg/apis/networking/validation`, validateIngressClassSpec."""
    host, slash, path = view.spec.controller.partition("/")
    good = slash and _PATH.fullmatch(path) and is_subdomain(host)
    if not good or len(view.spec.controller) > 250:
        wanted = "a domain-prefixed path of at most 250 characters, such as example.com/controller"
        yield Problem("spec.controller", wanted, view.spec.controller)


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
    fields={
        "spec.parameters": _parameters,
        "spec.parameters.scope": one_of("Cluster", "Namespace"),
    },
    rules=_rules,
    fixed=("spec.controller",),
    columns=table_columns("Name  Controller  Parameters  Age"),
    row=_row,
)
