"""The addresses of a Service and their families: what is refused of them.

Source: `ValidateServiceClusterIPsRelatedFields`, `validateUpgradeDowngradeClusterIPs` and
`validateUpgradeDowngradeIPFamilies` in `pkg/apis/core/validation/validation.go`.
"""

from __future__ import annotations

from course_lib.objects.field_errors import Errors, duplicate, invalid, not_supported, required
from course_lib.objects.kinds.service_types import HEADLESS, is_headless
from course_lib.objects.manifests import Document
from course_lib.objects.validation import addresses, formats
from course_lib.objects.validation.meta import all_invalid

FAMILIES = ("IPv4", "IPv6")
POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
ONCE = "may not change once set"


def address_fields(spec: Document) -> Errors:
    """Errors of the addresses, the families and their policy, in the spec of a Service."""
    if spec["type"] == "ExternalName":
        return
    one, given = spec.get("clusterIP"), spec.get("clusterIPs") or []
    if one and not given:
        yield required("spec.clusterIPs")
    elif one and given[0] != one:
        yield invalid("spec.clusterIPs", given, "first value must match `clusterIP`")
    elif given and not one:
        yield invalid("spec.clusterIPs", given, "must be empty when `clusterIP` is not specified")
    yield from _families(spec)
    wrong = list(_addresses(given))
    yield from wrong
    if len(given) > 2:
        yield invalid("spec.clusterIPs", given, "may only hold up to 2 values")
    if wrong:
        return
    if len(given) > 1 and not addresses.one_of_each_family(given):
        yield invalid(
            "spec.clusterIPs", given, "may specify no more than one IP for each IP family"
        )
    if not is_headless(spec):
        for position, (text, family) in enumerate(
            zip(given, spec.get("ipFamilies") or (), strict=False)
        ):
            if family in FAMILIES and addresses.family(text) != family:
                said = f"expected an {family} value as indicated by `ipFamilies[{position}]`"
                yield invalid(f"spec.clusterIPs[{position}]", text, said)


def _families(spec: Document) -> Errors:
    families, policy = spec.get("ipFamilies") or [], spec.get("ipFamilyPolicy")
    for position, family in enumerate(families):
        here = f"spec.ipFamilies[{position}]"
        if family not in FAMILIES:
            yield not_supported(here, family, FAMILIES)
        if family in families[:position]:
            yield duplicate(here, family)
    if policy is not None and policy not in POLICIES:
        yield not_supported("spec.ipFamilyPolicy", policy, POLICIES)


def _addresses(given: list[str]) -> Errors:
    for position, text in enumerate(given):
        if position == 0 and text == HEADLESS:
            if len(given) > 1:
                yield invalid("spec.clusterIPs", given, "'None' must be the first and only value")
            continue
        yield from all_invalid(f"spec.clusterIPs[{position}]", text, formats.address(text))


def changed_addresses(after: Document, before: Document) -> Errors:
    """Errors of addresses and families that are others in the spec `after` than `before`."""
    if "ExternalName" in (after["type"], before["type"]):
        return
    headless = is_headless(after), is_headless(before)
    if not all(headless):
        yield from _changed(after, before, "clusterIPs", "clusterIP")
    if not any(headless):
        yield from _changed(after, before, "ipFamilies", "ipFamily")


def _changed(after: Document, before: Document, field: str, name: str) -> Errors:
    new, old, path = after.get(field) or [], before.get(field) or [], f"spec.{field}"
    shown = new if field == "clusterIPs" else after.get("clusterIPs") or []
    if len(new) == len(old):
        for position, (one, other) in enumerate(zip(old, new, strict=True)):
            if one != other:
                at = position if field == "clusterIPs" else 0
                yield invalid(f"{path}[{at}]", new, ONCE)
        return
    if len(old) > len(new) and not after.get("clusterIPs"):
        yield invalid(f"{path}[0]", new or None, f"primary {name} can not be unset")
    if new and old and new[0] != old[0]:
        yield invalid(f"{path}[0]", shown, ONCE)
    if len(old) > len(new) == 1 and after.get("ipFamilyPolicy") != "SingleStack":
        said = f"must be set to 'SingleStack' when releasing the secondary {name}"
        yield invalid("spec.ipFamilyPolicy", after.get("ipFamilyPolicy"), said)
