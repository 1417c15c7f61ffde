"""Daemons stop, runtimes are swapped, nodes lose power, Pods go: in the end all is well."""

from __future__ import annotations

import random

import pytest

from course_lib.cluster import Cluster
from course_lib.runtimes import RUNTIMES
from tests.conftest import container, workload

PROBE = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 3}
EXEC = {"exec": {"command": ["hostname"]}, "periodSeconds": 4}


def disturb(cluster: Cluster, lots: random.Random) -> None:
    node = lots.choice(list(cluster.kubelets))
    runtime, kubelet = cluster.runtimes[node], cluster.kubelets[node]
    match lots.randrange(6):
        case 0 if runtime.flavour.daemon and runtime.up:
            runtime.stop_daemon()
        case 1 if kubelet.powered:
            runtime.start_daemon()
        case 2 if kubelet.powered and runtime.up:
            cluster.swap_runtime(node, lots.choice(list(RUNTIMES)))
        case 3 if kubelet.powered:
            cluster.kill_node(node)
        case 4 if not kubelet.powered:
            cluster.restore_node(node)
        case 5:
            pods = cluster.api.list("Pod")
            if pods:
                grace = lots.choice([None, 0, 5])
                cluster.delete("pod", lots.choice(pods).name, grace_period=grace)


@pytest.mark.parametrize("seed", range(8))
def test_after_any_turmoil_everything_runs_and_nothing_is_left_over(seed):
    lots = random.Random(seed)
    cluster = Cluster(nodes=3, seed=seed, runtime=lots.choice(list(RUNTIMES)))
    web = container(readinessProbe=PROBE, livenessProbe=EXEC)
    cluster.apply(workload(replicas=6, containers=[web]))
    crash = container(image="busybox:1.36", command=["sh", "-c", "sleep 7; exit 1"])
    cluster.apply(workload(name="crash", replicas=2, containers=[crash]))
    for _ in range(40):
        cluster.run(seconds=lots.uniform(0.01, 20))
        disturb(cluster, lots)
    for node, kubelet in cluster.kubelets.items():
        if not kubelet.powered:
            cluster.restore_node(node)
        if not cluster.runtimes[node].up:
            cluster.runtimes[node].start_daemon()
    cluster.run_until(lambda: cluster.ready("deployment/web"), timeout=900)
    cluster.run(seconds=600)
    assert cluster.ready("deployment/web")
    assert list(cluster.get("nodes").STATUS) == ["Ready"] * 3
    for node, runtime in cluster.runtimes.items():
        workers = cluster.kubelets[node].workers
        mine = cluster.get("pods", field_selector=f"spec.nodeName={node}")
        assert len(workers) == len(mine)
        ready = [s for s in runtime.sandboxes.values() if s.ready]
        assert len(ready) == len(workers)
        assert len(runtime.pool._used) == len(ready)
        running = [c for c in runtime.containers.values() if c.running]
        assert len(running) <= len(workers)
        assert len(runtime.containers) <= 3 * len(workers)
