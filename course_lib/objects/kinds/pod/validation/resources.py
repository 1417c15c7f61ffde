"""What containers and Pods ask for, and may use (`validateResourceRequirements`)."""

from __future__ import annotations

from collections.abc import Callable

from course_lib.objects.api_types.memory import in_memory
from course_lib.objects.field_errors import (
    NOT_FOUND,
    Errors,
    FieldError,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
)
from course_lib.objects.kinds.pod.requests import is_shared
from course_lib.objects.kinds.pod.validation.aggregates import container_sums
from course_lib.objects.kinds.pod.validation.containers_of import each
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid
from course_lib.objects.validation.resources import (
    HUGE_PAGES,
    container_resource_name,
    huge_pages_amount,
    may_be_overcommitted,
    resource_amount,
    resource_name,
)

NameRule = Callable[[str, str], Errors]


def _pod_resource_name(name: str, path: str) -> Errors:
    problems = list(resource_name(name, path))
    yield from problems
    if not problems and not is_shared(name):
        yield not_supported(path, name, ("cpu", HUGE_PAGES, "memory"))


def requirements(
    resources: Document,
    claims: tuple[str, ...],
    path: str,
    name_rule: NameRule = container_resource_name,
) -> Errors:
    """The `resources` of a container, or of another part, at a path.

    `claims` are the names of the Pod's resource claims, `name_rule` says which resources there are.
    """
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for name, amount in limits.items():
        here = f"{path}.limits[{name}]"
        yield from name_rule(name, here)
        yield from resource_amount(name, amount, here)
        yield from huge_pages_amount(name, amount, here)
    for name, amount in requests.items():
        here = f"{path}.requests[{name}]"
        yield from name_rule(name, here)
        yield from resource_amount(name, amount, here)
        yield from _within(name, Quantity(amount), limits.get(name), path)
        yield from huge_pages_amount(name, amount, here)
    named = [*limits, *requests]
    if any(name.startswith(HUGE_PAGES) for name in named) and not {"cpu", "memory"} & {*named}:
        yield forbidden(path, "HugePages require cpu or memory")
    yield from _claims(resources.get("claims") or [], claims, f"{path}.claims")


def _within(name: str, request: Quantity, limit: str | None, path: str) -> Errors:
    """A request is at most its limit; of what cannot be shared, equal to it."""
    shared = may_be_overcommitted(name)
    if limit is None:
        if not shared:
            rule = "Limit must be set for non overcommitable resources"
            yield required(f"{path}.limits", rule)
        return
    most = Quantity(limit)
    if request != most and not shared:
        yield invalid(f"{path}.requests", str(request), f"must be equal to {name} limit of {most}")
    elif request > most:
        rule = f"must be less than or equal to {name} limit of {most}"
        yield invalid(f"{path}.requests", str(request), rule)


def _claims(claims: list[Document], known: tuple[str, ...], path: str) -> Errors:
    """The resource claims that a container uses (`validateResourceClaimNames`)."""
    seen: list[str] = []
    for claim, here in each(claims, path):
        name, request = claim.get("name", ""), claim.get("request", "")
        if not name:
            yield required(here)
            continue
        if name in seen:
            yield duplicate(here, name)
        else:
            if request:
                yield from all_invalid(f"{here}.request", request, formats.label(request))
            key = f"{name}/{request}" if request else name
            if key in seen:
                yield duplicate(here, key)
            elif not request:
                repeats = [each for each in seen if each.partition("/")[0] == name]
                yield from (duplicate(here, name) for _ in repeats)
            seen.append(key)
        if name not in known:
            among = f": {', '.join(sorted(known))}" if known else " which is empty"
            rule = f"must be one of the names in pod.spec.resourceClaims{among}"
            yield FieldError(here, NOT_FOUND, name, rule)


def pod_claims(spec: Document, path: str) -> Errors:
    """The resource claims of a Pod (`validatePodResourceClaims`)."""
    seen: list[str] = []
    for claim, here in each(spec.get("resourceClaims"), path):
        name = claim.get("name", "")
        if not name:
            yield required(f"{here}.name")
        elif name in seen:
            yield duplicate(f"{here}.name", name)
        else:
            yield from all_invalid(f"{here}.name", name, formats.label(name))
            seen.append(name)
        fields = ("resourceClaimName", "resourceClaimTemplateName")
        given = [field for field in fields if claim.get(field) is not None]
        shown = in_memory("core.PodResourceClaim", claim)
        if len(given) == 2:
            rule = (
                "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            )
            yield invalid(here, shown, rule)
        if not given:
            rule = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            yield invalid(here, shown, rule)
        for field in given:
            yield from all_invalid(f"{here}.{field}", claim[field], formats.subdomain(claim[field]))


def pod_resources(spec: Document, claims: tuple[str, ...], path: str) -> Errors:
    """What all containers of a Pod share (`validatePodResources`).

    `claims` are the names of the resource claims of the `spec`, `path` is that of the spec.
    """
    if (resources := spec.get("resources")) is None:
        return
    here = f"{path}.resources"
    if (spec.get("os") or {}).get("name") == "windows":
        yield forbidden(here, "may not be set for a windows pod")
        return
    if resources.get("claims") is not None:
        rule = "claims may not be set for Resources at pod-level"
        yield forbidden(f"{here}.claims", rule)
    yield from requirements(resources, claims, here, _pod_resource_name)
    yield from _consistent(spec, resources, here)


def _consistent(spec: Document, resources: Document, path: str) -> Errors:
    """All containers together fit into the Pod (`validatePodResourceConsistency`)."""
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for name, total in container_sums(spec, "requests").items():
        if name in requests and total > Quantity(requests[name]):
            rule = f"must be greater than or equal to aggregate container requests of {total}"
            yield invalid(f"{path}.requests[{name}]", str(Quantity(requests[name])), rule)
    for name, total in container_sums(spec, "limits").items():
        if name.startswith(HUGE_PAGES) and name in limits and total > Quantity(limits[name]):
            rule = f"must be greater than or equal to aggregate container limits of {total}"
            yield invalid(f"{path}.limits[{name}]", str(Quantity(limits[name])), rule)
    for container, here in each(spec.get("containers"), f"{path}.containers"):
        for name, amount in ((container.get("resources") or {}).get("limits") or {}).items():
            if name in limits and Quantity(amount) > Quantity(limits[name]):
                rule = f"must be less than or equal to pod limits of {Quantity(limits[name])}"
                yield invalid(f"{here}[{name}].limits", str(Quantity(amount)), rule)
