"""A command sends what it changes, and nothing else."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.apiserver.bodies import Request
from course_lib.kubectl.local import LocalConnection


@pytest.fixture
def cluster():
    cluster = Cluster(nodes=2)
    cluster.apply("data/web.yaml")
    cluster.run(20)
    return cluster


@pytest.fixture
def sent(monkeypatch):
    """The requests that change something."""
    requests: list[Request] = []
    answer = LocalConnection.answer

    def listening(self, request):
        if request.method not in ("GET",):
            requests.append(request)
        return answer(self, request)

    monkeypatch.setattr(LocalConnection, "answer", listening)
    return requests


def test_a_new_image_is_a_strategic_patch_of_that_container(cluster, sent):
    cluster.kubectl("set image deploy/web web=nginx:1.28")
    (request,) = sent
    assert request.method == "PATCH"
    assert request.headers["content-type"] == "application/strategic-merge-patch+json"
    assert request.query == {"fieldManager": ["kubectl-set"]}
    assert b'"$setElementOrder/containers":[{"name":"web"}]' in request.body
    assert b'{"image":"nginx:1.28","name":"web"}' in request.body
    assert b"replicas" not in request.body


def test_a_label_is_a_merge_patch_of_the_metadata(cluster, sent):
    cluster.kubectl("label deploy/web tier=front")
    (request,) = sent
    assert request.headers["content-type"] == "application/merge-patch+json"
    assert request.body == b'{"metadata":{"labels":{"tier":"front"}}}'


def test_a_scale_is_a_patch_of_the_subresource(cluster, sent):
    cluster.kubectl("scale deploy/web --replicas=5")
    (request,) = sent
    assert request.path.endswith("/deployments/web/scale")
    assert request.body == b'{"spec":{"replicas":5}}'


@pytest.mark.parametrize(
    "line",
    [
        "set image deploy/web web=nginx:1.28 --dry-run=client",
        "label deploy/web a=b --dry-run=client",
        "scale deploy/web --replicas=9 --dry-run=client",
        "create deployment x --image=nginx --dry-run=client",
        "run x --image=nginx --dry-run=client",
        "expose deploy/web --name=x --dry-run=client",
        "autoscale deploy/web --max=3 --dry-run=client",
        "cordon node-1 --dry-run=client",
        "drain node-1 --dry-run=client",
    ],
)
def test_a_dry_run_of_the_client_sends_nothing(cluster, sent, line):
    said = cluster.kubectl(line)
    assert said.code == 0 and "(dry run)" in said.stdout and not sent


@pytest.mark.parametrize(
    "line",
    [
        "set image deploy/web web=nginx:1.28",
        "scale deploy/web --replicas=9",
        "create deployment x --image=nginx",
        "taint node node-1 a=b:NoSchedule",
        "rollout undo deploy/web --to-revision=1",
    ],
)
def test_a_dry_run_of_the_server_changes_nothing(cluster, line):
    before = cluster.document("deployment", "web"), cluster.document("node", "node-1")
    cluster.kubectl(f"{line} --dry-run=server")
    assert (cluster.document("deployment", "web"), cluster.document("node", "node-1")) == before


def test_a_recorded_command_is_the_cause_of_the_change(cluster):
    cluster.kubectl("set image deploy/web web=nginx:1.28 --record")
    cluster.run(5)
    said = cluster.kubectl("rollout history deploy/web").stdout
    assert "2         kubectl set image deploy/web web=nginx:1.28 --record=true" in said
