"""`%kubectl`, `%etcdctl`, `%etcdutl` and `%crictl`, as a notebook runs them."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from course_lib import Cluster
from course_lib.cluster import magics
from course_lib.cluster.contexts import CONTEXTS
from course_lib.cluster.notebook_keyboard import NotebookKeyboard
from course_lib.kubectl.kubeconfig import Kubeconfig

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


def test_without_a_cluster_they_say_so(shell, monkeypatch):
    monkeypatch.setattr(CONTEXTS, "_clusters", {})
    (said,) = typed(shell, "%crictl ps")
    assert "there is no cluster" in said


def test_with_other_clusters_left_it_names_them():
    gone, kept = Cluster(nodes=1, name="gone"), Cluster(nodes=1, name="kept")
    CONTEXTS.kubectl("config use-context gone")
    del gone
    gc.collect()
    said = CONTEXTS.kubectl("get nodes").stderr
    assert 'there is no cluster "gone"' in said and kept.name in said


def test_before_a_cluster_is_made_the_magics_are_there(monkeypatch):
    monkeypatch.setattr(CONTEXTS, "_clusters", {})
    monkeypatch.setattr(CONTEXTS.kubectl, "kubeconfig", Kubeconfig({}))
    fresh = InteractiveShell()
    monkeypatch.setattr(magics, "_shell", lambda: fresh)
    magics.register()
    assert "kubectl" in fresh.magics_manager.magics["cell"]
    assert "there is no cluster: make one" in CONTEXTS.kubectl("get nodes").stderr


def test_what_is_printed_goes_to_a_file(shell, tmp_path):
    shell.run_cell(f"file = '{tmp_path / 'web.yaml'}'")
    create = "%kubectl create deploy web --image=nginx --dry-run=client -o yaml"
    assert typed(shell, create + " > {file}") == []
    assert typed(shell, "%kubectl apply -f {file}") == ["deployment.apps/web created"]
    typed(shell, "%kubectl get deploy -o name >> {file}")
    assert (tmp_path / "web.yaml").read_text().endswith("deployment.apps/web\n")
    (failed,) = typed(shell, "%kubectl get pods nosuch > {file}")
    assert failed == 'Error from server (NotFound): pods "nosuch" not found'
    (denied,) = typed(shell, "%kubectl get nodes > /nosuch/file")
    assert "/nosuch/file cannot be written: no such file or directory" in denied


def test_a_backslash_continues_the_line_into_the_cell(shell):
    cell = "%%kubectl create configmap settings \\\n  --from-literal=a=b \\\n  -o name\n"
    assert typed(shell, cell) == ["configmap/settings"]


def test_a_cell_whose_first_line_has_no_command_says_so(shell):
    (said,) = typed(shell, "%%kubectl\nget pods\nget nodes")
    assert "write it on the first line" in said and "each with %kubectl" in said


def test_a_line_that_should_be_a_cell_says_so(shell):
    said = typed(shell, "%kubectl apply -f -\n%kubectl apply --filename=-\n%kubectl get pods -f x")
    assert ["Begin the cell with %%kubectl" in each for each in said] == [True, True, False]


def test_delete_asks_the_one_at_the_notebook(shell, monkeypatch):
    typed(shell, "%kubectl create configmap settings")
    answers = iter(["n", "y"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    monkeypatch.setattr(NotebookKeyboard.__init__, "__defaults__", (input,))
    said = typed(shell, "%kubectl delete cm settings -i\n%kubectl delete cm settings -i")
    assert said == ["deletion is cancelled", 'configmap "settings" deleted from default namespace']


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
