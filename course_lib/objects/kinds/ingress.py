"""Ingress: HTTP from outside, by host and path (API reference, `networking.k8s.io/v1`)."""

from __future__ import annotations

import ipaddress
from typing import Any

from course_lib.objects.columns import NONE, ingress_points
from course_lib.objects.field_rules import (
    Check,
    absolute,
    below,
    label,
    matching,
    needs,
    optional,
    port_name,
    port_number,
    subdomain,
)
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Problems, Row
from course_lib.objects.meta import Object, Value
from course_lib.objects.names import Problem, is_subdomain
from course_lib.objects.rules import must_be_one_of


class BackendPort(Value, frozen=True):
    """A Service's port by name or number."""

    name: str = ""
    number: int = 0


class IngressServiceBackend(Value, frozen=True):
    """The Service that a rule leads to."""

    name: str
    port: BackendPort = BackendPort()


class IngressBackend(Value, frozen=True):
    """Where a request goes."""

    UNKEPT = "resource"

    service: IngressServiceBackend | None = None


class HTTPIngressPath(Value, frozen=True):
    """A path, and how it is compared."""

    backend: IngressBackend
    path_type: str
    path: str = "/"


class HTTPIngressRule(Value, frozen=True):
    """The paths of one host."""

    paths: list[HTTPIngressPath]


class IngressRule(Value, frozen=True):
    """A host, and its paths."""

    host: str = ""
    http: HTTPIngressRule | None = None


class IngressSpec(Value, frozen=True):
    """Which requests go where."""

    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    rules: list[IngressRule] | None = None
    tls: list[dict[str, Any]] | None = None


class Ingress(Object, frozen=True, kw_only=True):
    """HTTP from outside, by host and path."""

    UNKEPT = "status"

    spec: IngressSpec = IngressSpec()


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return is_subdomain(host.removeprefix("*.")) or not host
    return False


ingress_host = matching(
    _is_host, "a DNS name, not an IP address, in lower case and without a port; '*.' may begin it"
)


_NO_PATH = ("//", "/./", "/../", "%2f", "%2F")


def _path(value: object) -> str:
    """A path that is compared begins at the root, and is in its shortest form."""
    if not isinstance(value, dict) or value.get("pathType") not in ("Exact", "Prefix"):
        return ""
    path = str(value.get("path") or "")
    if not path.startswith("/"):
        return "" if path else "path: must be an absolute path"
    for part in _NO_PATH:
        if part in path:
            return f"path: must not contain {part!r}"
    return "path: cannot end with '/..' or '/.'" if path.endswith(("/..", "/.")) else ""


_BACKEND: dict[str, Check] = {
    "": lambda v: "" if isinstance(v, dict) and ("service" in v) != ("resource" in v)
    else "one backend: resource or service backend is required",
    "resource": needs("kind", "name"),
    "service": needs("name", "port"),
    "service.name": label,
    "service.port": lambda v: "" if isinstance(v, dict) and ("name" in v) != ("number" in v)
    else "a port's name or its number, not both",
    "service.port.name": port_name,
    "service.port.number": port_number,
}  # fmt: skip


def _rules(view: Ingress) -> Problems:
    if not view.spec.rules and not view.spec.default_backend:
        yield Problem("spec", "rules or a defaultBackend", "neither")
    types = "Exact", "Prefix", "ImplementationSpecific"
    for r, rule in enumerate(view.spec.rules or ()):
        for p, path in enumerate(rule.http.paths if rule.http else ()):
            here = f"spec.rules[{r}].http.paths[{p}].pathType"
            yield from must_be_one_of(here, path.path_type, *types)


def _row(ingress: Ingress, now: float) -> Row:
    status = getattr(ingress, "status", None)
    points = ingress_points(status.load_balancer if status else None)
    ports = "80, 443" if ingress.spec.tls else "80"
    named = ingress.spec.ingress_class_name or NONE
    return ingress.name, named, _hosts(ingress), ",".join(points), ports


def _hosts(ingress: Ingress, most: int = 3) -> str:
    """The first hosts, and how many rules there are beside them (`formatHosts`)."""
    rules = ingress.spec.rules or ()
    named = [number for number, rule in enumerate(rules) if rule.host]
    shown = ",".join(rules[number].host for number in named[:most]) or "*"
    full = len(named) >= most and len(rules) > named[most - 1] + 1
    return f"{shown} + {len(rules) - most} more..." if full else shown


INGRESS = Kind(
    "networking.k8s.io/v1",
    Ingress,
    ("ing",),
    removed_versions={"extensions/v1beta1": "1.22", "networking.k8s.io/v1beta1": "1.22"},
    not_simulated=("spec.tls",),
    generations=True,
    first_status=lambda view: {"loadBalancer": {}},
    fields={
        "spec.rules[*].host": ingress_host,
        "spec.tls[*].hosts[*]": matching(
            lambda host: is_subdomain(host.removeprefix("*.")), "a DNS name"
        ),
        "spec.rules[*].http.paths": lambda v: "" if v else "at least one path",
        "spec.rules[*].http.paths[*]": _path,
        "spec.rules[*].http.paths[*].path": absolute,
        "spec.tls[*].secretName": optional(subdomain),
        **below("spec.rules[*].http.paths[*].backend", _BACKEND),
        **below("spec.defaultBackend", _BACKEND),
        "spec.ingressClassName": subdomain,
    },
    rules=_rules,
    columns=table_columns("Name  Class  Hosts  Address  Ports  Age"),
    row=_row,
)
