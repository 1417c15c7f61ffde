"""Each plugin over columns against its rule, node by node."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.objects.decode import decode
from course_lib.objects.kinds import kind_named
from course_lib.objects.node_selection import requires
from course_lib.objects.quantity import Quantity
from course_lib.objects.tolerations import tolerated
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.plugins.image_locality import ImageLocality
from course_lib.scheduler.plugins.node_affinity import NodeAffinityPlugin
from course_lib.scheduler.plugins.node_name import NodeName
from course_lib.scheduler.plugins.node_ports import NodePorts
from course_lib.scheduler.plugins.node_resources_fit import NodeResourcesFit
from course_lib.scheduler.plugins.node_unschedulable import NodeUnschedulable
from course_lib.scheduler.plugins.taint_toleration import TaintToleration
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.profiles import default_framework
from course_lib.scheduler.status import SUCCESS, UNRESOLVABLE, UNSCHEDULABLE, Diagnosis
from tests.conftest import container


def node(name: str = "n1", cpu: str = "4", labels: dict | None = None, **spec: object):
    allocatable = {"cpu": cpu, "memory": "8Gi", "pods": "3"}
    images = spec.pop("images", [])
    document = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": spec,
        "status": {"allocatable": allocatable, "images": images},
    }
    return decode(document, kind_named("Node"))


def info(name: str = "p", cpu: str = "", containers: list | None = None, **spec: object) -> PodInfo:
    asked = {"resources": {"requests": {"cpu": cpu}}} if cpu else {}
    document = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"containers": containers or [container(**asked)], **spec},
    }
    return PodInfo.of(decode(document, kind_named("Pod")))


def verdict(plugin, pod: PodInfo, nodes: Nodes) -> list[int]:
    found = plugin.filter(pod, nodes)
    if found is None:
        return [SUCCESS] * len(nodes)
    return [SUCCESS if good else found.why(row)[0] for row, good in enumerate(found.fits)]


keys = st.sampled_from(["zone", "disk", "cores"])
words = st.sampled_from(["a", "b", "4", "16"])
node_labels = st.dictionaries(keys, words)
expressions = st.one_of(
    st.fixed_dictionaries(
        {
            "key": keys,
            "operator": st.sampled_from(["In", "NotIn"]),
            "values": st.lists(words, min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries({"key": keys, "operator": st.sampled_from(["Exists", "DoesNotExist"])}),
    st.fixed_dictionaries(
        {
            "key": keys,
            "operator": st.sampled_from(["Gt", "Lt"]),
            "values": st.sampled_from([["5"], ["4"], ["x"]]),
        }
    ),
)
fields = st.fixed_dictionaries(
    {
        "key": st.just("metadata.name"),
        "operator": st.sampled_from(["In", "NotIn"]),
        "values": st.sampled_from([["n0"], ["n1"], ["other"]]),
    }
)
terms = st.fixed_dictionaries(
    {},
    optional={
        "matchExpressions": st.lists(expressions, max_size=2),
        "matchFields": st.lists(fields, max_size=1),
    },
)


@given(
    st.lists(node_labels, min_size=1, max_size=5),
    st.dictionaries(keys, words, max_size=1),
    st.none() | st.lists(terms, min_size=1, max_size=3),
)
def test_node_affinity_over_columns_decides_as_the_rule_does_for_each_node(
    labels, wanted, required
):
    nodes = [node(f"n{i}", labels=found) for i, found in enumerate(labels)]
    spec: dict = {"nodeSelector": wanted}
    if required is not None:
        where = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": required}}
        spec["affinity"] = {"nodeAffinity": where}
    pod = info(**spec)
    codes = verdict(NodeAffinityPlugin(), pod, Nodes(nodes))
    assert [code == SUCCESS for code in codes] == [requires(pod.pod.spec, n) for n in nodes]
    assert set(codes) <= {SUCCESS, UNRESOLVABLE}


taints = st.lists(
    st.fixed_dictionaries(
        {
            "key": st.sampled_from(["a", "b"]),
            "value": st.sampled_from(["", "x"]),
            "effect": st.sampled_from(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
        }
    ),
    max_size=3,
)
tolerations = st.lists(
    st.fixed_dictionaries(
        {"operator": st.sampled_from(["Exists", "Equal"])},
        optional={
            "key": st.sampled_from(["a", "b"]),
            "value": st.sampled_from(["", "x"]),
            "effect": st.sampled_from(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
        },
    ),
    max_size=3,
)


@given(st.lists(taints, min_size=1, max_size=4), tolerations)
def test_taints_over_columns_decide_as_the_rule_does_for_each_node(given_taints, given_tolerations):
    nodes = [node(f"n{i}", taints=found) for i, found in enumerate(given_taints)]
    pod = info(tolerations=given_tolerations)
    wanted = [
        all(
            tolerated(taint, pod.pod.spec.tolerations or ())
            for taint in n.spec.taints or ()
            if taint.effect != "PreferNoSchedule"
        )
        for n in nodes
    ]
    assert [c == SUCCESS for c in verdict(TaintToleration(), pod, Nodes(nodes))] == wanted


amounts = st.sampled_from(["100m", "500m", "1", "2500m", "5"])


@given(st.lists(st.tuples(amounts, st.integers(0, 2)), max_size=6), amounts)
def test_fit_over_columns_decides_as_plain_sums_do(placed, wanted):
    nodes = [node(f"n{i}", cpu=cpu) for i, cpu in enumerate(("1", "4", "8"))]
    pods = [info(f"p{i}", cpu, nodeName=f"n{on}") for i, (cpu, on) in enumerate(placed)]
    columns = Nodes(nodes, pods)
    codes = verdict(NodeResourcesFit(), info("new", wanted), columns)
    for row, capacity in enumerate((1000, 4000, 8000)):
        mine = [Quantity(cpu).milli for cpu, on in placed if on == row]
        fits = sum(mine) + Quantity(wanted).milli <= capacity and len(mine) < 3
        assert (codes[row] == SUCCESS) == fits


def test_what_is_counted_and_taken_away_again_leaves_no_trace():
    columns, pod = Nodes([node("n1")]), info("p", "1")
    columns.add(pod, "n1")
    columns.add(pod, "n1")
    assert columns.requested["cpu"].tolist() == [1000]
    columns.remove(pod, "n1")
    columns.remove(pod, "n1")
    assert columns.requested["cpu"].tolist() == [0]
    assert columns.pod_count.tolist() == [0]


def test_fit_names_everything_that_lacks():
    asked = container(resources={"requests": {"cpu": "9", "memory": "90Gi", "nvidia.com/gpu": "1"}})
    result = NodeResourcesFit().filter(info(containers=[asked]), Nodes([node()]))
    assert list(result.why(0)[1]) == [
        "Insufficient cpu",
        "Insufficient memory",
        "Insufficient nvidia.com/gpu",
    ]


def test_the_emptier_node_scores_higher():
    columns = Nodes([node("n1"), node("n2")], [info("p", "2", nodeName="n1")])
    scores = NodeResourcesFit().score(info("new", "1"), columns, np.ones(2, dtype=bool))
    # (4000 - 3000) and (4000 - 1000) of 4000, in per cent, averaged with the memory: 200 MiB
    # assumed for each Pod, of 8 GiB
    assert scores.tolist() == [(25 + 95) // 2, (75 + 97) // 2]


def test_a_named_node_is_the_only_one():
    columns = Nodes([node("n1"), node("n2")])
    assert verdict(NodeName(), info(nodeName="n2"), columns) == [UNRESOLVABLE, SUCCESS]
    assert verdict(NodeName(), info(), columns) == [SUCCESS, SUCCESS]


def test_a_cordoned_node_takes_only_pods_that_tolerate_it():
    columns = Nodes([node("n1", unschedulable=True), node("n2")])
    assert verdict(NodeUnschedulable(), info(), columns) == [UNRESOLVABLE, SUCCESS]
    puts_up = [{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}]
    assert verdict(NodeUnschedulable(), info(tolerations=puts_up), columns) == [SUCCESS, SUCCESS]


@pytest.mark.parametrize(
    ("taken", "wanted", "free"),
    [
        ({"hostPort": 80}, {"hostPort": 80}, False),
        ({"hostPort": 80}, {"hostPort": 81}, True),
        ({"hostPort": 80, "protocol": "UDP"}, {"hostPort": 80}, True),
        ({"hostPort": 80, "hostIP": "10.0.0.1"}, {"hostPort": 80, "hostIP": "10.0.0.2"}, True),
        ({"hostPort": 80, "hostIP": "10.0.0.1"}, {"hostPort": 80}, False),
        ({}, {"hostPort": 80}, True),
    ],
)
def test_host_ports_conflict_by_protocol_number_and_address(taken, wanted, free):
    def using(name, port, **spec):
        ports = [{"containerPort": 80, **port}]
        return info(name, containers=[container(ports=ports)], **spec)

    columns = Nodes([node("n1")], [using("old", taken, nodeName="n1")])
    code = SUCCESS if free else UNSCHEDULABLE
    assert verdict(NodePorts(), using("new", wanted), columns) == [code]


def test_image_locality_counts_bytes_by_the_share_of_nodes_that_have_them():
    have = [{"names": ["big:v1"], "sizeBytes": 600 * 2**20}]
    columns = Nodes([node("n1", images=have), node("n2")])
    wanted = info(containers=[container(image="big:v1")])
    scores = ImageLocality().score(wanted, columns, np.ones(2, dtype=bool))
    # half of the nodes have it: 300 MiB count, between 23 and 1000 MiB
    assert scores.tolist() == [100 * (300 - 23) // (1000 - 23), 0]


def test_a_node_gives_the_reason_of_the_first_plugin_that_refuses_it():
    nodes = Nodes(
        [
            node("n1", cpu="1", unschedulable=True),
            node("n2", cpu="1"),
            node("n3", taints=[{"key": "gpu", "value": "only", "effect": "NoSchedule"}]),
        ]
    )
    diagnosis = Diagnosis.of(default_framework().filter(info("p", "2"), nodes))
    assert diagnosis.message() == (
        "0/3 nodes are available: 1 Insufficient cpu, "
        "1 node(s) had untolerated taint(s), 1 node(s) were unschedulable."
    )
