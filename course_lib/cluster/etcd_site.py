"""A control plane as the place where `etcdctl` is typed."""

from __future__ import annotations

import json
from collections.abc import Sequence

from course_lib.cluster.kubeadm import KubeadmControlPlane
from course_lib.errors import CourseError
from course_lib.etcd import EtcdCluster

REGISTRY = "/registry/"  # the API server's keys


class EtcdSite:
    """The first machine with a member of etcd; what is done there is done to `plane`."""

    def __init__(self, plane: KubeadmControlPlane) -> None:
        self._plane = plane

    @property
    def etcd(self) -> EtcdCluster:
        """The members, at the cluster's time."""
        self._plane.etcd.catch_up()
        return self._plane.etcd

    @property
    def machines(self) -> Sequence[str]:
        """The machines of the layout that have, or had, a member."""
        return self._plane.layout.etcd

    def add(self, name: str, learner: bool) -> None:
        """A member joins, with an empty disk, and starts if its machine can."""
        self._plane.membership.add(name, learner)

    def remove(self, name: str) -> None:
        """A member leaves, and its process ends."""
        self._plane.membership.remove(name)

    def check(self, key: str, value: str) -> None:
        """Refuse below `/registry/` what no API server could read.

        Raises `CourseError`; etcd itself takes any bytes, and the API server would fail later.
        """
        if not key.startswith(REGISTRY):
            return
        try:
            document = json.loads(value)
            good = isinstance(document, dict) and isinstance(document.get("metadata"), dict)
        except ValueError:
            good = False
        if not good or not document.get("kind"):
            raise CourseError(
                "the API server could not read this",
                where=key,
                expected="an object in JSON, with kind and metadata",
                found=value[:60],
                do="write below another prefix, or write objects through the API server",
            )
