"""An Ingress: which host and path lead to which Pods; and the class of its controller.

Source: `IngressDescriber` and `IngressClassDescriber` in `pkg/describe/describe.go` of
k8s.io/kubectl.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.service import ready_endpoints, slices_of
from course_lib.kubectl.describing.writing import (
    NONE,
    Lines,
    field,
    labels,
    notes,
    table,
    titled,
)
from course_lib.kubectl.failures import RefusedRequest
from course_lib.kubectl.server import Path
from course_lib.objects.manifests import Document

COLUMNS = "Host\tPath\tBackends"


def lines(ingress: DescribedObject) -> Lines:
    """An Ingress, all but the events."""
    spec = ingress.spec
    points = ingress.at("status.loadBalancer.ingress") or ()
    addresses = {str(each.get("ip") or each.get("hostname") or "") for each in points} - {""}
    fallback = spec.get("defaultBackend")
    default = _backend(ingress, fallback) if fallback else "<default>"
    yield field("Name", ingress.name)
    yield from labels("Labels", ingress.metadata.get("labels"))
    yield field("Namespace", ingress.namespace)
    yield field("Address", ",".join(sorted(addresses)))
    yield field("Ingress Class", spec.get("ingressClassName", NONE))
    yield field("Default backend", default)
    if spec.get("tls"):
        yield from titled("TLS", map(_tls, spec["tls"]))
    yield from titled("Rules", _rules(ingress, default))
    yield from notes(ingress.metadata.get("annotations"))


def lines_of_class(ingress_class: DescribedObject) -> Lines:
    """An IngressClass, all but the events."""
    yield field("Name", ingress_class.name)
    yield from ingress_class.marks()
    yield field("Controller", ingress_class.spec.get("controller"))
    parameters = ingress_class.spec.get("parameters")
    if parameters:
        yield "Parameters:"
        group = parameters.get("apiGroup")
        yield from () if group is None else ["  " + field("APIGroup", group)]
        yield "  " + field("Kind", parameters.get("kind"))
        yield "  " + field("Name", parameters.get("name"))


def _tls(tls: Document) -> str:
    hosts = ",".join(tls.get("hosts") or ())
    secret = tls.get("secretName")
    return f"{secret} terminates {hosts}" if secret else f"SNI routes {hosts}"


def _rules(ingress: DescribedObject, default: str) -> Lines:
    rules = [each for each in ingress.spec.get("rules") or () if each.get("http")]
    yield from table(COLUMNS, [] if rules else [("*", "*", default)])
    for rule in rules:
        yield f"{rule.get('host') or '*'}\t"
        for path in rule["http"].get("paths") or ():
            yield f"  \t{path.get('path', '')} \t{_backend(ingress, path['backend'])}"


def _backend(ingress: DescribedObject, backend: Document) -> str:
    """A Service with its ready endpoints, or another object."""
    service, resource = backend.get("service"), backend.get("resource")
    if service:
        port = service.get("port") or {}
        shown = f"{service['name']}:{port.get('number') or port.get('name', '')}"
        try:
            return f"{shown} ({_endpoints(ingress, service)})"
        except RefusedRequest as refusal:
            return f"{shown} (<error: {refusal.message}>)"
    if resource:
        group = resource.get("apiGroup", NONE)
        return f"APIGroup: {group}, Kind: {resource['kind']}, Name: {resource['name']}"
    return ""


def _endpoints(ingress: DescribedObject, backend: Document) -> str:
    slices = slices_of(ingress, backend["name"])
    path = Path("v1", "services", ingress.namespace, backend["name"])
    service = ingress.server.get(path)
    ports = (service.get("spec") or {}).get("ports") or ()
    return ready_endpoints(slices, _port_name(ports, backend.get("port") or {}))


def _port_name(ports: Sequence[Document], wanted: Document) -> str:
    """The name of the Service's port that a number or a name means; the last one that fits."""
    number, name, found = wanted.get("number"), wanted.get("name"), ""
    for port in ports:
        if (number and number == port["port"]) or (name and name == port.get("name")):
            found = str(port.get("name") or "")
    return found
