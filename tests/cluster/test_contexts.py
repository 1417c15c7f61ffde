"""Which cluster `%kubectl` speaks to: the one that the learner made last."""

from IPython.core.interactiveshell import InteractiveShell

from course_lib import Cluster
from course_lib.cluster import magics
from course_lib.cluster.contexts import CONTEXTS
from course_lib.course import exercise
from course_lib.widgets import LiveCluster


def in_use() -> str:
    return CONTEXTS.kubectl("config current-context").stdout.strip()


def test_the_cluster_that_was_made_last_is_in_use():
    first = Cluster(nodes=1, name="first")
    second = Cluster(nodes=1, name="second")
    assert in_use() == second.name == "second"
    CONTEXTS.kubectl("config use-context first")
    assert in_use() == first.name


def test_the_cluster_of_a_repair_is_in_use_and_those_that_a_check_makes_are_not(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    mine = Cluster(nodes=1, name="mine")
    exercise("00-first-pod").check("apiVersion: v1\nkind: Pod\nmetadata: {name: hello}")
    exercise("00-deleted-pod").check(3)
    assert in_use() == mine.name
    task = exercise("00-scale")
    assert in_use() == task.cluster.name
    assert "deployment.apps/web scaled" in str(CONTEXTS.kubectl("scale deploy/web --replicas=5"))
    task.check()
    assert in_use() == task.cluster.name


def test_a_cluster_to_click_on_is_reached_by_its_name_alone():
    mine = Cluster(nodes=1, name="mine")
    view = LiveCluster(lambda: Cluster(nodes=2, name="play"))
    view.step(10)
    view.back(5)
    assert in_use() == mine.name
    assert "node-2" in CONTEXTS.kubectl("--context play get nodes").stdout


def test_the_first_cluster_of_a_notebook_has_its_own_name(monkeypatch):
    """It is the one that registers the magics."""
    shell = InteractiveShell()
    monkeypatch.setattr(magics, "_shell", lambda: shell)
    first = Cluster(nodes=1, name="first")
    assert "kubectl" in shell.magics_manager.magics["line"]
    assert in_use() == first.name == "first"
