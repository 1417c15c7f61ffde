"""Plugins of one's own in a cluster: after their mistakes it runs on, and no place is lost."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from course_lib.cluster import Cluster
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.scheduler import NodeToStatus, Permission, Plugin, with_plugins
from course_lib.scheduler.framework import NODE_ADD
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


ANSWERS = {
    "two nodes of three": (np.array([True, False]), "shape (2,)"),
    "numbers for booleans": (np.array([1, 1, 0]), "array of int64"),
    "a list": ([True, True, True], "found:    list"),
}
SCORES = {
    "two nodes of three": (np.array([1.0, 2.0]), "shape (2,)"),
    "a list": ([1.0, 2.0, 3.0], "found:    list"),
    "above the range": (np.array([0.0, 100.0, 1e6]), "Node node-3"),
    "below the range": (np.array([0.0, -1.0, 0.0]), "Node node-2"),
    "no number": (np.array([np.nan, 0.0, 0.0]), "Node node-1"),
}


def with_mistake(point: str, answer: object) -> type[Plugin]:
    """A plugin that answers so for Pod `a`, and has nothing to say of others."""

    def filter(self, pod, nodes):
        return NodeToStatus.where(answer, "odd") if pod.pod.name == "a" else None

    def score(self, pod, nodes, fits):
        return answer if pod.pod.name == "a" else nodes.zeros()

    methods = {"filter": filter, "score": score}
    return type("Mistaken", (Plugin,), {"name": "Mistaken", point: methods[point]})


@pytest.mark.parametrize(
    ("point", "answer", "said"),
    [("filter", *case) for case in ANSWERS.values()]
    + [("score", *case) for case in SCORES.values()],
    ids=[*(f"filter: {name}" for name in ANSWERS), *(f"score: {name}" for name in SCORES)],
)
def test_an_invalid_answer_is_an_error_that_names_the_plugin(point, answer, said):
    cluster = Cluster(nodes=3, scheduler=with_plugins(with_mistake(point, answer)))
    cluster.apply([asking("a", "1"), asking("b", "1")])
    cluster.run(seconds=10)
    assert (node_of(cluster, "a"), bool(node_of(cluster, "b"))) == ("", True)
    error = cluster.log(reason="InternalError", object="Pod/a").MESSAGE[0]
    assert "plugin Mistaken returns an invalid" in error
    assert " ".join(said.split()) in error


def test_scores_of_nodes_that_do_not_fit_may_be_anything():
    class Picky(Plugin):
        name = "Picky"

        def filter(self, pod, nodes):
            return NodeToStatus.where(np.array([True, False]), "not here")

        def score(self, pod, nodes, fits):
            return np.array([100.0, np.nan])

    cluster = Cluster(nodes=2, scheduler=with_plugins(Picky))
    cluster.apply(asking("a", "1"))
    cluster.run(seconds=5)
    assert node_of(cluster, "a") == "node-1"
    assert cluster.log(reason="InternalError").empty


def patient(wait: float) -> tuple[type[Plugin], list[float]]:
    """A plugin that lets each Pod wait, and the times at which it is asked."""
    asked = []

    class Patient(Plugin):
        name = "Patient"
        events = (NODE_ADD,)

        def permit(self, pod, node, handle):
            asked.append(handle.client.sim.now)
            return Permission(wait=wait)

    return Patient, asked


def test_the_flush_of_a_pod_counts_from_the_end_of_its_wait_for_a_permit():
    plugin, asked = patient(wait=400)
    cluster = Cluster(nodes=1, scheduler=with_plugins(plugin))
    cluster.apply(asking("a", "1"))
    cluster.run(seconds=800)
    first, second = asked
    assert second - first == pytest.approx(700)


def test_the_back_off_of_a_pod_counts_from_the_end_of_its_wait_for_a_permit():
    plugin, asked = patient(wait=20)
    cluster = Cluster(nodes=1, scheduler=with_plugins(plugin))
    cluster.apply(asking("a", "1"))
    cluster.run_until(lambda: bool(asked))
    cluster.run(seconds=asked[0] + 20.1 - cluster.now)
    cluster.add_node("late")
    cluster.run(seconds=10)
    first, second = asked
    assert second - first == pytest.approx(21, abs=0.01)


class Mixed(Plugin):
    name = "Mixed"

    def queue_sort(self, pod):
        return ("text",) if pod.info.pod.name == "b" else (1,)


def test_keys_that_do_not_compare_lose_no_pod():
    cluster = Cluster(nodes=1, scheduler=with_plugins(Mixed))
    cluster.apply([asking(name, "100m") for name in "abcd"])
    cluster.run(seconds=5)
    assert "TypeError" in cluster.log(reason="InternalError").MESSAGE[0]
    cluster.run(seconds=320)
    assert [node_of(cluster, name) for name in "abcd"] == ["node-1"] * 4


def test_an_error_of_a_plugins_constructor_names_the_plugin():
    class Unready(Plugin):
        name = "Unready"

        def __init__(self):
            raise RuntimeError("no licence")

    with pytest.raises(CourseError, match="plugin Unready raises an error") as caught:
        Cluster(nodes=1, scheduler=with_plugins(Unready))
    assert "RuntimeError: no licence" in str(caught.value)


@pytest.mark.parametrize("given", [Mixed, Mixed()])
def test_a_plugin_in_place_of_a_configuration_is_told_how_to_register_it(given):
    with pytest.raises(CourseError, match=r"scheduler=with_plugins\(Mixed\)"):
        Cluster(nodes=1, scheduler=given)


class Binder(Plugin):
    """Bind as DefaultBinder does, and note the Pod."""

    name = "Binder"
    bound: ClassVar[list[str]] = []

    def bind(self, pod, node, handle):
        handle.client.bind(pod.pod, node)
        self.bound.append(pod.pod.name)
        return True


def test_a_bind_plugin_binds_where_the_default_one_is_disabled(monkeypatch):
    monkeypatch.setattr(Binder, "bound", [])
    configuration = """
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
  - plugins:
      bind: {enabled: [{name: Binder}], disabled: [{name: DefaultBinder}]}
"""
    for source, name in ((None, "default"), (configuration, "own")):
        cluster = Cluster(nodes=1, scheduler=with_plugins(Binder, configuration=source))
        cluster.apply(asking(name, "1"))
        cluster.run(seconds=5)
        assert node_of(cluster, name) == "node-1"
    assert Binder.bound == ["own"]
