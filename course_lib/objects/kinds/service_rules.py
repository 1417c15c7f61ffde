"""What the API server refuses of a Service, and what it warns of.

Source: `ValidateService...` in `pkg/apis/core/validation/validation.go`; `pkg/api/service`.
"""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.objects.field_errors import (
    Errors,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
)
from course_lib.objects.kinds.endpoints import protocol_of, use_of
from course_lib.objects.kinds.ingress import entry_name, points_of_entry
from course_lib.objects.kinds.service_addresses import address_fields, changed_addresses
from course_lib.objects.kinds.service_types import (
    HEADLESS,
    OUTSIDE,
    is_external,
    is_headless,
    needs_health_check,
)
from course_lib.objects.manifests import Document
from course_lib.objects.validation import addresses, formats
from course_lib.objects.validation.meta import all_invalid, label_map, label_name, object_meta

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
AFFINITIES, POLICIES = ("ClientIP", "None"), ("Cluster", "Local")
DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
IP_MODES = ("Proxy", "VIP")
LONGEST_AFFINITY = 86400  # seconds (`MaxClientIPServiceAffinitySeconds`)
TOPOLOGY_HINTS = "service.kubernetes.io/topology-aware-hints"
TOPOLOGY_MODE = "service.kubernetes.io/topology-mode"
SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
BALANCED_ALONE = "may only be used when `type` is 'LoadBalancer'"


def validate(document: Document) -> Errors:
    """Errors of a new Service."""
    yield from object_meta(document, label_name)
    yield from _service(document, None)


def validate_update(new: Document, old: Document) -> Errors:
    """Errors of a `new` version of an `old` Service."""
    after, before = new["spec"], old["spec"]
    yield from changed_addresses(after, before)
    if after["type"] == before["type"] == "LoadBalancer":
        balancer = after.get("loadBalancerClass")
        if balancer != before.get("loadBalancerClass"):
            yield invalid("spec.loadBalancerClass", balancer, "may not change once set")
    yield from _balancer_class(after)
    checked = needs_health_check(before) and needs_health_check(after)
    if checked and after.get("healthCheckNodePort") != before.get("healthCheckNodePort"):
        yield forbidden("spec.healthCheckNodePort", "field is immutable")
    yield from _service(new, old)


def _service(document: Document, old: Document | None) -> Errors:
    spec, before = document["spec"], old["spec"] if old else {}
    annotations = document["metadata"].get("annotations") or {}
    mode, hints = annotations.get(TOPOLOGY_MODE), annotations.get(TOPOLOGY_HINTS)
    if mode is not None and hints is not None and mode != hints:
        said = f"must match annotations[{TOPOLOGY_HINTS}] when both are specified"
        yield invalid(f"metadata.annotations[{TOPOLOGY_MODE}]", mode, said)
    yield from _of_type(spec)
    ports, names = spec.get("ports") or [], set[str]()
    for position, port in enumerate(ports):
        yield from _port(port, f"spec.ports[{position}]", len(ports) > 1, names)
    yield from label_map(spec.get("selector") or {}, "spec.selector")
    yield from _affinity(spec)
    yield from address_fields(spec)
    known = before.get("externalIPs") or ()
    for position, text in enumerate(spec.get("externalIPs") or ()):
        here = f"spec.externalIPs[{position}]"
        problems = [] if text in known else formats.address(text)
        yield from all_invalid(here, text, problems or addresses.unroutable(text))
    if spec["type"] not in TYPES:
        yield not_supported("spec.type", spec["type"], TYPES)
    yield from _numbers(spec, ports)
    yield from _source_ranges(spec, before, annotations, old)
    yield from _balancer(spec)
    yield from _traffic(spec)


def _of_type(spec: Document) -> Errors:
    """What only some types have, and others must have."""
    kind, headless = spec["type"], is_headless(spec)
    if not spec.get("ports") and not headless and kind != "ExternalName":
        yield required("spec.ports")
    if kind in OUTSIDE and headless:
        said = f"may not be set to 'None' for {kind} services"
        yield invalid("spec.clusterIPs[0]", HEADLESS, said)
    if kind == "ExternalName":
        for field in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if spec.get(field):
                yield forbidden(f"spec.{field}", "may not be set for ExternalName services")
        if name := (spec.get("externalName") or "").removesuffix("."):
            yield from all_invalid("spec.externalName", name, formats.subdomain(name))
        else:
            yield required("spec.externalName")


def _port(port: Document, path: str, needs_name: bool, names: set[str]) -> Errors:
    """Source: `validateServicePort`."""
    if name := port.get("name"):
        yield from all_invalid(f"{path}.name", name, formats.label(name))
        if name in names:
            yield duplicate(f"{path}.name", name)
        names.add(name)
    elif needs_name:
        yield required(f"{path}.name")
    number, target = port.get("port", 0), port.get("targetPort", 0)
    yield from all_invalid(f"{path}.port", number, formats.port_number(number))
    yield from protocol_of(port, path)
    form = formats.port_number(target) if isinstance(target, int) else formats.port_name(target)
    yield from all_invalid(f"{path}.targetPort", target, form)
    yield from use_of(port, path)


def _affinity(spec: Document) -> Errors:
    affinity, path = spec.get("sessionAffinity"), "spec.sessionAffinityConfig"
    if not affinity:
        yield required("spec.sessionAffinity")
    elif affinity not in AFFINITIES:
        yield not_supported("spec.sessionAffinity", affinity, AFFINITIES)
    if affinity != "ClientIP":
        return  # the configuration is dropped by default
    seconds = spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"]
    if not 0 < seconds <= LONGEST_AFFINITY:
        said = f"must be greater than 0 and less than {LONGEST_AFFINITY}"
        yield invalid(f"{path}.clientIP.timeoutSeconds", seconds, said)


def _numbers(spec: Document, ports: list[Document]) -> Errors:
    """Node ports where there are none, and numbers that are there twice."""
    if spec["type"] == "ClusterIP":
        for position, port in enumerate(ports):
            if port.get("nodePort"):
                said = "may not be used when `type` is 'ClusterIP'"
                yield forbidden(f"spec.ports[{position}].nodePort", said)
    seen: set[tuple[str, int]] = set()
    for position, port in enumerate(ports):
        if number := port.get("nodePort"):
            if (port["protocol"], number) in seen:
                yield duplicate(f"spec.ports[{position}].nodePort", number)
            seen.add((port["protocol"], number))
    seen = set()
    for position, port in enumerate(ports):
        key = port["protocol"], port.get("port", 0)
        if key in seen:
            shown = {"Name": "", "Protocol": key[0], "AppProtocol": None, "Port": key[1]}
            yield duplicate(f"spec.ports[{position}]", shown | {"TargetPort": 0, "NodePort": 0})
        seen.add(key)


def _source_ranges(
    spec: Document, before: Document, annotations: Document, old: Document | None
) -> Errors:
    """Who may use the balancer: the field or, where there is none, the annotation."""
    path, known = "spec.LoadBalancerSourceRanges", before.get("loadBalancerSourceRanges") or ()
    ranges = spec.get("loadBalancerSourceRanges")
    texts = [(f"{path}[{position}]", text.strip()) for position, text in enumerate(ranges or ())]
    if not ranges:
        if (written := annotations.get(SOURCE_RANGES)) is None:
            return
        path, known = f"metadata.annotations[{SOURCE_RANGES}]", ()
        older = (old["metadata"].get("annotations") or {}).get(SOURCE_RANGES) if old else None
        parts = written.strip().split(",") if written.strip() and written != older else ()
        texts = [(path, text.strip()) for text in parts]
    if spec["type"] != "LoadBalancer":
        yield forbidden(path, BALANCED_ALONE)
    for here, text in texts:
        yield from addresses.block(here, text, [each.strip() for each in known])


def _balancer(spec: Document) -> Errors:
    allocates = spec.get("allocateLoadBalancerNodePorts")
    if allocates is not None and spec["type"] != "LoadBalancer":
        yield forbidden("spec.allocateLoadBalancerNodePorts", BALANCED_ALONE)
    if allocates is None and spec["type"] == "LoadBalancer":
        yield required("allocateLoadBalancerNodePorts")
    yield from _balancer_class(spec)


def _balancer_class(spec: Document) -> Errors:
    name = spec.get("loadBalancerClass")
    if name is not None and spec["type"] == "LoadBalancer":
        yield from all_invalid("spec.loadBalancerClass", name, formats.label_key(name))
    elif name is not None:
        yield forbidden("spec.loadBalancerClass", BALANCED_ALONE)


def _traffic(spec: Document) -> Errors:
    """Where traffic from outside and inside goes."""
    outside, inside = spec.get("externalTrafficPolicy"), spec.get("internalTrafficPolicy")
    if not is_external(spec):
        if outside:
            said = "may only be set for externally-accessible services"
            yield invalid("spec.externalTrafficPolicy", outside, said)
    elif not outside:
        yield required("spec.externalTrafficPolicy")
    elif outside not in POLICIES:
        yield not_supported("spec.externalTrafficPolicy", outside, POLICIES)
    yield from _health_check(spec)
    if inside is None and spec["type"] in ("ClusterIP", *OUTSIDE):
        yield required("spec.internalTrafficPolicy")
    elif inside is not None and inside not in POLICIES:
        yield not_supported("spec.internalTrafficPolicy", inside, POLICIES)
    distribution = spec.get("trafficDistribution")
    if distribution is not None and distribution not in DISTRIBUTIONS:
        yield not_supported("spec.trafficDistribution", distribution, DISTRIBUTIONS)


def _health_check(spec: Document) -> Errors:
    """The port of a balancer's questions, which has been given before the Service is judged."""
    number, path = spec.get("healthCheckNodePort"), "spec.healthCheckNodePort"
    if number and needs_health_check(spec):
        yield from all_invalid(path, number, formats.port_number(number))
    elif number:
        said = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is"
        yield invalid(path, number, f"{said} 'Local'")


def validate_status(new: Document, old: Document) -> Errors:
    """Errors of a status (`ValidateLoadBalancerStatus`)."""
    points = list(points_of_entry(new, old))
    if points and new["spec"]["type"] != "LoadBalancer":
        said = "may only be used when `spec.type` is 'LoadBalancer'"
        yield forbidden("status.loadBalancer.ingress", said)
        return
    for path, point, known in points:
        ip, mode = point.get("ip"), point.get("ipMode")
        if ip:
            yield from addresses.address(f"{path}.ip", ip, known)
        if mode is None and ip:
            yield required(f"{path}.ipMode", "must be specified when `ip` is set")
        elif mode is not None and not ip:
            yield forbidden(f"{path}.ipMode", "may not be specified when `ip` is not set")
        elif mode is not None and mode not in IP_MODES:
            yield not_supported(f"{path}.ipMode", mode, IP_MODES)
        yield from entry_name(point.get("hostname", ""), f"{path}.hostname")


def warnings(new: Document, old: Document | None) -> Iterator[str]:
    """What the API server warns of (`GetWarningsForService`)."""
    spec, annotations = new["spec"], new["metadata"].get("annotations") or {}
    if TOPOLOGY_HINTS in annotations:
        yield f"annotation {TOPOLOGY_HINTS} is deprecated, please use {TOPOLOGY_MODE} instead"
    headless = spec["type"] == "ClusterIP" and spec.get("clusterIP") == HEADLESS
    external = spec.get("externalIPs") or ()
    yield from _of_addresses(spec, headless)
    if headless:
        if spec.get("loadBalancerIP"):
            yield "spec.loadBalancerIP is ignored for headless services"
        if external:
            yield "spec.externalIPs is ignored for headless services"
        if spec.get("sessionAffinity") != "None":
            yield "spec.SessionAffinity is ignored for headless services"
    for position, text in enumerate(external):
        yield from addresses.address_warnings(f"spec.externalIPs[{position}]", text)
    if external and not headless and spec["type"] != "ExternalName":
        yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
    yield from addresses.address_warnings("spec.loadBalancerIP", spec.get("loadBalancerIP") or "")
    for position, text in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        yield from addresses.block_warnings(f"spec.loadBalancerSourceRanges[{position}]", text)
    if spec["type"] == "ExternalName" and external:
        yield 'spec.externalIPs is ignored when spec.type is "ExternalName"'
    if spec["type"] != "ExternalName" and spec.get("externalName"):
        yield 'spec.externalName is ignored when spec.type is not "ExternalName"'
    if spec.get("trafficDistribution") == "PreferClose":
        yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'


def _of_addresses(spec: Document, headless: bool) -> Iterator[str]:
    for position, text in enumerate(() if headless else spec.get("clusterIPs") or ()):
        yield from addresses.address_warnings(f"spec.clusterIPs[{position}]", text)
