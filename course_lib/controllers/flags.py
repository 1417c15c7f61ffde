"""Flags of kube-controller-manager whose limits show at scale, with the real one's defaults.

Source: `cmd/kube-controller-manager/app/options` (`endpointslicecontroller.go`,
`nodelifecyclecontroller.go`). Simplified: a rate or a threshold below 0 is refused; the real one
takes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from course_lib.controllers.node_zones import EvictionRates
from course_lib.controllers.slice_packing import PER_SLICE
from course_lib.errors import CourseError

FASTEST = 1000.0  # nodes a second; more than a cluster needs
RATES = EvictionRates()
PerSlice = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]  # an int32
PerSecond = Annotated[float, msgspec.Meta(ge=0, le=FASTEST)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class ControllerFlags(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """The flags; rates are nodes a second, `unhealthy_zone_threshold` is a share of 1.

    >>> ControllerFlags().max_endpoints_per_slice, flags_of({"node-eviction-rate": 1}).rates.normal
    (100, 1.0)
    """

    max_endpoints_per_slice: PerSlice = PER_SLICE
    node_eviction_rate: PerSecond = RATES.normal
    secondary_node_eviction_rate: PerSecond = RATES.secondary
    unhealthy_zone_threshold: Share = RATES.unhealthy
    large_cluster_size_threshold: Number = RATES.large

    @property
    def rates(self) -> EvictionRates:
        """Those of the node controller."""
        return EvictionRates(
            self.node_eviction_rate,
            self.secondary_node_eviction_rate,
            self.unhealthy_zone_threshold,
            self.large_cluster_size_threshold,
        )

    @property
    def given(self) -> list[str]:
        """Those that are not at their defaults, as a command line has them."""
        defaults = msgspec.to_builtins(DEFAULTS)
        return [f"--{n}={v}" for n, v in msgspec.to_builtins(self).items() if v != defaults[n]]


DEFAULTS = ControllerFlags()


def flags_of(given: Mapping[str, float] | None) -> ControllerFlags:
    """The flags that are `given`, by name and without dashes; the others have their defaults.

    Raises `CourseError` for a flag that the course does not act on, and for a value that the flag
    cannot have.
    """
    try:
        return msgspec.convert({} if given is None else given, ControllerFlags)
    except msgspec.ValidationError as problem:
        raise CourseError(
            "not a flag of kube-controller-manager that the course acts on, or not its value",
            where="controller_flags",
            expected=f"a dict with some of {msgspec.to_builtins(DEFAULTS)}",
            found=f"{given!r:.100}",
            do=str(problem).replace("$.", ""),
        ) from None
