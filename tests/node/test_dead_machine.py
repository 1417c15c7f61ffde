"""A machine without power says nothing: whatever its components were about to do is lost."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from tests.conftest import container, pod, workload

PROBE = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 2}
EXEC = {"exec": {"command": ["cat", "/nosuch"]}, "periodSeconds": 3, "failureThreshold": 1000}
SLEEPS = {"image": "busybox:1.36", "command": ["sleep", "3600"]}
HOOKS = {"preStop": {"exec": {"command": ["sleep", "20"]}}}


def busy(cluster: Cluster, node: str) -> None:
    """Pods on a node with which its kubelet is never done."""
    here = {"nodeName": node}
    crash = container(image="busybox:1.36", command=["sh", "-c", "sleep 3; exit 1"])
    secret = [{"name": "none", "secret": {"secretName": "none"}}]
    cluster.apply(
        [
            workload(replicas=4, containers=[container(livenessProbe=PROBE, readinessProbe=PROBE)]),
            pod("asked", [container(readinessProbe=EXEC, **SLEEPS)], **here),
            pod("crash", [crash], **here),
            pod("no-image", [container(image="registry.invalid/x:1")], **here),
            pod("no-volume", volumes=secret, **here),
            pod("ends", [container(lifecycle=HOOKS, **SLEEPS)], **here),
        ]
    )


def said(cluster: Cluster, node: str, since: float) -> list[str]:
    """What components of a machine said after a time."""
    log = cluster.log()
    late = log[(since < log.TIME) & log.COMPONENT.str.endswith(node)]
    return [f"{row.COMPONENT}: {row.REASON} {row.MESSAGE}" for row in late.itertuples()]


@pytest.mark.parametrize("moment", [1.0, 7.3, 31.0])
@pytest.mark.parametrize("network", ["flat", "calico", "weave"])
def test_after_a_power_cut_no_component_of_the_machine_writes_anything(network, moment):
    cluster = Cluster(nodes=3, network=network)
    cluster.run(seconds=5)
    busy(cluster, "node-2")
    cluster.run(seconds=moment)
    cluster.delete("pod", "ends")
    large = {"resources": {"requests": {"cpu": "64"}}}
    cluster.apply(pod("too-large", [container(**large)], nodeName="node-2"))
    cluster.run(seconds=0.2)
    cluster.kill_node("node-2")
    cut = cluster.now
    cluster.run(seconds=250)  # before the Pods are evicted
    assert said(cluster, "node-2", cut) == []
    cluster.restore_node("node-2")
    cluster.run(seconds=60)
    assert said(cluster, "node-2", cut), "with power it speaks again"
    assert cluster.document("pod", "too-large")["status"]["reason"] == "OutOfcpu"


def test_a_control_plane_machine_without_power_writes_nothing_either():
    cluster = Cluster.ha_etcd(stacked=True, seed=1)
    cluster.run(seconds=30)
    cluster.delete("pod", "kube-scheduler-control-plane-2", namespace="kube-system")
    cluster.run(seconds=0.5)
    cluster.kill_node("control-plane-2")
    cut = cluster.now
    cluster.run(seconds=120)
    assert said(cluster, "control-plane-2", cut) == []


def test_a_kubelet_with_another_runtime_asks_no_probes_of_the_old_containers():
    cluster = Cluster(nodes=1)
    cluster.apply(pod(containers=[container(readinessProbe=PROBE)]))
    cluster.run(seconds=20)
    cluster.swap_runtime("node-1", "docker")
    cluster.run(seconds=30)
    asked = cluster.now
    cluster.run(seconds=60)
    log = cluster.log(reason="Unhealthy")
    assert len(log[asked < log.TIME]) == 0
