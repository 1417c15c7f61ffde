"""Parts shared, indexes, waves and sleeping timers change no byte: one seed has one history."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest

from course_lib import Cluster
from course_lib.errors import CourseError
from tests.plain import both_ways

APPLICATION = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - name: main
        image: {image}
        ports: [{{containerPort: 80}}]
        resources: {{requests: {{cpu: 100m, memory: 64Mi}}, limits: {{cpu: 200m}}}}
        readinessProbe: {{httpGet: {{path: /, port: 80}}, periodSeconds: {period}}}
        livenessProbe: {{tcpSocket: {{port: 80}}, periodSeconds: 3, initialDelaySeconds: 2}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec:
  type: {type}
  selector: {{app: {name}}}
  ports: [{{port: 80}}]
"""
KINDS = [
    *("pods", "nodes", "deployments", "replicasets", "services", "endpointslices", "events"),
    "horizontalpodautoscalers",
]


def applied(cluster: Cluster, rng: random.Random) -> None:
    applied_as(cluster, rng, rng.choice(["web", "shop", "hang", "fat"]))


def applied_as(cluster: Cluster, rng: random.Random, name: str) -> None:
    image = {"web": "nginx:1.27", "shop": "nginx:1.28"}.get(name, f"course/{name}:v1")
    kind, period = rng.choice(["ClusterIP", "LoadBalancer"]), rng.choice([1, 2, 7])
    values = {"name": name, "image": image, "type": kind, "period": period}
    cluster.apply(APPLICATION.format(replicas=rng.randrange(5), **values))


def autoscaled(cluster: Cluster, rng: random.Random) -> None:
    applied_as(cluster, rng, "web")
    load = cluster.load("web", requests_per_second=150)
    cluster.sim.at(cluster.now + rng.uniform(10, 100), load.stop)
    cluster.run(seconds=rng.uniform(0, 60))
    cluster.apply("data/web-autoscaler.yaml")
    cluster.run(seconds=60)


def frozen(cluster: Cluster, rng: random.Random) -> None:
    runtime = cluster.runtimes[rng.choice(list(cluster.runtimes))]
    running = [c for c in runtime.containers.values() if c.running]
    if running:
        rng.choice(running).freeze()


def thawed(cluster: Cluster, rng: random.Random) -> None:
    for runtime in cluster.runtimes.values():
        for container in runtime.containers.values():
            container.thaw()


def crashed(cluster: Cluster, rng: random.Random) -> None:
    runtime = cluster.runtimes[rng.choice(list(cluster.runtimes))]
    running = [c for c in runtime.containers.values() if c.running]
    if running:
        rng.choice(running).exit(rng.choice([0, 1]))


def loaded(cluster: Cluster, rng: random.Random) -> None:
    services = [s.name for s in cluster.api.list("Service") if s.name != "kubernetes"]
    if services:
        load = cluster.load(rng.choice(services), requests_per_second=rng.choice([1, 30, 150]))
        cluster.sim.at(cluster.now + rng.uniform(1, 40), load.stop)


def node_of(cluster: Cluster, rng: random.Random) -> str:
    return rng.choice(list(cluster.kubelets))


def daemon(cluster: Cluster, rng: random.Random) -> None:
    runtime = cluster.runtimes[node_of(cluster, rng)]
    (runtime.stop_daemon if runtime.up else runtime.start_daemon)()


def power(cluster: Cluster, rng: random.Random) -> None:
    node = node_of(cluster, rng)
    off = not cluster.kubelets[node].powered
    (cluster.restore_node if off else cluster.kill_node)(node)


def scaled(cluster: Cluster, rng: random.Random) -> None:
    for deployment in cluster.api.list("Deployment")[:1]:
        cluster.kubectl(f"scale deployment/{deployment.name} --replicas={rng.randrange(6)}")


def renewed(cluster: Cluster, rng: random.Random) -> None:
    for deployment in cluster.api.list("Deployment")[:1]:
        image = rng.choice(["nginx:1.27", "nginx:1.28", "course/hang:v1", "registry.invalid/x:1"])
        cluster.kubectl(f"set image deployment/{deployment.name} *={image}")


def node_added(cluster: Cluster, rng: random.Random) -> None:
    cluster.add_node()


def node_deleted(cluster: Cluster, rng: random.Random) -> None:
    if nodes := cluster.api.list("Node"):
        cluster.delete("node", rng.choice(nodes).name)


def pod_deleted(cluster: Cluster, rng: random.Random) -> None:
    pods = cluster.api.list("Pod", "default")
    if pods:
        cluster.api.delete("Pod", rng.choice(pods).name, "default", grace_period=rng.choice([0, 9]))


def cordoned(cluster: Cluster, rng: random.Random) -> None:
    node = cluster.api.list("Node")[:1]
    if node:
        command = "uncordon" if node[0].spec.unschedulable else "cordon"
        cluster.kubectl(f"{command} {node[0].name}")


def leases_read(cluster: Cluster, rng: random.Random) -> None:
    read = cluster.api.list("Lease", "kube-node-lease")
    times = [(lease.name, lease.spec.renew_time) for lease in read]
    cluster.sim.record("reader", "Lease", "Read", json.dumps(times))


def links_cut(cluster: Cluster, rng: random.Random) -> None:
    cluster.faults.cut(node_of(cluster, rng))


def links_healed(cluster: Cluster, rng: random.Random) -> None:
    cluster.faults.heal()


def process_killed(cluster: Cluster, rng: random.Random) -> None:
    machine, component = rng.choice(sorted(cluster.control_plane.components))
    cluster.faults.kill_process(machine, component)


Action = Callable[[Cluster, random.Random], None]
ACTIONS: list[Action] = [
    *[applied] * 4,
    *[autoscaled] * 2,
    frozen,
    thawed,
    crashed,
    *[loaded] * 2,
    daemon,
    *[power] * 2,
    scaled,
    renewed,
    node_deleted,
    pod_deleted,
    cordoned,
    leases_read,
]

# Some nodes have no block of addresses, until others are deleted.
SHORT_OF_BLOCKS = [*ACTIONS, *[node_deleted] * 3, *[node_added] * 2, *[power] * 2]
ON_MACHINES = [*[applied] * 3, autoscaled, loaded, power, pod_deleted, scaled, frozen, thawed]
ON_MACHINES += [*[links_cut] * 2, *[links_healed] * 2, process_killed]


def documents(cluster: Cluster) -> list[str]:
    """All documents without resourceVersions, which count the renewals of Leases too."""
    found = []
    for each in (each for kind in KINDS for each in cluster.api.list(kind)):
        document = cluster.api.document(each.kind, each.name, each.namespace)
        document["metadata"].pop("resourceVersion")
        document.get("involvedObject", {}).pop("resourceVersion", None)
        found.append(json.dumps(document, sort_keys=True))
    return found


def history(
    seed: int, actions: Sequence[Action] = ACTIONS, **settings: object
) -> tuple[list[str], list[str]]:
    """The log and the documents of a random story."""
    rng = random.Random(seed)
    cluster = Cluster(nodes=3, seed=seed, cloud=bool(seed % 2), memory="2Gi", **settings)
    cluster.behaviours.set("course/hang", hangs_after=rng.uniform(5, 200))
    cluster.behaviours.set("course/fat", memory=[(0, "20Mi"), (150, "1Gi"), (400, "1Gi")])
    applied(cluster, rng)
    for _ in range(12):
        rng.choice(actions)(cluster, rng)
        cluster.run(seconds=rng.choice([0, 1, 5, rng.uniform(0, 100), 300]))
    leases_read(cluster, rng)
    return cluster.sim.log.lines(), documents(cluster)


def broken_history(seed: int) -> list[str]:
    """The log of a random story with a control plane whose links and processes fail."""
    rng = random.Random(seed)
    cluster = Cluster.single_master(workers=2, seed=seed, network=["flat", "calico"][seed % 2])
    cluster.run(seconds=30)
    for _ in range(8):
        with suppress(CourseError):  # no API server answers
            rng.choice(ON_MACHINES)(cluster, rng)
        cluster.run(seconds=rng.choice([1, rng.uniform(0, 100), 200]))
    return cluster.sim.log.lines()


@pytest.mark.parametrize("seed", range(3))
def test_a_control_plane_that_can_fail_is_found_the_same(seed):
    expected, found = both_ways(lambda: broken_history(seed))
    assert found == expected


@pytest.mark.parametrize("seed", range(6))
def test_what_makes_a_cluster_quick_changes_no_byte_of_its_history(seed):
    for expected, found in zip(*both_ways(lambda: history(seed)), strict=True):
        assert found == expected


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("pod_cidr", ["10.0.0.0/24", "10.0.0.0/23"])
def test_nodes_that_wait_for_a_block_of_addresses_are_found_the_same(seed, pod_cidr):
    def told() -> tuple[list[str], list[str]]:
        return history(seed, SHORT_OF_BLOCKS, pod_cidr=pod_cidr)

    for expected, found in zip(*both_ways(told), strict=True):
        assert found == expected


def test_a_node_that_nobody_gives_a_block_is_not_ready_after_the_same_time():
    def told() -> list[str]:
        cluster = Cluster(nodes=2, without=["kube-controller-manager"])
        cluster.run(seconds=400)
        return documents(cluster)

    expected, found = both_ways(told)
    assert found == expected and "KubeletNotReady" in found[0]


def steps(cluster: Cluster, seconds: float) -> int:
    """How many events happen in so many seconds."""
    count, step = 0, cluster.sim.env.step

    def counted() -> None:
        nonlocal count
        count += 1
        step()

    cluster.sim.env.step = counted  # type: ignore[method-assign]
    cluster.run(seconds=seconds)
    cluster.sim.env.step = step  # type: ignore[method-assign]
    return count


@pytest.mark.parametrize("cloud", [False, True])
def test_an_hour_at_rest_has_next_to_no_events(cloud):
    cluster = Cluster(nodes=4, cloud=cloud)
    values = {"name": "web", "image": "nginx:1.27", "type": "LoadBalancer", "period": 2}
    cluster.apply(APPLICATION.format(replicas=8, **values))
    cluster.run(seconds=700)
    before = cluster.api.server.store.revision
    # The Services' and Pods' own timers are gone; what is left is of the store's compaction.
    assert steps(cluster, 3600) <= 20
    assert cluster.api.server.store.revision == before


def test_a_node_that_waits_for_a_block_has_events_with_its_heartbeats_only():
    cluster = Cluster(nodes=3, pod_cidr="10.0.0.0/24")
    cluster.run(seconds=700)
    told = len(cluster.sim.log.lines())
    happened = steps(cluster, 3600)
    tries = len(cluster.sim.log.lines()) - told
    assert 2 * 12 <= tries <= 2 * 17, "a heartbeat each 300 s, and the tries of the work queue"
    assert happened <= 20 + 10 * tries


@pytest.mark.parametrize("pod_cidr", ["", "10.0.0.0/24"], ids=["blocks", "a-block-short"])
@pytest.mark.parametrize(
    "disturb",
    [
        lambda cluster: cluster.kill_node("node-2"),
        lambda cluster: cluster.runtimes["node-1"].stop_daemon(),
        lambda cluster: cluster.kubectl("scale deployment/web --replicas=9"),
        lambda cluster: frozen(cluster, random.Random(2)),
        lambda cluster: cluster.delete("node", "node-1"),
        lambda cluster: cluster.api.delete("Lease", "node-1", "kube-node-lease"),
        lambda cluster: cluster.kubectl("cordon node-1"),
        lambda cluster: cluster.swap_runtime("node-1", "docker"),
    ],
)
def test_what_disturbs_a_long_rest_has_the_same_consequences(disturb, pod_cidr):
    def disturbed() -> tuple[list[str], list[str]]:
        cluster = Cluster(nodes=2, seed=3, pod_cidr=pod_cidr)
        values = {"name": "web", "image": "nginx:1.27", "type": "ClusterIP", "period": 2}
        cluster.apply(APPLICATION.format(replicas=4, **values))
        cluster.run(seconds=1234.5)
        disturb(cluster)
        cluster.run(seconds=600)
        return cluster.sim.log.lines(), documents(cluster)

    expected, found = both_ways(disturbed)
    assert found == expected
