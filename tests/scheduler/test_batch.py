"""Many Pods at once get the very nodes that they would get one by one."""

from __future__ import annotations

import random
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.objects.decode import decode
from course_lib.objects.kinds import kind_named
from course_lib.scheduler import batch, wave
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.profiles import API_VERSION, frameworks
from course_lib.scheduler.selection import decide
from tests.conftest import container
from tests.scheduler.test_plugins import node

POLICIES = {
    "LeastAllocated": {},
    "MostAllocated": {"scoringStrategy": {"type": "MostAllocated"}},
    "ratio": {
        "scoringStrategy": {
            "type": "RequestedToCapacityRatio",
            "requestedToCapacityRatio": {
                "shape": [{"utilization": 0, "score": 3}, {"utilization": 60, "score": 10}]
            },
        }
    },
}


def framework(policy: str = "LeastAllocated"):
    config = [{"name": "NodeResourcesFit", "args": POLICIES[policy]}]
    head = {"apiVersion": API_VERSION, "kind": "KubeSchedulerConfiguration"}
    return frameworks(head | {"profiles": [{"pluginConfig": config}]})[0]


def place(framework, pod: PodInfo, nodes: Nodes, lots: random.Random) -> int:
    """One Pod by itself."""
    row, _ = decide(framework, pod, nodes, lots)
    if row >= 0:
        nodes.add(pod.assumed(nodes.names[row]), nodes.names[row])
    return row


def pods(shape: dict, count: int, first: int) -> list[PodInfo]:
    asked = {"resources": {"requests": shape["requests"]}}
    spec = {"containers": [container(**asked)]} | shape.get("spec", {})
    found = []
    for number in range(first, first + count):
        meta = {"name": f"p{number}", "namespace": "default", "labels": shape.get("labels", {})}
        document = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}
        found.append(PodInfo.of(decode(document, kind_named("Pod"))))
    return found


def anti(label: str) -> dict:
    term = {"topologyKey": "host", "labelSelector": {"matchLabels": {"app": label}}}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    return {"affinity": {"podAntiAffinity": required}}


def spread(key: str, when: str) -> dict:
    one = {"topologyKey": key, "maxSkew": 1, "whenUnsatisfiable": when}
    return {"topologySpreadConstraints": [one | {"labelSelector": {"matchLabels": {"app": "a"}}}]}


def near(label: str) -> dict:
    term = {"topologyKey": "disk", "labelSelector": {"matchLabels": {"app": label}}}
    wish = {"weight": 10, "podAffinityTerm": term}
    return {
        "affinity": {
            "podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [wish]},
        }
    }


COUPLED = [
    anti("a"),
    near("b"),
    spread("disk", "DoNotSchedule"),
    spread("host", "ScheduleAnyway"),
]
shapes = st.fixed_dictionaries(
    {
        "requests": st.fixed_dictionaries(
            {},
            optional={
                "cpu": st.sampled_from(["100m", "300m", "1"]),
                "memory": st.sampled_from(["64Mi", "1Gi"]),
            },
        ),
        "labels": st.sampled_from([{}, {"app": "a"}, {"app": "b"}]),
        "spec": st.sampled_from(
            [{}, {}, {"nodeSelector": {"disk": "ssd"}}, {"nodeName": "n1"}, *COUPLED]
        ),
    }
)
machines = st.lists(
    st.tuples(st.sampled_from(["1", "2", "4"]), st.sampled_from(["ssd", "hdd"])),
    min_size=1,
    max_size=7,
)


def cluster_of(described: list[tuple[str, str]]) -> Nodes:
    return Nodes(
        [
            node(f"n{i}", cpu=cpu, labels={"disk": disk, "host": f"n{i}"})
            for i, (cpu, disk) in enumerate(described)
        ]
    )


@given(
    machines,
    st.lists(shapes, min_size=1, max_size=3),
    st.lists(st.integers(0, 2), min_size=1, max_size=40),
    st.sampled_from(sorted(POLICIES)),
    st.integers(0, 5),
    st.sampled_from([1, 2, 24]),
    st.sampled_from([0, 20, wave.MOST_SCORES]),
)
def test_a_wave_decides_as_one_by_one(described, kinds, order, policy, seed, worth, most):
    made = [pods(kinds[k % len(kinds)], 1, i)[0] for i, k in enumerate(order)]
    direct, waved = cluster_of(described), cluster_of(described)
    lots = random.Random(seed)
    wanted = [place(framework(policy), pod, direct, lots) for pod in made]
    with (
        mock.patch.object(batch, "WORTHWHILE", 1),
        mock.patch.object(wave, "WORTH", worth),
        mock.patch.object(wave, "MOST_SCORES", most),
    ):
        found = batch.place_all(framework(policy), made, waved, random.Random(seed))
    assert found == wanted
    for name in direct.requested:
        assert np.array_equal(direct.requested[name], waved.requested[name])
    assert np.array_equal(direct.pod_count, waved.pod_count)
    assert [set(p) for p in direct.pods] == [set(p) for p in waved.pods]


@given(
    machines,
    st.lists(shapes, min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 6)), max_size=12),
    st.sampled_from(sorted(POLICIES)),
)
def test_all_nodes_at_once_are_judged_as_each_node_by_itself(described, kinds, there, policy):
    nodes = cluster_of(described)
    for number, (kind, on) in enumerate(there):
        (other,) = pods(kinds[kind % len(kinds)] | {"spec": {}}, 1, 100 + number)
        nodes.add(other, nodes.names[on % len(nodes)])
    for kind in kinds:
        (pod,) = pods(kind, 1, 0)
        if framework(policy).couples(pod, nodes):
            continue  # one node's answer hangs on the others
        fits = framework(policy).filter(pod, nodes).fits
        total = framework(policy).total(pod, nodes, fits)
        for row in range(len(nodes)):
            alone = nodes.one(row)
            fits_alone = framework(policy).filter(pod, alone).fits
            assert fits_alone[0] == fits[row]
            assert framework(policy).total(pod, alone, fits_alone)[0] == total[row]


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_on_a_larger_cluster_too_and_until_it_is_full(policy):
    described = [(cpu, disk) for cpu in ("1", "2", "4") for disk in ("ssd", "hdd")] * 8
    kinds = [{"requests": {"cpu": c}} for c in ("100m", "300m")]
    kinds.append({"requests": {"memory": "1Gi"}, "spec": {"nodeSelector": {"disk": "ssd"}}})
    made = [pods(kinds[i % 3 if i < 150 else 0], 1, i)[0] for i in range(400)]
    direct, waved = cluster_of(described), cluster_of(described)
    lots = random.Random(3)
    wanted = [place(framework(policy), pod, direct, lots) for pod in made]
    assert batch.place_all(framework(policy), made, waved, random.Random(3)) == wanted
    assert -1 in wanted, "the cluster is full at the end: three Pods a node"


def test_counts_kept_by_adding_and_subtracting_are_those_of_counting_anew():
    described = [("4", "ssd")] * 5
    nodes = cluster_of(described)
    lots = random.Random(1)
    there = []
    for number in range(60):
        spec = lots.choice([{}, anti("a"), anti("b")])
        labels = lots.choice([{}, {"app": "a"}, {"app": "b"}])
        (pod,) = pods({"requests": {}, "labels": labels, "spec": spec}, 1, number)
        on = lots.choice(nodes.names)
        nodes.add(pod, on)
        there.append((pod, on))
        if lots.random() < 0.4:
            nodes.remove(*there.pop(lots.randrange(len(there))))
        fresh = Nodes(nodes.views)
        for other, place_ in there:
            fresh.add(other, place_)
        for info in pods({"requests": {}, "spec": anti("a")}, 1, 1000):
            kept, anew = framework().filter(info, nodes), framework().filter(info, fresh)
            assert np.array_equal(kept.fits, anew.fits)
