"""What the scheduler lends its plugins: readers, writers, and the Pods that wait for a permit.

Source: k8s.io/kube-scheduler `framework/interface.go` (`Handle`, `WaitingPod`), `listers.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from course_lib.client.cache import IndexFunction
from course_lib.errors import CourseError
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object, ObjectT
from course_lib.scheduler.pod_info import PodInfo

Rejection = tuple[str, str]  # plugin and reason


class SharedLister(Protocol):
    """What plugins read of the API, beside nodes and Pods."""

    def find(self, kind: type[ObjectT], name: str, namespace: str = "") -> ObjectT | None:
        """The object of that name, or None."""

    def by_index(
        self, kind: type[ObjectT], function: IndexFunction[ObjectT], value: str
    ) -> list[ObjectT]:
        """The objects of a `kind` for which an index function returns a value."""

    def list(self, kind: type[ObjectT], namespace: str = "") -> list[ObjectT]:
        """All objects of a kind."""


class BindingClient(Protocol):
    """What plugins of the binding cycle write to the API."""

    def bind(self, pod: Object, node: str) -> None:
        """Write the Pod's binding."""

    def patch(self, kind: type[ObjectT], name: str, namespace: str, patch: Document) -> ObjectT:
        """Apply a merge patch to an object.

        `kind`, `name` and `namespace` say which object.
        """


class Handle(msgspec.Struct, frozen=True, eq=False):
    """What the scheduler lends the plugins that act (`framework.Handle`)."""

    client: BindingClient
    waiting_pods: dict[str, WaitingPod]  # by uid: those that Permit plugins keep waiting


class WaitingPod:
    """A Pod that waits for Permit plugins: until all allow it, or one rejects it.

    `pod` is assumed on its node, `plugins` are those that let it wait; `done` is called once, with
    the rejection or None.
    """

    def __init__(
        self, pod: PodInfo, plugins: Iterable[str], done: Callable[[Rejection | None], None]
    ) -> None:
        self.pod = pod
        self.pending = dict.fromkeys(plugins)
        self._done: Callable[[Rejection | None], None] | None = done

    def allow(self, plugin: str) -> None:
        """One plugin waits no longer; the Pod is bound once no other does."""
        self.pending.pop(plugin, None)
        if not self.pending:
            self._finish(None)

    def reject(self, plugin: str, why: str) -> None:
        """Give the Pod up; it goes back to the queue."""
        self._finish((plugin, why))

    def time_out(self, plugin: str, why: str) -> None:
        """The time that one plugin may wait is over."""
        if plugin in self.pending:
            self.reject(plugin, why)

    def _finish(self, rejection: Rejection | None) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(rejection)


class PluginFailure(CourseError):
    """A plugin could not do its part (upstream's status Error): the Pod is tried again later."""


class Pending(msgspec.Struct, frozen=True):
    """PreBind's answer where it takes time: `done` is asked once a second until it is true.

    `done` may raise `PluginFailure`; after `timeout` (simulated s) the plugin has failed, for the
    reason `too_late`.
    """

    done: Callable[[], bool]
    timeout: float = 600.0
    too_late: str = "context deadline exceeded"


class Permission(msgspec.Struct, frozen=True):
    """Permit's answer: why the Pod is rejected, or how long (simulated s) it may wait."""

    why: str = ""
    wait: float = 0.0
