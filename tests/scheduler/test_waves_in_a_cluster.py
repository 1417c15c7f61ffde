"""A cluster whose scheduler works in waves has the history of one that asks for each Pod anew."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.cluster import Cluster
from course_lib.engine import Simulation
from course_lib.scheduler import Plugin, wave, with_plugins
from course_lib.scheduler.wave import Wave
from tests.conftest import container
from tests.plain import plain_way

ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"


def term(app: str, key: str) -> dict:
    return {"topologyKey": key, "labelSelector": {"matchLabels": {"app": app}}}


def required(side: str, app: str, key: str) -> dict:
    rule = {"requiredDuringSchedulingIgnoredDuringExecution": [term(app, key)]}
    return {"affinity": {side: rule}}


SPREAD = {"maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule", **term("a", ZONE)}
SPECS = [
    {},
    {"nodeSelector": {ZONE: "east"}},
    {"topologySpreadConstraints": [SPREAD]},
    required("podAntiAffinity", "a", HOST),
    required("podAffinity", "a", ZONE),
    {"tolerations": [{"operator": "Exists"}]},
    {"priorityClassName": "high"},
]
HIGH = {
    "apiVersion": "scheduling.k8s.io/v1",
    "kind": "PriorityClass",
    "metadata": {"name": "high"},
    "value": 100,
}


def bare(name: str, app: str, cpu: str, spec: dict) -> dict:
    containers = [container(resources={"requests": {"cpu": cpu}})]
    meta = {"name": name, "namespace": "default", "labels": {"app": app}}
    template = {"metadata": meta, "spec": {"containers": containers, **spec}}
    return {"apiVersion": "v1", "kind": "Pod", **template}


def workload(name: str, app: str, cpu: str, spec: dict, replicas: int) -> dict:
    template = {"metadata": {"labels": {"app": app}}, "spec": bare(name, app, cpu, spec)["spec"]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": app}},
            "template": template,
        },
    }


def create(cluster: Cluster, pods: list[dict]) -> None:
    """Create Pods without the annotation of `apply`, which makes each a shape of its own."""
    for pod in pods:
        cluster.api.create(pod)


def service(app: str) -> dict:
    spec = {"selector": {"app": app}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": app}, "spec": spec}


apps, cpus = st.sampled_from(["a", "b"]), st.sampled_from(["100m", "500m", "1500m"])
acts = st.one_of(
    st.tuples(st.just("pods"), apps, cpus, st.sampled_from(SPECS), st.integers(1, 12)),
    st.tuples(st.just("deploy"), apps, cpus, st.sampled_from(SPECS), st.integers(1, 12)),
    st.tuples(st.sampled_from(["service", "cordon", "kill", "add", "delete"]), apps),
)


def history(plan: list, plain: bool) -> list[str]:
    """The whole event log of a cluster to which a plan was done."""
    with plain_way(plain):
        cluster = Cluster(nodes=4, cpu="3", zones=["east", "west"], seed=1)
        cluster.apply(HIGH)
        for number, (act, app, *more) in enumerate(plan):
            do(cluster, number, act, app, more)
            cluster.run(seconds=0.05 if number % 2 else 20)
        cluster.run(seconds=60)
    return cluster.sim.log.lines()


def do(cluster: Cluster, number: int, act: str, app: str, more: list) -> None:
    if act == "pods":
        cpu, spec, count = more
        create(cluster, [bare(f"p{number}-{i}", app, cpu, spec) for i in range(count)])
    elif act == "deploy":
        cpu, spec, count = more
        cluster.apply(workload(f"d{number}", app, cpu, spec, count))
    elif act == "service":
        cluster.apply(service(app))
    elif act == "cordon":
        cluster.kubectl(f"cordon node-{number % 4 + 1}")
    elif act == "kill":
        cluster.faults.cut_power("node-4")
    elif act == "add":
        cluster.add_node(cpu="2")
    else:
        for pod in cluster.api.list("Pod")[::2]:
            cluster.api.delete("Pod", pod.name, pod.namespace)


@settings(max_examples=12, deadline=None)
@given(st.lists(acts, min_size=1, max_size=6), st.sampled_from([1, 3, wave.WORTH]))
def test_waves_change_no_line_of_the_log(plan, worth):
    with mock.patch.object(wave, "WORTH", worth):
        assert history(plan, plain=False) == history(plan, plain=True)


def opened(pods: list[dict], plain: bool = False, **settings: object) -> int:
    """How often a wave is opened while a cluster places some Pods."""
    cluster = Cluster(nodes=3, **settings)
    plan = mock.patch.object(Wave, "open", autospec=True, side_effect=Wave.open)
    with plan as opening, mock.patch.object(Simulation, "plain", plain):
        create(cluster, pods)
        cluster.run(seconds=30)
    assert not cluster.log(reason="FailedScheduling").size
    return sum(bool(call.args[1]) for call in opening.call_args_list)


@pytest.mark.parametrize(("count", "waves"), [(1, 0), (2, 1), (20, 1)])
def test_the_second_pod_of_a_shape_begins_a_wave(count, waves):
    assert opened([bare(f"p{i}", "a", "10m", {}) for i in range(count)]) == waves


def test_pods_that_are_all_different_are_no_wave():
    assert opened([bare(f"p{i}", f"a{i}", "10m", {}) for i in range(20)]) == 0


@pytest.mark.parametrize(("shapes", "waves"), [(5, True), (6, True), (7, False)])
def test_more_than_six_shapes_in_turn_are_no_wave(shapes, waves):
    pods = [bare(f"p{i}", f"a{i % shapes}", "10m", {}) for i in range(3 * shapes)]
    assert bool(opened(pods)) == waves


class Counting(Plugin):
    """A plugin whose answers depend on how often it was asked."""

    name = "Counting"

    def __init__(self) -> None:
        self.asked = 0

    def filter(self, pod, nodes):
        self.asked += 1
        return


def test_a_plugin_that_does_not_say_what_it_couples_is_asked_for_each_pod():
    pods = [bare(f"p{i}", "a", "10m", {}) for i in range(20)]
    assert opened(pods, scheduler=with_plugins(Counting)) == 0
