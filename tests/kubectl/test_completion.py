"""The Tab key: what may follow a line of `%kubectl`."""

from __future__ import annotations

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from course_lib import Cluster
from course_lib.cluster import magics
from course_lib.cluster.contexts import CONTEXTS
from course_lib.kubectl.completion import Completion


@pytest.fixture(scope="module")
def cluster():
    made = Cluster(nodes=2, name="completion")
    made.apply("data/web.yaml")
    made.run(seconds=20)
    return made


@pytest.mark.parametrize(
    ("words", "start", "found"),
    [
        ("", "cord", ["cordon"]),
        ("", "roll", ["rollout"]),
        ("rollout", "st", ["status"]),
        ("rollout status", "dep", ["deployments"]),
        ("get", "deploy", ["deployments"]),
        ("get deploy", "", ["web"]),
        ("describe", "deploy/w", ["deploy/web"]),
        ("get pods", "--show-l", ["--show-labels"]),
        ("get pods -n", "kube-sy", ["kube-system"]),
        ("get pods", "--namespace=kube-sy", ["--namespace=kube-system"]),
        ("get pods -o", "wi", ["wide"]),
        ("drain", "", ["node-1", "node-2"]),
        ("drain node-1", "", ["node-1", "node-2"]),
        ("config use-context", "comp", ["completion"]),
        ("-n kube-system get", "no", ["nodes"]),
        ("create", "depl", ["deployment"]),
        ("version", "", []),
        ("nosuch", "", []),
        ("get", "pods,deploy", ["pods,deployments"]),
        ("logs", "deploy/", ["deploy/web"]),
        ("explain", "deploy.spec.repl", ["deploy.spec.replicas"]),
        (
            "explain",
            "pods.spec.containers.lifecycle.pre",
            ["pods.spec.containers.lifecycle.preStop"],
        ),
        ("apply -f", "data/web.y", ["data/web.yaml"]),
        ("apply -f", "dat", ["data/"]),
        ("apply -f", "nosuch/", []),
    ],
)
def test_what_may_follow(cluster, words, start, found):
    assert Completion(CONTEXTS.kubectl).of(words.split(), start) == found


def test_the_containers_of_a_pod(cluster):
    pod = cluster.kubectl("get pods -o jsonpath={.items[0].metadata.name}").stdout
    for words in (["logs", pod, "-c"], ["exec", f"pod/{pod}", "-c"]):
        assert Completion(CONTEXTS.kubectl).of(words, "") == ["web"]


@pytest.fixture
def shell(monkeypatch):
    made = InteractiveShell()
    monkeypatch.setattr(magics, "_shell", lambda: made)
    magics.register()
    return made


def offered(shell, line):
    """What the Tab key offers at the end of a line, and what it replaces, as in a notebook."""
    with provisionalcompleter():
        found = list(shell.Completer.completions(line, len(line)))
    return {line[each.start : each.end] for each in found}, [each.text for each in found]


@pytest.mark.parametrize(
    ("line", "replaced", "found"),
    [
        ("%kubectl get deploy ", "", ["web"]),
        ("%kubectl get nodes node-", "node-", ["node-1", "node-2"]),
        ("%kubectl describe deploy/w", "deploy/w", ["deploy/web"]),
        ("%kubectl get pods --show-l", "--show-l", ["--show-labels"]),
        ("%kubectl get pods --namespace=kube-s", "--namespace=kube-s", ["--namespace=kube-system"]),
        ("%%kubectl rollout st", "st", ["status"]),
        ("kubectl rollout st", "st", ["status"]),
        ("said = %kubectl rollout st", "st", ["status"]),
        ("for name in ():\n    %kubectl rollout st", "st", ["status"]),
        ("%kubectl get nosuch we", "we", ["we"]),
    ],
)
def test_the_tab_key_offers_words_of_kubectl_and_none_of_python(
    cluster, shell, line, replaced, found
):
    CONTEXTS.kubectl("config use-context completion")
    assert offered(shell, line) == ({replaced}, found)


def test_the_tab_key_knows_an_alias_and_leaves_python_alone(cluster, shell):
    CONTEXTS.kubectl("config use-context completion")
    shell.run_line_magic("alias_magic", "k kubectl")
    assert offered(shell, "%k rollout st")[1] == ["status"]
    shell.user_ns["kubectl"] = "a text"
    assert "split" in offered(shell, "kubectl .spl")[1] + offered(shell, "kubectl.spl")[1]


def test_ipython_completes_the_line_of_the_magic(cluster, monkeypatch):
    shell = InteractiveShell()
    monkeypatch.setattr(magics, "_shell", lambda: shell)
    other = Cluster(nodes=1, name="completion")
    _, found = shell.complete(None, "%kubectl get nodes no", 21)
    assert found == ["node-1"]
    _, found = shell.complete(None, "%kubectl get pods --namespace=kube-s", 36)
    assert "kube-system" in "".join(found)
    assert other is not None
