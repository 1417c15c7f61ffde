"""Plugins of one's own that make mistakes: the cluster runs on, and no place is lost."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.engine import Simulation
from course_lib.scheduler import Plugin, with_plugins
from course_lib.scheduler.handle import Permission
from tests.conftest import container, pod

pytestmark = pytest.mark.filterwarnings("ignore:.*failed and goes on:RuntimeWarning")


@pytest.fixture(autouse=True)
def lenient(monkeypatch):
    """Errors stand in the log, as in a learner's cluster."""
    monkeypatch.setattr(Simulation, "strict", False)


def asking(name: str, cpu: str) -> dict:
    return pod(name, [container(resources={"requests": {"cpu": cpu}})])


def node_of(cluster: Cluster, name: str) -> str:
    return cluster.api.get("Pod", name).spec.node_name


class Stubborn(Plugin):
    """Reject Pod `a` when asked, and raise an error when it takes back what it noted."""

    name = "Stubborn"

    def reserve(self, pod, nodes, node):
        return "not this one" if pod.pod.name == "a" else ""

    def unreserve(self, pod, nodes, node):
        raise KeyError(pod.pod.name)


class Slow(Stubborn):
    """Let Pod `a` wait for ten seconds, which is too long."""

    def reserve(self, pod, nodes, node):
        return ""

    def permit(self, pod, node, handle):
        return Permission(wait=10) if pod.pod.name == "a" else None


class Late(Stubborn):
    """Reject Pod `a` before it is bound."""

    def reserve(self, pod, nodes, node):
        return ""

    def pre_bind(self, pod, node, handle):
        return "not this one" if pod.pod.name == "a" else ""


@pytest.mark.parametrize("plugin", [Stubborn, Slow, Late])
def test_an_error_in_unreserve_gives_the_place_back_all_the_same(plugin):
    cluster = Cluster(nodes=1, cpu="4", scheduler=with_plugins(plugin))
    cluster.apply(asking("a", "3"))
    cluster.run(seconds=10.5)
    cluster.delete("pod", "a")
    cluster.run(seconds=5)
    cluster.apply(asking("b", "3"))
    cluster.run(seconds=30)
    assert node_of(cluster, "b") == "node-1"
    assert "KeyError: 'a'" in cluster.log(reason="InternalError").MESSAGE[0]


def test_after_an_error_in_unreserve_the_pod_is_tried_again():
    cluster = Cluster(nodes=1, cpu="4", scheduler=with_plugins(Slow))
    cluster.apply(asking("a", "3"))
    cluster.run(seconds=30)
    scheduler = cluster.plane.scheduler
    (waiting,) = scheduler.handle.waiting_pods.values()
    assert waiting.pod.pod.name == "a"


def test_an_error_in_one_unreserve_keeps_no_other_plugin_from_its_own():
    given_back = []

    class Tidy(Plugin):
        name = "Tidy"

        def reserve(self, pod, nodes, node):
            return ""

        def unreserve(self, pod, nodes, node):
            given_back.append(pod.pod.name)

    cluster = Cluster(nodes=1, cpu="4", scheduler=with_plugins(Tidy, Stubborn))
    cluster.apply(asking("a", "3"))
    cluster.run(seconds=0.5)
    assert given_back == ["a"]


class Pretender(Plugin):
    """Say that a Pod is bound, and bind none."""

    name = "Pretender"

    def bind(self, pod, node, handle):
        return pod.pod.name == "a"


def test_a_deleted_pod_that_no_plugin_bound_takes_no_place():
    profile = {"plugins": {"multiPoint": {"enabled": [{"name": "Pretender"}]}}}
    profile["plugins"]["multiPoint"]["disabled"] = [{"name": "DefaultBinder"}]
    profile["plugins"]["bind"] = {"enabled": [{"name": "DefaultBinder"}]}
    configuration = {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "profiles": [profile],
    }
    cluster = Cluster(
        nodes=1, cpu="4", scheduler=with_plugins(Pretender, configuration=configuration)
    )
    cluster.apply(asking("a", "3"))
    cluster.run(seconds=5)
    cluster.apply(asking("b", "3"))
    cluster.run(seconds=5)
    assert (node_of(cluster, "a"), node_of(cluster, "b")) == ("", "")
    cluster.delete("pod", "a")
    cluster.run(seconds=10)
    assert node_of(cluster, "b") == "node-1"


class OnePod(Plugin):
    """One Pod for each node; it does not say which events may help."""

    name = "OnePod"

    def reserve(self, pod, nodes, node):
        return "node is taken" if nodes.pod_count.sum() > 1 else ""


def test_a_plugin_that_names_no_events_is_asked_again_after_each():
    cluster = Cluster(nodes=1, scheduler=with_plugins(OnePod))
    cluster.apply(asking("a", "1"))
    cluster.run(seconds=5)
    cluster.apply(asking("b", "1"))
    cluster.run(seconds=5)
    assert node_of(cluster, "b") == ""
    cluster.delete("pod", "a")
    cluster.run(seconds=45)
    assert node_of(cluster, "b") == "node-1"
