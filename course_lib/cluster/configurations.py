"""The four configurations of a cluster, each as one call."""

from __future__ import annotations

from typing import Any, Self

from course_lib.cluster import layout


class Configurations:
    """The part of a cluster by which it is made; more settings as for `Cluster`."""

    @classmethod
    def all_in_one(cls, **settings: Any) -> Self:
        """Everything on one node, as Minikube does: for learning, not for production.

        >>> from course_lib import Cluster
        >>> Cluster.all_in_one().get("nodes")[["NAME", "STATUS"]]
               NAME STATUS
        0  minikube  Ready
        """
        return cls._of(layout.all_in_one(), settings)

    @classmethod
    def single_master(cls, workers: int = 3, **settings: Any) -> Self:
        """One control plane node, which also holds the only member of etcd, and workers."""
        return cls._of(layout.single_master(workers), settings)

    @classmethod
    def ha_masters(cls, masters: int = 3, workers: int = 3, **settings: Any) -> Self:
        """Several control plane nodes behind a load balancer, and one etcd for all of them."""
        return cls._of(layout.ha_masters(masters, workers), settings)

    @classmethod
    def ha_etcd(
        cls,
        masters: int = 3,
        etcd: int = 3,
        workers: int = 3,
        stacked: bool = False,
        **settings: Any,
    ) -> Self:
        """Several control plane nodes and a clustered etcd: the setup for production.

        etcd stands beside, on machines of its own; or `stacked` on the control plane nodes.
        """
        return cls._of(layout.ha_etcd(masters, etcd, workers, stacked), settings)

    @classmethod
    def _of(cls, chosen: layout.Layout, settings: dict[str, Any]) -> Self:
        return cls(layout=chosen, **settings)  # type: ignore[call-arg]
