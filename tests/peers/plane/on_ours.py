"""Programs of a real control plane on the course's API server, which leaves its own out.

Both sides of a test are clusters of the course: `alone` has all of its components, `joined` has a
real program in place of one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from course_lib import Cluster
from course_lib.cluster.served import Served
from course_lib.engine.timestamps import EPOCH
from tests.oracles.plane.normal import HASH, RANDOM
from tests.peers.plane.building import program
from tests.peers.plane.programs import RealPlane, until

SCHEDULER, MANAGER, KUBELET = "kube-scheduler", "kube-controller-manager", "kubelet"
CONTENT = "application/json"
# Controllers of kinds that the course does not serve.
NOT_HERE = (
    "podcertificaterequest-cleaner-controller",
    "service-cidr-controller",
    "storage-version-migrator-controller",
    "validatingadmissionpolicy-status-controller",
)


class Joined:
    """A served cluster with real programs as its clients; `alone` is one without any."""

    def __init__(self, cluster: Cluster, served: Served | None = None) -> None:
        self.cluster, self._served = cluster, served

    def act(self, command: Callable[[Cluster], Any]) -> Any:
        """Do something with the cluster while nothing else does."""
        if self._served is None:
            return command(self.cluster)
        with self._served.lock:
            return command(self.cluster)

    def wait(self, condition: Callable[[Cluster], bool], what: str) -> None:
        """Let time pass until a condition holds."""
        if self._served is None:
            self.cluster.run_until(lambda: condition(self.cluster), timeout=300)
        else:
            until(lambda: bool(self.act(condition)), what)


def _start() -> float:
    """Today, in the seconds of simulated time: components compare times with their own clock."""
    return time.time() - EPOCH.timestamp()


def alone(**settings: Any) -> Joined:
    """A cluster with all of its own components, in simulated time."""
    return Joined(Cluster(start=_start(), **settings))


@contextmanager
def joined(folder: Path, program_name: str, **settings: Any) -> Iterator[Joined]:
    """A cluster with a real program: a scheduler or controller manager in place of its own.

    A kubelet runs the one node there is, `node-1`. The cluster's time follows the clock.
    """
    out = [] if program_name == KUBELET else [program_name]
    cluster = Cluster(start=_start(), without=out, **settings)
    plane = RealPlane(folder)
    with cluster.serve(speed=1.0) as served:
        served.kubeconfig(plane.kubeconfig)
        try:
            STARTS[program_name](plane)
            side = Joined(cluster, served)
            side.wait(_has_account, "the first ServiceAccount")
            yield side
        finally:
            plane.close()


def _schedule(plane: RealPlane) -> None:
    connection = {"kubeconfig": str(plane.kubeconfig), "contentType": CONTENT}
    connection |= {"acceptContentTypes": CONTENT}
    configuration = {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "clientConnection": connection,
        "leaderElection": {"leaderElect": False},
    }
    path = plane.folder / "scheduler.json"
    path.write_text(json.dumps(configuration))
    plane.start(SCHEDULER, [program(SCHEDULER), f"--config={path}", "--secure-port=0"])


def _control(plane: RealPlane) -> None:
    without = ",".join(f"-{name}" for name in NOT_HERE)
    plane.start(MANAGER, [
        program(MANAGER), f"--kubeconfig={plane.kubeconfig}", "--leader-elect=false",
        f"--kube-api-content-type={CONTENT}", "--kube-api-qps=200", "--kube-api-burst=400",
        "--secure-port=0", "--allocate-node-cidrs=true", "--cluster-cidr=10.244.0.0/16",
        f"--controllers=*,{without}",
    ])  # fmt: skip


def _keep_node(plane: RealPlane) -> None:
    plane.node("node-1", contentType=CONTENT, featureGates={"PodCertificateRequest": False})


STARTS = {SCHEDULER: _schedule, MANAGER: _control, KUBELET: _keep_node}

# What is told of a cluster


def _has_account(cluster: Cluster) -> bool:
    """Pods are refused until there is one."""
    return cluster.api.find("ServiceAccount", "default", "default") is not None


def events_of(cluster: Cluster, component: str) -> list[tuple[str, str, str, str]]:
    """The events of a component, without random suffixes: object, type, reason, message."""
    found = set()
    for event in cluster.api.list("Event"):
        if component in (event.source.component, event.reporting_component):
            about = f"{event.involved_object.kind}/{_plain(event.involved_object.name)}"
            found.add((about, event.type, event.reason, _plain(event.message)))
    return sorted(found)


def _plain(text: str) -> str:
    """A text without random suffixes; nodes keep their names."""
    return RANDOM.sub("<random>", HASH.sub("<hash>", text))


def scheduled(cluster: Cluster, pod: str) -> tuple[str, str, str, str]:
    """Where a Pod is, and what its condition PodScheduled says."""
    found = cluster.api.get("Pod", pod, "default")
    said = [each for each in found.status.conditions or () if each.type == "PodScheduled"]
    first = said[0] if said else None
    told = (first.status, first.reason, first.message) if first else ("", "", "")
    return found.spec.node_name, *told
