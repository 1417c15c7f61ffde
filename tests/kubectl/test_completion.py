"""The Tab key: what may follow a line of `%kubectl`."""

from __future__ import annotations

import pytest
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
    ],
)
def test_what_may_follow(cluster, words, start, found):
    assert Completion(CONTEXTS.kubectl).of(words.split(), start) == found


def test_ipython_completes_the_line_of_the_magic(cluster, monkeypatch):
    shell = InteractiveShell()
    monkeypatch.setattr(magics, "_shell", lambda: shell)
    other = Cluster(nodes=1, name="completion")
    _, found = shell.complete(None, "%kubectl get nodes no", 21)
    assert found == ["node-1"]
    _, found = shell.complete(None, "%kubectl get pods --namespace=kube-s", 36)
    assert "kube-system" in "".join(found)
    assert other is not None
