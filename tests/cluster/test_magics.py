"""`%kubectl`, `%etcdctl`, `%etcdutl` and `%crictl`, as a notebook runs them."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

MAKE = "from course_lib import Cluster; cluster = Cluster.all_in_one()"


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    shell = InteractiveShell.instance()
    shell.run_cell(MAKE)
    yield shell
    InteractiveShell.clear_instance()


def typed(shell: InteractiveShell, cell: str) -> list[str]:
    """What each line of a cell displays."""
    with capture_output() as shown:
        shell.run_cell(cell).raise_error()
    return [output.data["text/plain"].strip() for output in shown.outputs]


def test_each_line_shows_what_its_program_prints(shell):
    nodes, member, running = typed(
        shell, "%kubectl get nodes -o name\n%etcdctl member list\n%crictl --node minikube ps"
    )
    assert nodes == "node/minikube"
    assert "minikube, https://" in member
    assert running.startswith("CONTAINER") and "kube-apiserver" in running


def test_a_line_takes_values_of_the_notebooks_variables(shell):
    shell.run_cell("node = 'minikube'")
    assert typed(shell, "%kubectl get node {node} -o jsonpath='{.metadata.name}'") == ["minikube"]
    running, same = typed(shell, "%crictl --node {node} ps -q\n%crictl ps -q")
    assert running == same != ""


def test_a_snapshot_that_etcdctl_saved_is_looked_at_by_etcdutl(shell):
    saved, status = typed(
        shell, "%etcdctl snapshot save day.db\n%etcdutl snapshot status day.db -w table"
    )
    assert "day.db" in saved
    assert "TOTAL KEYS" in status.upper()


def test_etcdctl_reads_its_cell(shell):
    assert typed(shell, "%%etcdctl txn\n\nput mine 1\n\n\n") == ["SUCCESS\n\nOK"]


def test_all_of_them_speak_to_the_cluster_in_use(shell):
    shell.run_cell("other = Cluster(nodes=1, name='other')")
    assert typed(shell, "%kubectl get nodes -o name") == ["node/node-1"]
    shell.run_cell("first = cluster.name")
    typed(shell, "%kubectl config use-context {first}")
    (member,) = typed(shell, "%etcdctl member list")
    assert "minikube" in member


def test_without_a_cluster_they_say_so(shell):
    shell.user_ns.pop("cluster")
    gc.collect()
    (said,) = typed(shell, "%crictl ps")
    assert "there is no cluster" in said


def test_edit_opens_the_object_in_the_next_cell_which_saves_it(shell):
    opened: list[str] = []
    shell.set_next_input = lambda text, replace: opened.append(text)
    typed(shell, "%kubectl create configmap settings --from-literal=colour=blue")
    assert "next cell" in typed(shell, "%kubectl edit cm settings")[0]
    assert opened[0].startswith("%%kubectl edit cm settings\n# Please edit the object below.")
    changed = opened[0].replace("colour: blue", "colour: green")
    assert typed(shell, changed) == ["configmap/settings edited"]
    value = typed(shell, "%kubectl get cm settings -o jsonpath='{.data.colour}'")
    assert value == ["green"]


def test_edit_keeps_what_others_changed_meanwhile(shell):
    opened: list[str] = []
    shell.set_next_input = lambda text, replace: opened.append(text)
    typed(shell, "%kubectl create configmap settings --from-literal=colour=blue")
    typed(shell, "%kubectl edit cm settings\n%kubectl label cm settings tier=front")
    said = typed(shell, opened[0].replace("colour: blue", "colour: green"))
    assert said == ["configmap/settings edited"]
    value = typed(shell, "%kubectl get cm settings -o jsonpath='{.metadata.labels.tier}'")
    assert value == ["front"]


def test_an_edit_that_is_refused_opens_again_with_the_reason(shell):
    opened: list[str] = []
    shell.set_next_input = lambda text, replace: opened.append(text)
    typed(shell, "%kubectl create deployment web --image=nginx")
    typed(shell, "%kubectl edit deploy web")
    said = typed(shell, opened[0].replace("replicas: 1", "replicas: -1", 1))
    assert 'deployments.apps "web" is invalid' in said[0]
    assert "# * spec.replicas: Invalid value: -1" in opened[1]


def test_the_first_cluster_of_a_notebook_has_the_name_that_it_was_given():
    shell = InteractiveShell.instance()
    shell.run_cell("from course_lib import Cluster; first = Cluster(nodes=1, name='main')")
    assert typed(shell, "%kubectl config current-context") == ["main"]
    InteractiveShell.clear_instance()
