"""Where Pods were, when: kept as they come and go, for the plots over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from course_lib.apiserver import WatchEvent
from course_lib.apiserver.watch_events import DELETED
from course_lib.client import Client
from course_lib.objects.kinds.pod import Pod, PodSpec
from course_lib.objects.kinds.pod.columns import pod_status_word
from course_lib.objects.pods import is_ready

if TYPE_CHECKING:
    import pandas as pd


# What STATUS says of a Pod that has ended or is gone.
ENDED = ("", "Completed", "Error", "Evicted")


class Moment(msgspec.Struct, frozen=True, gc=False):
    """One change of one Pod; `status` is empty when it is gone."""

    time: float
    uid: str
    namespace: str
    name: str
    node: str
    status: str
    ready: bool
    spec: PodSpec


class PodHistory:
    """All changes of all Pods, in order."""

    def __init__(self, api: Client) -> None:
        self.sim = api.sim
        self._moments: list[Moment] = []
        self._watch = api.watch("Pod", self._on_pod)

    @property
    def moments(self) -> list[Moment]:
        """All changes up to now."""
        self._watch.receive()
        return self._moments

    def _on_pod(self, event: WatchEvent) -> None:
        pod = event.object
        assert isinstance(pod, Pod)
        status = "" if event.type == DELETED else pod_status_word(pod)
        self._moments.append(
            Moment(
                self.sim.now,
                pod.uid,
                pod.namespace,
                pod.name,
                pod.spec.node_name,
                status,
                bool(status) and is_ready(pod),
                pod.spec,
            )
        )

    def table(self) -> pd.DataFrame:
        """One row a change: TIME (simulated s), NAMESPACE, POD, NODE, STATUS, READY."""
        import pandas as pd

        rows = [(m.time, m.namespace, m.name, m.node, m.status, m.ready) for m in self.moments]
        return pd.DataFrame(rows, columns=["TIME", "NAMESPACE", "POD", "NODE", "STATUS", "READY"])
