"""Ingress: HTTP from outside, by host and path (API reference, `networking.k8s.io/v1`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from course_lib.objects.columns import NONE, ingress_points
from course_lib.objects.field_errors import Errors, invalid, not_supported, required
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Row
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, Value
from course_lib.objects.validation import addresses, formats
from course_lib.objects.validation.meta import all_invalid, object_meta

CLASS_ANNOTATION = "kubernetes.io/ingress.class"  # of the class, before there was a field for it
PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")


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

    spec: IngressSpec = IngressSpec()


def _validate(document: Document) -> Errors:
    """Source: `ValidateIngressCreate` in `pkg/apis/networking/validation`."""
    yield from _ingress(document)
    annotation = (document["metadata"].get("annotations") or {}).get(CLASS_ANNOTATION)
    named = (document.get("spec") or {}).get("ingressClassName")
    if annotation is not None and named is not None and annotation != named:
        said = "must match `ingressClassName` when both are specified"
        yield invalid(f"annotations.{CLASS_ANNOTATION}", annotation, said)


def _ingress(new: Document, old: Document | None = None) -> Errors:
    yield from object_meta(new)
    spec = new.get("spec") or {}
    rules, backend = spec.get("rules"), spec.get("defaultBackend")
    if not rules and backend is None:
        yield invalid("spec", rules, "either `defaultBackend` or `rules` must be specified")
    if backend is not None:
        yield from _backend(backend, "spec.defaultBackend")
    for position, rule in enumerate(rules or ()):
        yield from _rule(rule, f"spec.rules[{position}]")
    for position, tls in enumerate(spec.get("tls") or ()):
        yield from _tls(tls, f"spec.tls[{position}]")
    if (name := spec.get("ingressClassName")) is not None:
        yield from all_invalid("spec.ingressClassName", name, formats.subdomain(name))


def _host(host: str, path: str) -> Errors:
    form = formats.wildcard_subdomain if "*" in host else formats.subdomain
    yield from all_invalid(path, host, form(host))


def _rule(rule: Document, path: str) -> Errors:
    if host := rule.get("host"):
        if addresses.is_address(host):
            yield invalid(f"{path}.host", host, "must be a DNS name, not an IP address")
        yield from _host(host, f"{path}.host")
    if (http := rule.get("http")) is not None:
        paths = http.get("paths")
        if not paths:
            yield required(f"{path}.http.paths")
        for position, each in enumerate(paths or ()):
            yield from _path(each, f"{path}.http.paths[{position}]")


def _path(each: Document, path: str) -> Errors:
    """Source: `validateHTTPIngressPath`."""
    kind, text = each.get("pathType"), each.get("path", "")
    if kind is None:
        yield required(f"{path}.pathType", "pathType must be specified")
        return
    if kind not in PATH_TYPES:
        yield not_supported(f"{path}.pathType", kind, PATH_TYPES)
    elif not text.startswith("/") and (text or kind != "ImplementationSpecific"):
        yield invalid(f"{path}.path", text, "must be an absolute path")
    if kind in ("Exact", "Prefix"):
        for part in ("//", "/./", "/../", "%2f", "%2F"):
            if part in text:
                yield invalid(f"{path}.path", text, f"must not contain '{part}'")
        for end in ("/..", "/."):
            if text.endswith(end):
                yield invalid(f"{path}.path", text, f"cannot end with '{end}'")
    yield from _backend(each.get("backend") or {}, f"{path}.backend")


def _backend(backend: Document, path: str) -> Errors:
    """Where a request goes: a Service or another object (`validateIngressBackend`)."""
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        yield invalid(path, "", "cannot set both resource and service backends")
    elif resource is not None:
        yield from _reference(resource, f"{path}.resource")
    elif service is not None:
        yield from _service(service, path)
    else:
        yield invalid(path, "", "resource or service backend is required")


def _service(service: Document, path: str) -> Errors:
    if name := service.get("name"):
        yield from all_invalid(f"{path}.service.name", name, formats.label(name))
    else:
        yield required(f"{path}.service.name")
    port = service.get("port") or {}
    name, number = port.get("name"), port.get("number")
    if name and number:
        yield invalid(path, "", "cannot set both port name & port number")
    elif name:
        yield from all_invalid(f"{path}.service.port.name", name, formats.port_name(name))
    elif number:
        yield from all_invalid(f"{path}.service.port.number", number, formats.port_number(number))
    else:
        yield required(path, "port name or number is required")


def _reference(resource: Document, path: str) -> Errors:
    """Source: `validateIngressTypedLocalObjectReference`."""
    if (group := resource.get("apiGroup")) is not None:
        yield from all_invalid(f"{path}.apiGroup", group, formats.subdomain(group))
    for field in ("kind", "name"):
        if text := resource.get(field):
            yield from all_invalid(f"{path}.{field}", text, formats.path_segment(text))
        else:
            yield required(f"{path}.{field}")


def _tls(tls: Document, path: str) -> Errors:
    for position, host in enumerate(tls.get("hosts") or ()):
        yield from _host(host, f"{path}.hosts[{position}]")
    if name := tls.get("secretName"):
        yield from all_invalid(f"{path}.secretName", name, formats.subdomain(name))


def _validate_status(new: Document, old: Document) -> Errors:
    """Source: `ValidateIngressStatusUpdate`."""
    for path, point, known in points_of_entry(new, old):
        if ip := point.get("ip"):
            yield from addresses.address(f"{path}.ip", ip, known)
        yield from entry_name(point.get("hostname", ""), f"{path}.hostname")


def points_of_entry(new: Document, old: Document) -> Iterator[tuple[str, Document, list[str]]]:
    """The ways in from outside that a `new` status names, each with its path.

    With them go the addresses that the `old` status names, which stay valid.
    """
    entries = [_entries(document) for document in (new, old)]
    known = [point["ip"] for point in entries[1] if point.get("ip")]
    for position, point in enumerate(entries[0]):
        yield f"status.loadBalancer.ingress[{position}]", point, known


def _entries(document: Document) -> list[Document]:
    balancer = (document.get("status") or {}).get("loadBalancer") or {}
    return list(balancer.get("ingress") or ())


def entry_name(hostname: str, path: str) -> Errors:
    """The name of a way in from outside, which is no address."""
    if hostname:
        yield from all_invalid(path, hostname, formats.subdomain(hostname))
        if addresses.is_address(hostname):
            yield invalid(path, hostname, "must be a DNS name, not an IP address")


def _warnings(new: Document, old: Document | None) -> Iterator[str]:
    """Source: `WarningsOnCreate` in `pkg/registry/networking/ingress/strategy.go`."""
    annotations = new["metadata"].get("annotations") or {}
    unnamed = (new.get("spec") or {}).get("ingressClassName") is None
    if old is None and CLASS_ANNOTATION in annotations and unnamed:
        said = "is deprecated, please use 'spec.ingressClassName' instead"
        yield f'annotation "{CLASS_ANNOTATION}" {said}'


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
    validate=_validate,
    validate_update=_ingress,
    validate_status=_validate_status,
    warnings=_warnings,
    columns=table_columns("Name  Class  Hosts  Address  Ports  Age"),
    row=_row,
)
