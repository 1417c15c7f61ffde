"""What the API server refuses in claims of devices, their templates, and classes of devices.

Expressions in CEL are kept, and not compiled: they are only neither empty nor too long. Source:
`pkg/apis/resource/validation/validation.go` of Kubernetes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from course_lib.objects.cel.syntax import OPERAND
from course_lib.objects.field_errors import Errors, invalid, not_supported, required, too_long
from course_lib.objects.kinds.device_rules import EFFECTS, distinct, limited
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import (
    all_invalid,
    object_meta,
    object_meta_update,
    template_metadata,
    unchanged,
)
from course_lib.objects.validation.resources import declared_driver_name, extended_name

MOST_REQUESTS = MOST_SELECTORS = MOST_CONFIG = 32
MOST_ALTERNATIVES = 8
MOST_EXPRESSION = MOST_PARAMETERS = 10 * 1024
ONE_REQUEST = "exactly one of `exactly` or `firstAvailable` is required"
REQUEST_NAME = (
    "must be the name of a request in the claim or the name of a request and a subrequest "
    "separated by '/'"
)
EMPTY_EXPRESSION = (
    "compilation failed: ERROR: <input>:1:0: Syntax error: mismatched input '<EOF>' expecting "
    f"{OPERAND}"
)


def claim_errors(document: Document) -> Errors:
    """A ResourceClaim (`ValidateResourceClaim`)."""
    yield from object_meta(document)
    yield from _device_claim((document.get("spec") or {}).get("devices") or {}, "spec.devices")


def claim_update_errors(new: Document, old: Document) -> Errors:
    """A claim stays as it is (`ValidateResourceClaimUpdate`)."""
    yield from object_meta(new)
    yield from object_meta_update(new, old)
    if (new.get("spec") or {}) != (old.get("spec") or {}):
        yield invalid("spec", None, "field is immutable")


def template_errors(document: Document) -> Errors:
    """A template of claims (`ValidateResourceClaimTemplate`)."""
    yield from object_meta(document)
    template = document.get("spec") or {}
    yield from template_metadata(template.get("metadata") or {}, "spec.metadata")
    spec = template.get("spec") or {}
    yield from _device_claim(spec.get("devices") or {}, "spec.spec.devices")


def template_update_errors(new: Document, old: Document) -> Errors:
    """A template stays as it is; the message shows the spec as documents have it.

    Source: `ValidateResourceClaimTemplateUpdate`.
    """
    yield from object_meta_update(new, old)
    yield from unchanged("spec", new.get("spec") or {}, old.get("spec") or {})


def class_errors(document: Document) -> Errors:
    """A class of devices (`ValidateDeviceClass`)."""
    name = document["metadata"].get("name", "")
    problems = formats.long_name(name) if name else []
    yield from object_meta(document, lambda name, prefix: [], namespaced=False)
    spec = document.get("spec") or {}
    yield from limited(spec.get("selectors"), "spec.selectors", MOST_SELECTORS, _selector)
    yield from limited(spec.get("config"), "spec.config", MOST_CONFIG, _config)
    yield from all_invalid("metadata.name", name, problems)
    resource = spec.get("extendedResourceName")
    if resource is not None:
        yield from extended_name(resource, "spec.extendedResourceName")


def _device_claim(claim: Document, path: str) -> Errors:
    requests = claim.get("requests") or []
    names = set(_request_names(requests))
    yield from distinct(requests, f"{path}.requests", MOST_REQUESTS, _request)

    def reference(name: str, here: str) -> Errors:
        parts = name.split("/")
        if len(parts) <= 2:
            for part in parts:
                yield from all_invalid(here, part, formats.label(part))
        if name not in names:
            yield invalid(here, name, REQUEST_NAME)

    def constraint(rule: Document, here: str) -> Errors:
        yield from distinct(rule.get("requests"), f"{here}.requests", MOST_REQUESTS, reference)
        fields = [f for f in ("matchAttribute", "distinctAttribute") if rule.get(f) is not None]
        if not fields:
            both = 'exactly one of "matchAttribute" or "distinctAttribute" is required'
            yield required(here, f"{both}, but multiple fields are set")
        for field in fields[:1]:
            if "/" not in rule[field]:
                said = "a fully qualified name must be a domain and a name separated by a slash"
                yield invalid(f"{here}.{field}", rule[field], said)

    def config(entry: Document, here: str) -> Errors:
        yield from distinct(entry.get("requests"), f"{here}.requests", MOST_REQUESTS, reference)
        yield from _config(entry, here)

    yield from limited(claim.get("constraints"), f"{path}.constraints", MOST_REQUESTS, constraint)
    yield from limited(claim.get("config"), f"{path}.config", MOST_CONFIG, config)


def _request_names(requests: list[Document]) -> Iterator[str]:
    """The names of requests, and of the alternatives within them."""
    for request in requests:
        yield (name := request.get("name", ""))
        for alternative in request.get("firstAvailable") or ():
            yield f"{name}/{alternative.get('name', '')}"


def _request(request: Document, path: str) -> Errors:
    name = request.get("name", "")
    yield from all_invalid(f"{path}.name", name, formats.label(name))
    alternatives, exactly = request.get("firstAvailable"), request.get("exactly")
    if not alternatives and exactly is None:
        yield required(path, ONE_REQUEST)
    elif alternatives and exactly is not None:
        yield invalid(path, None, f"{ONE_REQUEST}, but multiple fields are set")
    elif alternatives:
        here = f"{path}.firstAvailable"
        yield from distinct(alternatives, here, MOST_ALTERNATIVES, _alternative)
    else:
        yield from _asked(exactly or {}, f"{path}.exactly")


def _alternative(request: Document, path: str) -> Errors:
    name = request.get("name", "")
    yield from all_invalid(f"{path}.name", name, formats.label(name))
    yield from _asked(request, path)


def _asked(request: Document, path: str) -> Errors:
    """Which devices, and how many (`validateExactDeviceRequest`)."""
    if not (of := request.get("deviceClassName", "")):
        yield required(f"{path}.deviceClassName")
    else:
        yield from all_invalid(f"{path}.deviceClassName", of, formats.subdomain(of))
    yield from limited(request.get("selectors"), f"{path}.selectors", MOST_SELECTORS, _selector)
    mode, count = request.get("allocationMode", ""), request.get("count", 0)
    if mode == "All":
        if count:
            yield invalid(
                f"{path}.count", count, "must not be specified when allocationMode is 'All'"
            )
    elif mode != "ExactCount":
        yield not_supported(f"{path}.allocationMode", mode, ("All", "ExactCount"))
    elif count <= 0:
        yield invalid(f"{path}.count", count, "must be greater than zero")
    for position, toleration in enumerate(request.get("tolerations") or ()):
        yield from _toleration(toleration, f"{path}.tolerations[{position}]")


def _toleration(toleration: Document, path: str) -> Errors:
    key, operator, value, effect = (
        toleration.get(field, "") for field in ("key", "operator", "value", "effect")
    )
    if operator == "Exists":
        if value:
            rule = "must be empty for operator `Exists`"
            yield invalid(f"{path}.value", value, rule)
    elif operator == "Equal":
        yield from all_invalid(f"{path}.value", value, formats.label_value(value))
    elif not operator:
        yield required(f"{path}.operator")
    else:
        yield not_supported(f"{path}.operator", operator, ("Equal", "Exists"))
    if effect and effect not in EFFECTS:
        yield not_supported(f"{path}.effect", effect, EFFECTS)
    yield from all_invalid(f"{path}.key", key, formats.label_key(key) if key else ())


def _selector(selector: Document, path: str) -> Errors:
    if (cel := selector.get("cel")) is None:
        yield required(f"{path}.cel")
    elif len((text := cel.get("expression", "")).encode()) > MOST_EXPRESSION:
        yield too_long(f"{path}.cel.expression", MOST_EXPRESSION)
    elif not text:
        yield invalid(f"{path}.cel.expression", text, EMPTY_EXPRESSION)


def _config(entry: Document, path: str) -> Errors:
    if (opaque := entry.get("opaque")) is None:
        yield required(f"{path}.opaque")
        return
    yield from declared_driver_name(opaque.get("driver", ""), f"{path}.opaque.driver")
    here, parameters = f"{path}.opaque.parameters", opaque.get("parameters")
    if parameters is None:
        yield required(here)
    elif len(json.dumps(parameters, separators=(",", ":")).encode()) > MOST_PARAMETERS:
        yield too_long(here, MOST_PARAMETERS)
    elif not isinstance(parameters, dict):
        yield invalid(here, "<value omitted>", "must be a valid JSON object")
