"""The manifests that come with the package, so that it works in every folder."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def packaged(name: str) -> str:
    """The text of a manifest of the package, for `Cluster.apply`.

    `name` is `coredns`, `ingress-controller`, `shop`, `shop-policies`, `trouble` or `web`. Raises
    `FileNotFoundError` for any other.

    >>> print(packaged("web").splitlines()[1])
    apiVersion: apps/v1
    """
    return files(__package__).joinpath("data", f"{name}.yaml").read_text(encoding="utf-8")
