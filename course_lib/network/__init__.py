"""The network below the Pods (chapters 07 to 09)."""

from course_lib.network.flat import AddressPool, FlatNetwork

__all__ = ["AddressPool", "FlatNetwork"]
