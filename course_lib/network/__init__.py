"""The network below the Pods (chapters 07 to 09)."""

from course_lib.network.flat import AddressPool, FlatNetwork
from course_lib.network.links import Links

__all__ = ["AddressPool", "FlatNetwork", "Links"]
