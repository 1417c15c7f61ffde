"""Fields of devices and their claims whose feature gates are off in this release.

They are dropped, unless the object that is replaced has them. Source: `dropDisabledFields` in
`pkg/registry/resource/resourceslice/strategy.go` and `pkg/registry/resource/resourceclaim`.
"""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.objects.manifests import Document, places

_DEVICE, _ATTRIBUTES = "spec.devices[*]", "the attributes of each device"
# For each gate where its fields stand, and their names.
_OF_SLICES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("spec", ("partitionTypeAttribute",)),  # DRAPartitionableDevicesType
    ("spec", ("skipNodeOperations",)),  # DRAOptionalNodeOperations
    (_DEVICE, ("nodeAllocatableResources",)),  # DRANodeAllocatableResources
    (f"{_DEVICE}.consumesCounters[*]", ("compatibilityGroups",)),  # DRADeviceCompatibilityGroups
    (_ATTRIBUTES, ("bools", "ints", "strings", "versions")),  # DRAListTypeAttributes
)


def drop_of_slice(document: Document, before: Document | None = None) -> None:
    """Drop such fields of a ResourceSlice; `before` is the one that it replaces."""
    for path, fields in _OF_SLICES:
        _drop(document, before, path, fields)


def drop_of_claim(document: Document, before: Document | None = None) -> None:
    """The same for a ResourceClaim."""
    _drop_derived(document, before, "spec")


def drop_of_template(document: Document, before: Document | None = None) -> None:
    """The same for a ResourceClaimTemplate."""
    _drop_derived(document, before, "spec.spec")


def _drop_derived(document: Document, before: Document | None, path: str) -> None:
    requests = f"{path}.devices.requests[*]"
    for part in ("exactly", "firstAvailable[*]"):  # DRADerivedAttributes
        _drop(document, before, f"{requests}.{part}", ("derivedAttributes",))


def _drop(document: Document, before: Document | None, path: str, fields: tuple[str, ...]) -> None:
    if before and any(field in place for place in _places(before, path) for field in fields):
        return
    for place in _places(document, path):
        for field in fields:
            place.pop(field, None)


def _places(document: Document, path: str) -> Iterator[Document]:
    if path != _ATTRIBUTES:
        yield from places(document, path, create=False)
        return
    for device in places(document, _DEVICE, create=False):
        yield from (device.get("attributes") or {}).values()
