"""The scheduling framework in a cluster: extension points, and plugins of one's own."""

from __future__ import annotations

import random
import re
from typing import ClassVar

import pytest

from course_lib.apiserver.errors import Conflict
from course_lib.cluster import Cluster
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.scheduler import Plugin, SchedulingFramework, framework, with_plugins
from course_lib.scheduler.batch import place_all
from course_lib.scheduler.framework import NODE_ADD, NODE_UPDATE, POINTS, everywhere
from course_lib.scheduler.handle import Permission
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.plugins.gpu_share import COUNT, INDEX, MILLI, GpuShare
from course_lib.scheduler.status import NodeToStatus
from tests.conftest import container, pod
from tests.scheduler.test_batch import pods
from tests.scheduler.test_plugins import node

HEAD = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n"


def asking(name: str, cpu: str, **spec: object) -> dict:
    return pod(name, [container(resources={"requests": {"cpu": cpu}})], **spec)


def sharing(name: str, milli: int, **spec: object) -> dict:
    document = pod(name, **spec)
    document["metadata"]["annotations"] = {COUNT: "1", MILLI: str(milli)}
    return document


def node_of(cluster: Cluster, name: str) -> str:
    return cluster.api.get("Pod", name).spec.node_name


def with_gpus(cluster: Cluster, *nodes: str, each: int = 1) -> Cluster:
    """Nodes (all, unless named) say in their status how many devices they have."""
    cluster.run(seconds=5)
    for name in nodes or [member.name for member in cluster.api.list("Node")]:
        member, amounts = cluster.api.get("Node", name), {COUNT: str(each)}
        cluster.api.patch_status(member, {"capacity": amounts, "allocatable": amounts})
    cluster.run(seconds=1)
    return cluster


def test_the_extension_points_are_those_that_the_docstring_names():
    text = framework.__doc__ or ""
    order, _ = text.split("Sources:")
    named = dict.fromkeys(re.findall(r"\b(?:[A-Z][a-z]+)+\b", order.split("\n\n", 1)[1]))
    words = [name for name in named if name not in ("For", "Pod", "A")]
    methods = [re.sub(r"(?<!^)([A-Z])", r"_\1", word).lower() for word in words]
    offered = [name for name in vars(Plugin) if callable(getattr(Plugin, name))]
    assert set(methods) == set(offered) - {"couples"}
    brought_along = {"normalize_score", "unreserve", "pre_bind_pre_flight"}
    assert set(POINTS.values()) == set(methods) - brought_along


def test_four_pods_of_600_thousandths_need_four_gpus():
    cluster = with_gpus(Cluster(nodes=4, scheduler=with_plugins(GpuShare)))
    cluster.apply([sharing(f"p{i}", 600) for i in range(5)])
    cluster.run(seconds=20)
    nodes = [node_of(cluster, f"p{i}") for i in range(5)]
    assert sorted(nodes) == ["", "node-1", "node-2", "node-3", "node-4"]
    said = cluster.log(reason="FailedScheduling").MESSAGE[0]
    assert said.startswith("0/4 nodes are available: 4 node(s) had no GPU with enough left.")


def test_without_the_plugin_they_share_what_is_not_theirs():
    cluster = with_gpus(Cluster(nodes=1))
    cluster.apply([sharing(f"p{i}", 600) for i in range(4)])
    cluster.run(seconds=20)
    assert {node_of(cluster, f"p{i}") for i in range(4)} == {"node-1"}


def test_a_pod_that_is_deleted_gives_its_share_back():
    cluster = with_gpus(Cluster(nodes=1, scheduler=with_plugins(GpuShare)))
    cluster.apply([sharing("first", 600), sharing("second", 600)])
    cluster.run(seconds=20)
    assert (node_of(cluster, "first"), node_of(cluster, "second")) == ("node-1", "")
    cluster.delete("pod", "first")
    cluster.run(seconds=60)
    assert node_of(cluster, "second") == "node-1"


def test_a_scheduler_that_starts_again_knows_which_devices_are_taken():
    cluster = Cluster.single_master(scheduler=with_plugins(GpuShare))
    with_gpus(cluster, "worker-1", each=2)
    cluster.apply([sharing("a", 300), sharing("b", 800), sharing("c", 700)])
    cluster.run(seconds=30)
    taken = {n: cluster.api.get("Pod", n).annotations.get(INDEX) for n in "abc"}
    assert taken == {"a": "0", "b": "1", "c": "0"}
    cluster.delete("pod", "a")
    cluster.kill_process("control-plane-1", "kube-scheduler")
    cluster.run(seconds=120)
    cluster.apply([sharing("d", 400), sharing("e", 300)])
    cluster.run(seconds=30)
    assert node_of(cluster, "d") == "", "device 0 has 300 left, and device 1 has 200"
    assert cluster.api.get("Pod", "e").annotations[INDEX] == "0"


class Quiet(Plugin):
    """Leave all nodes in peace but one."""

    name = "Quiet"

    def __init__(self, only: str = "") -> None:
        self.only = only

    def filter(self, pod, nodes):
        if not self.only:
            return None
        return NodeToStatus.where(_named(nodes, self.only), "node(s) were not quiet")


def _named(nodes: Nodes, name: str):
    fits = nodes.zeros() > 0
    fits[nodes.rows[name]] = True
    return fits


def test_a_plugin_of_ones_own_is_named_in_a_profile_like_any_other():
    text = (
        HEAD
        + """
profiles:
  - plugins:
      filter: {enabled: [{name: Quiet}]}
    pluginConfig: [{name: Quiet, args: {only: node-2}}]
"""
    )
    cluster = Cluster(nodes=3, scheduler=with_plugins(Quiet, configuration=text))
    cluster.apply([asking(f"p{i}", "1") for i in range(5)])
    cluster.run(seconds=20)
    assert [node_of(cluster, f"p{i}") for i in range(4)] == ["node-2"] * 4
    assert "2 node(s) were not quiet" in cluster.log(reason="FailedScheduling").MESSAGE[0]
    (other,) = Cluster(nodes=3).plane.scheduler.frameworks.values()
    assert "Quiet" not in {plugin.name for plugin in other.plugins}


def test_plugins_that_cannot_be_registered_are_explained():
    class Nameless(Plugin):
        pass

    class NodeName(Plugin):
        name = "NodeName"

    for plugin, said in ((Nameless, "not a scheduling plugin"), (NodeName, "that name already")):
        with pytest.raises(CourseError, match=said):
            with_plugins(plugin)
    text = HEAD + "profiles: [{plugins: {bind: {enabled: [{name: Quiet}]}}}]"
    with pytest.raises(CourseError, match="does not fill this extension point"):
        Cluster(nodes=1, scheduler=with_plugins(Quiet, configuration=text))
    with pytest.raises(CourseError, match="one QueueSort plugin"):
        Cluster(
            nodes=1,
            scheduler=HEAD + "profiles: [{plugins: {bind: {disabled: [{name: '*'}]}}}]",
        )


class Recorder(Plugin):
    """Write down what the framework calls."""

    calls: ClassVar[list[str]] = []
    refuses: ClassVar[dict[str, str]] = {}

    def reserve(self, pod, nodes, node):
        self.calls.append(f"reserve {self.name} {nodes.pod_count.sum():g}")
        return self.refuses.get(f"reserve {self.name}", "")

    def unreserve(self, pod, nodes, node):
        self.calls.append(f"unreserve {self.name}")

    def pre_bind(self, pod, node, handle):
        self.calls.append(f"preBind {self.name}")
        return self.refuses.get(f"preBind {self.name}", "")

    def post_bind(self, pod, node, handle):
        self.calls.append(f"postBind {self.name}")


class First(Recorder):
    name = "First"


class Second(Recorder):
    name = "Second"
    events = ("PodDelete",)


@pytest.fixture
def recorded(monkeypatch):
    monkeypatch.setattr(Recorder, "calls", [])
    monkeypatch.setattr(Recorder, "refuses", {})
    return Cluster(nodes=1, cpu="2", scheduler=with_plugins(First, Second))


def test_reserve_sees_the_assumed_pod_and_the_binding_cycle_follows(recorded):
    recorded.apply(asking("a", "1"))
    recorded.run(seconds=5)
    assert Recorder.calls == [
        "reserve First 1",
        "reserve Second 1",
        "preBind First",
        "preBind Second",
        "postBind First",
        "postBind Second",
    ]


@pytest.mark.parametrize("point", ["reserve", "preBind"])
def test_when_a_plugin_rejects_the_pod_all_is_given_back_in_reverse_order(recorded, point):
    Recorder.refuses[f"{point} Second"] = "no luck"
    recorded.apply(asking("a", "2"))
    recorded.run(seconds=5)
    assert Recorder.calls[-2:] == ["unreserve Second", "unreserve First"]
    assert recorded.log(reason="FailedScheduling").MESSAGE[0] == (
        "0/1 nodes are available: 1 no luck."
    )
    assert recorded.plane.scheduler.nodes.pod_count.sum() == 0
    Recorder.refuses.clear()
    recorded.apply(asking("b", "1"))
    recorded.run(seconds=5)
    recorded.delete("pod", "b")
    recorded.run(seconds=60)
    assert node_of(recorded, "a") == "node-1", "it waited for the event of the plugin"


def test_a_binding_that_is_refused_gives_the_place_back_and_is_tried_again(recorded, monkeypatch):
    client, refusals = recorded.plane.scheduler.handle.client, [Conflict("it has a node already")]
    real = client.bind

    def bind(pod, node):
        if refusals:
            raise refusals.pop()
        real(pod, node)

    monkeypatch.setattr(client, "bind", bind)
    recorded.apply(asking("a", "2"))
    recorded.run(seconds=0.5)
    assert Recorder.calls[-2:] == ["unreserve Second", "unreserve First"]
    assert recorded.plane.scheduler.nodes.pod_count.sum() == 0
    recorded.run(seconds=5)
    assert node_of(recorded, "a") == "node-1"


class Broken(Plugin):
    name = "Broken"
    times = 1

    def reserve(self, pod, nodes, node):
        self.times -= 1
        if self.times >= 0:
            raise ZeroDivisionError
        return ""


def test_a_plugin_with_a_mistake_stops_neither_the_scheduler_nor_keeps_the_place(monkeypatch):
    monkeypatch.setattr(Simulation, "strict", False)
    cluster = Cluster(nodes=1, scheduler=with_plugins(Broken))
    cluster.apply(asking("a", "1"))
    with pytest.warns(RuntimeWarning, match="ZeroDivisionError"):
        cluster.run(seconds=0.5)
    assert cluster.plane.scheduler.nodes.pod_count.sum() == 0
    cluster.run(seconds=5)
    assert node_of(cluster, "a") == "node-1"


class Gang(Plugin):
    """Bind three Pods together, or none of them."""

    name = "Gang"
    events = (NODE_ADD, NODE_UPDATE)  # not when another Pod of the gang gives its place back

    def permit(self, pod, node, handle):
        others = list(handle.waiting_pods.values())
        if len(others) < 2:
            return Permission(wait=30)
        for other in others:
            other.allow(self.name)
        return None


def test_permit_lets_pods_wait_for_each_other_and_gives_up_after_a_while():
    cluster = Cluster(nodes=1, cpu="4", scheduler=with_plugins(Gang))
    cluster.apply([asking("a", "1"), asking("b", "1")])
    cluster.run(seconds=10)
    assert (node_of(cluster, "a"), node_of(cluster, "b")) == ("", "")
    assert cluster.plane.scheduler.nodes.requested["cpu"][0] == 2000, "their places are kept"
    cluster.run(seconds=25)
    assert "after waiting 30s at plugin Gang" in cluster.log(reason="FailedScheduling").MESSAGE[0]
    assert cluster.plane.scheduler.nodes.requested["cpu"][0] == 0
    cluster = Cluster(nodes=1, cpu="4", scheduler=with_plugins(Gang))
    cluster.apply([asking(name, "1") for name in "abc"])
    cluster.run(seconds=10)
    assert [node_of(cluster, name) for name in "abc"] == ["node-1"] * 3


def test_a_pod_deleted_while_it_waits_gives_its_place_back():
    cluster = Cluster(nodes=1, cpu="4", scheduler=with_plugins(Gang))
    cluster.apply(asking("a", "1"))
    cluster.run(seconds=10)
    cluster.delete("pod", "a")
    cluster.run(seconds=5)
    assert cluster.plane.scheduler.nodes.requested["cpu"][0] == 0
    assert not cluster.plane.scheduler.handle.waiting_pods


class ShortestName(Plugin):
    name = "ShortestName"

    def queue_sort(self, pod):
        return (len(pod.info.pod.name),)


def test_the_order_of_the_queue_is_a_plugin_too():
    cluster = Cluster(nodes=1, scheduler=with_plugins(ShortestName))
    cluster.kubectl("cordon node-1")
    cluster.apply([asking(name, "100m") for name in ("longest", "long", "l")])
    cluster.run(seconds=20)
    cluster.kubectl("uncordon node-1")
    cluster.run(seconds=20)
    assert list(cluster.log(reason="Scheduled").OBJECT) == ["Pod/l", "Pod/long", "Pod/longest"]


class Seats(Plugin):
    """Two Pods for each node, counted in a ledger of the snapshot."""

    name = "Seats"

    class Taken:
        def __init__(self, nodes):
            self.rows = nodes.zeros()

        def add(self, pod, row):
            self.rows[row] += 1

        def remove(self, pod, row):
            self.rows[row] -= 1

    def filter(self, pod, nodes):
        return NodeToStatus.where(nodes.ledger(self.name, self.Taken).rows < 2, "full")

    def reserve(self, pod, nodes, node):
        return ""


def test_many_pods_at_once_reserve_as_one_by_one():
    nodes = Nodes([node(f"n{i}", cpu="8") for i in range(4)])
    made = [pods({"requests": {"cpu": "100m"}}, 1, i)[0] for i in range(60)]
    rows = place_all(SchedulingFramework(everywhere([Seats()])), made, nodes, random.Random(0))
    assert sorted(rows)[-8:] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert rows[8:] == [-1] * 52
