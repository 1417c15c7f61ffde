"""Names of resources (cpu, memory, pods, ...), and amounts of them.

Source: `pkg/apis/core/helper/helpers.go`, and `validateResourceName` and its like in
`pkg/apis/core/validation/validation.go` of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Mapping

from course_lib.errors import CourseError
from course_lib.objects.field_errors import (
    TOO_LONG,
    Errors,
    FieldError,
    forbidden,
    invalid,
    required,
    too_long,
)
from course_lib.objects.quantity import Quantity
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid

Amounts = Mapping[str, str | int | float]
COMPUTE = ("cpu", "memory", "ephemeral-storage")
INTEGERS = {
    "configmaps", "persistentvolumeclaims", "pods", "replicationcontrollers", "resourcequotas",
    "secrets", "services", "services.loadbalancers", "services.nodeports",
}  # fmt: skip
QUOTAS = {
    *COMPUTE, *INTEGERS, "requests.storage",
    *(f"{side}.{name}" for side in ("requests", "limits") for name in COMPUTE),
}  # fmt: skip
HUGE_PAGES = "hugepages-"
OF_KUBERNETES = "kubernetes.io/"
REQUESTS = "requests."
NOT_POSITIVE = "must be greater than zero"


def is_native(name: str) -> bool:
    """Whether Kubernetes itself knows a resource: a name without a domain, or with its own."""
    return "/" not in name or OF_KUBERNETES in name


def is_extended(name: str) -> bool:
    """Whether a resource is somebody else's, such as `example.com/gpu`."""
    if is_native(name) or name.startswith(REQUESTS):
        return False
    return not formats.label_key(f"{REQUESTS}{name}")


def may_be_overcommitted(name: str) -> bool:
    """Whether the limit of a resource may be above its request."""
    return is_native(name) and not name.startswith(HUGE_PAGES)


def is_of_quota(name: str) -> bool:
    """Whether quotas count a resource without a domain."""
    return name in QUOTAS or name.startswith((HUGE_PAGES, f"{REQUESTS}{HUGE_PAGES}"))


def resource_name(name: str, path: str) -> Errors:
    """The name of any resource."""
    problems = formats.label_key(name)
    yield from all_invalid(path, name, problems)
    if not problems and "/" not in name and not is_of_quota(name) and name != "storage":
        yield invalid(path, name, "must be a standard resource type or fully qualified")


def container_resource_name(name: str, path: str) -> Errors:
    """The name of a resource that containers can ask for."""
    yield from resource_name(name, path)
    if "/" not in name:
        if name not in COMPUTE and not name.startswith(HUGE_PAGES):
            yield invalid(path, name, "must be a standard resource for containers")
    elif not is_native(name) and not is_extended(name):
        yield invalid(path, name, "doesn't follow extended resource name standard")


def quota_resource_name(name: str, path: str) -> Errors:
    """The name of something that a quota bounds."""
    yield from resource_name(name, path)
    if "/" not in name and not is_of_quota(name):
        yield invalid(path, name, "must be a standard resource for quota")


def not_negative_amount(amount: str | int | float, path: str) -> Errors:
    """An amount of 0 or more."""
    if Quantity(amount).nano < 0:
        yield invalid(path, str(Quantity(amount)), formats.NEGATIVE)


def positive_amount(amount: str | int | float, path: str) -> Errors:
    """An amount above 0."""
    if Quantity(amount).nano <= 0:
        yield invalid(path, str(Quantity(amount)), NOT_POSITIVE)


def resource_amount(name: str, amount: str | int | float, path: str) -> Errors:
    """The `amount` at a path: 0 or more, and whole where the resource of that `name` is counted."""
    yield from not_negative_amount(amount, path)
    if (name in INTEGERS or is_extended(name)) and Quantity(amount).milli % 1000:
        yield invalid(path, str(Quantity(amount)), "must be an integer")


def container_limits(limits: Amounts, path: str) -> Errors:
    """The limits of containers, where nothing is said of requests."""
    for name, amount in sorted(limits.items()):
        here = f"{path}.limits[{name}]"
        yield from container_resource_name(name, here)
        yield from resource_amount(name, amount, here)
        yield from huge_pages_amount(name, amount, here)
    huge = any(name.startswith(HUGE_PAGES) for name in limits)
    if huge and not {"cpu", "memory"} & set(limits):
        yield forbidden(path, "HugePages require cpu or memory")


def huge_pages_amount(name: str, amount: str | int | float, path: str) -> Errors:
    """The `amount` at a path, which is a multiple of the size that the `name` of huge pages has."""
    if not name.startswith(HUGE_PAGES):
        return
    try:
        size = Quantity(name.removeprefix(HUGE_PAGES))
    except CourseError:
        size = Quantity("0")
    if size.nano <= 0 or size.milli % 1000 or Quantity(amount).value % size.value:
        said = f"{Quantity(amount)} is not positive integer multiple of {name}"
        yield invalid(path, str(Quantity(amount)), said)


def driver_name(name: str, path: str) -> Errors:
    """The name of a storage driver (`ValidateCSIDriverName`)."""
    if not name:
        yield required(path)
        return
    if len(name.encode()) > formats.MAX_LABEL:
        yield too_long(path, formats.MAX_LABEL)
    yield from all_invalid(path, name, formats.subdomain(name.lower()))


def declared_driver_name(name: str, path: str) -> Errors:
    """The same where the rule is a declared one."""
    if not name:
        yield required(path)
        return
    yield from all_invalid(path, name, formats.long_name_caseless(name))
    if len(name) > formats.MAX_LABEL:
        yield FieldError(path, TOO_LONG, "", f"may not be more than {formats.MAX_LABEL} characters")


def extended_name(name: str, path: str) -> Errors:
    """The name of somebody else's resource, as a declared rule (`ExtendedResourceName`)."""
    if "/" not in name:
        rule = "a name must be a domain-prefixed path, such as 'example.com/my-prop'"
        yield invalid(path, name, rule)
    elif "kubernetes.io/" in name:
        yield invalid(path, name, 'must not have "kubernetes.io/" domain')
    if name.startswith(REQUESTS):
        yield invalid(path, name, f'must not have "{REQUESTS}" prefix')
    yield from all_invalid(path, name, formats.label_key(f"{REQUESTS}{name}"))
