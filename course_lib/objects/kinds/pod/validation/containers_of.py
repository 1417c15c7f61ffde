"""The containers of a Pod's spec with their paths, and what of the Pod they are judged by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from course_lib.objects.manifests import Document

T = TypeVar("T")
GROUPS = ("initContainers", "containers", "ephemeralContainers")


class InPod(msgspec.Struct, frozen=True):
    """What the rules of a container ask of the Pod around it.

    `volumes` are the sources of the volumes that are right, by name; `claims` the names of its
    resource claims. `grace` is in seconds. `sys_admin`: an old object may keep its combination of
    CAP_SYS_ADMIN and `allowPrivilegeEscalation: false`.
    """

    volumes: Mapping[str, Document]
    claims: tuple[str, ...]
    restart_policy: str = "Always"
    host_users: bool = True
    grace: int | None = None
    sys_admin: bool = False


def each(items: Iterable[T] | None, path: str) -> Iterator[tuple[T, str]]:
    """The items of a list with their paths."""
    for position, item in enumerate(items or ()):
        yield item, f"{path}[{position}]"


def all_containers(spec: Document, path: str) -> Iterator[tuple[Document, str]]:
    """Each container of a spec at a path: init containers, containers, ephemeral containers.

    Source: `VisitContainersWithPath` in `pkg/apis/core/pods`.
    """
    for group in GROUPS:
        yield from each(spec.get(group), f"{path}.{group}" if path else group)


def restarts_always(container: Document) -> bool:
    """Whether an init container keeps running beside the others: a sidecar."""
    return container.get("restartPolicy") == "Always"
