"""The Events that a kubelet records."""

from __future__ import annotations

from sys import intern

from course_lib.client import Client
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.meta import Object


class KubeletEvents:
    """Records Events in the name of one kubelet."""

    def __init__(self, client: Client, component: str) -> None:
        self._client, self.component = client, component

    def normal(self, about: Object, reason: str, message: str, container: str = "") -> None:
        """Report that something went as it should.

        `about` is the object, `reason` one word, `message` a sentence; `container` is the name of
        the Pod's container that it concerns.
        """
        field = field_path(about, container)
        self._client.events.normal(self.component, about, reason, message, field)

    def warning(self, about: Object, reason: str, message: str, container: str = "") -> None:
        """Report that something went wrong.

        `about` is the object, `reason` one word, `message` a sentence; `container` is the name of
        the Pod's container that it concerns.
        """
        field = field_path(about, container)
        self._client.events.warning(self.component, about, reason, message, field)


def field_path(about: Object, container: str) -> str:
    """The field of a Pod that holds a container, as Events name it; empty without a container.

    Source: `fieldPath` in `pkg/kubelet/container/ref.go`.
    """
    if not container or not isinstance(about, Pod):
        return ""
    spec, group = about.spec, "containers"
    if any(each.name == container for each in spec.init_containers or ()):
        group = "initContainers"
    elif any(each.name == container for each in spec.ephemeral_containers or ()):
        group = "ephemeralContainers"
    return intern(f"spec.{group}{{{container}}}")
