"""What an API server asks of the kubelets of the cluster, by itself: logs, and streams."""

from __future__ import annotations

from typing import Protocol

from course_lib.apiserver.made import MadeResource
from course_lib.apiserver.pod_logs import LogOptions
from course_lib.apiserver.pod_streams import Opening, PortsOfPod, StreamOptions
from course_lib.objects.kinds.pod import Pod


class Kubelets(Protocol):
    """The way from an API server to the kubelets of the cluster, and to what it has in front."""

    @property
    def made(self) -> tuple[MadeResource, ...]:
        """The resources that programs of the cluster serve behind the API server."""

    def log(self, pod: Pod, container: str, options: LogOptions) -> str:
        """The log of a `container` of a `pod`, as far as `options` ask for it.

        Raises `CourseError` where there is none.
        """

    def exec(self, pod: Pod, container: str, options: StreamOptions) -> Opening:
        """How to begin a command in a `container` of a `pod`, with its streams open.

        `options` have the command. Raises `CourseError` where none can be.
        """

    def attach(self, pod: Pod, container: str, options: StreamOptions) -> Opening:
        """How to join the streams of the program of a `container` of a `pod`, as `options` say.

        Raises `CourseError` where there are none.
        """

    def ports(self, pod: Pod) -> PortsOfPod:
        """The ports of a `pod`; raises `CourseError` where none can be reached."""
