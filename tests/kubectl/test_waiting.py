"""Commands that wait let simulated time pass, and no more than they need."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.kubectl.local import LocalConnection
from tests.conftest import pod, workload


@pytest.fixture
def cluster():
    cluster = Cluster(nodes=3)
    cluster.apply("data/web.yaml")
    cluster.run(30)
    return cluster


def test_a_finished_rollout_takes_no_time(cluster):
    began = cluster.now
    said = cluster.kubectl("rollout status deploy/web")
    assert said.stdout == 'deployment "web" successfully rolled out\n'
    assert cluster.now == began and said.waited == 0


def test_a_rollout_is_awaited_until_it_is_done(cluster):
    cluster.kubectl("set image deploy/web web=nginx:1.28")
    said = cluster.kubectl("rollout status deploy/web")
    assert said.code == 0 and said.stdout.endswith('deployment "web" successfully rolled out\n')
    assert said.waited > 1
    assert str(round(said.waited, 1)) in repr(said)


def test_a_rollout_that_does_not_end_is_given_up_in_time(cluster):
    cluster.kubectl("set resources deploy/web --requests=cpu=1000 --limits=cpu=1000")
    said = cluster.kubectl("rollout status deploy/web --timeout=20s")
    assert (said.code, said.stderr) == (1, "error: timed out waiting for the condition\n")
    assert said.waited == pytest.approx(20)


def test_a_rollout_past_its_deadline_ends_the_wait(cluster):
    cluster.kubectl("set resources deploy/web --requests=cpu=1000 --limits=cpu=1000")
    said = cluster.kubectl("rollout status deploy/web")
    assert said.stderr == 'error: deployment "web" exceeded its progress deadline\n'
    assert said.waited == pytest.approx(600, abs=30)


def test_scale_waits_for_the_pods_when_it_is_told_to(cluster):
    assert cluster.kubectl("scale deploy/web --replicas=5").waited == 0
    said = cluster.kubectl("scale deploy/web --replicas=6 --timeout=1m")
    assert said.stdout == "deployment.apps/web scaled\n" and said.waited > 0


def test_drain_waits_until_the_pods_are_gone(cluster):
    said = cluster.kubectl("drain node-1")
    assert said.code == 0 and said.stdout.endswith("node/node-1 drained\n")
    assert said.waited > 0
    assert cluster.kubectl("get pods --field-selector spec.nodeName=node-1").stdout == ""


def test_drain_tries_again_while_a_budget_forbids_it(cluster):
    cluster.kubectl("create pdb web --selector=app=web --min-available=3")
    said = cluster.kubectl("drain node-1 --timeout=12s")
    tries = said.stderr.count("will retry after 5s")
    assert said.code == 1 and tries >= 3
    assert "global timeout reached: 12s" in said.stderr


def test_a_restart_replaces_all_pods(cluster):
    before = set(cluster.get("pods").NAME)
    cluster.kubectl("rollout restart deploy/web")
    cluster.kubectl("rollout status deploy/web")
    cluster.run(60)
    assert not before & set(cluster.get("pods").NAME)


def test_a_log_is_followed_once_the_container_has_started():
    cluster = Cluster(nodes=1)
    script = "echo one; sleep 5; echo two"
    cluster.kubectl(f"run talker --image=busybox --restart=Never -- sh -c '{script}'")
    cluster.run(0.2)  # it is on a node, and its image is pulled
    done = cluster.kubectl("logs -f talker")
    assert (done.stdout, done.code) == ("one\ntwo\n", 0)
    waiting = 'container "talker" in pod "talker" is waiting to start: ContainerCreating\n'
    assert done.stderr and done.stderr == waiting * done.stderr.count("\n")
    assert 5 < done.waited < 10


def test_a_log_that_never_comes_is_waited_for_as_long_as_the_flag_says():
    cluster = Cluster(nodes=1)
    cluster.kubectl("run stuck --image=registry.invalid/missing:1")
    cluster.run(60)
    done = cluster.kubectl("logs -f stuck --pod-running-timeout=5s")
    assert done.stderr.endswith("error: context deadline exceeded\n") and done.code == 1
    assert done.waited == pytest.approx(5)


def test_the_log_of_a_pod_that_is_deleted_ends():
    cluster = Cluster(nodes=1)
    cluster.kubectl("run talker --image=busybox -- sh -c 'while true; do echo a; sleep 10; done'")
    cluster.run(5)
    cluster.kubectl("delete pod talker --wait=false")
    done = cluster.kubectl("logs -f talker --request-timeout=300s")
    assert (done.stderr, done.code) == ("", 0) and done.waited < 60


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("wait pod/web --for=condition=Never", "Error from server (Expired): too old resource"),
        ("rollout status deploy/web", "Error from server (Expired): too old resource"),
        ("delete pod web", "Error from server (Expired): too old resource"),
        ("get pods -w", "STATUS    REASON    MESSAGE\nFailure   Expired   too old resource"),
        ("get pods -w --output-watch-events -o json", '{"type":"ERROR","object":{'),
    ],
)
def test_a_watch_from_a_revision_that_has_just_been_forgotten_is_an_error(monkeypatch, line, said):
    cluster = Cluster(nodes=1, name="forgets")
    store = cluster.api.server.store
    open_watch = LocalConnection.watch

    def late(self, request):
        store.put("/registry/configmaps/default/other", {"metadata": {"name": "other"}})
        store.compact(store.revision)
        return open_watch(self, request)

    cluster.apply(pod("web"))
    cluster.run(20)
    cluster.apply(workload("Deployment", "web"))
    monkeypatch.setattr(LocalConnection, "watch", late)
    done = cluster.kubectl(line)
    assert said in done.stdout + done.stderr
    assert done.code == (0 if line.startswith("get") else 1)
