"""The real kubectl on a served cluster: dry runs, waiting, tokens, ages, and what is refused."""

from __future__ import annotations

import subprocess
import threading
import time

import pytest

from course_lib import Cluster
from course_lib.engine.timestamps import EPOCH
from tests.peers import golang, kubectl_peer
from tests.peers.kubectl_peer import Kubectl
from tests.required import requires

pytestmark = requires(golang.missing())


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    kubectl_peer.build()


@pytest.fixture
def served():
    cluster = Cluster(nodes=3, start=time.time() - EPOCH.timestamp())
    cluster.apply("data/web.yaml")
    cluster.run(30)
    with cluster.serve(speed=10) as served:
        yield served


@pytest.fixture
def still():
    """A served cluster whose time stands still."""
    cluster = Cluster(nodes=3)
    cluster.apply("data/web.yaml")
    cluster.run(30)
    with cluster.serve() as served:
        yield served


def stored(served):
    store = served.cluster.api.server.store
    objects = dict(store.range("/"))  # who reads a Lease gets its last renewal, which is a write
    return store.revision, objects


DRY = [
    "delete deploy web", "delete pods --all", "delete pods --all --grace-period=0 --force",
    "delete pods --all --now", "delete ns kube-node-lease", "delete -f data/web.yaml",
    "delete deploy web --cascade=foreground", "delete deploy web --cascade=orphan",
    "drain node-1 --ignore-daemonsets",
    "cordon node-1", "uncordon node-1", "taint nodes node-1 a=b:NoSchedule",
    "scale deploy web --replicas=9", "set image deploy/web web=nginx:1.28",
    "patch deploy web -p {\"spec\":{\"replicas\":9}}",
    "patch deploy web --type=json -p [{\"op\":\"remove\",\"path\":\"/spec/replicas\"}]",
    "patch deploy web --subresource=scale --type=merge -p {\"spec\":{\"replicas\":9}}",
    "label pods --all a=b", "annotate pods --all a=b", "apply -f data/web-pod.yaml",
    "apply -f data/trouble.yaml", "replace -f data/web.yaml", "run dry --image=nginx:1.27",
    "expose deploy web --name=web2 --port=80", "create -f data/web-pod.yaml",
]  # fmt: skip


@pytest.mark.parametrize("words", DRY)
def test_a_dry_run_changes_nothing(still, tmp_path, words):
    kubectl = Kubectl(still, tmp_path)
    before = stored(still)
    said = kubectl(*words.split(), "--dry-run=server")
    assert said.strip()
    assert stored(still) == before


def test_a_dry_run_of_a_replacement_by_force_is_not_offered(still, tmp_path):
    before = stored(still)
    kubectl = Kubectl(still, tmp_path)
    kubectl("replace", "--force", "-f", "data/web.yaml", "--dry-run=server", fails=True)
    assert stored(still) == before


def test_diff_shows_what_apply_would_change(still, tmp_path):
    kubectl = Kubectl(still, tmp_path)
    kubectl("diff", "-f", "data/web.yaml")  # no difference: 0
    kubectl("scale", "deploy", "web", "--replicas=5")
    before = stored(still)
    done = subprocess.run(
        [str(kubectl_peer.KUBECTL), "--kubeconfig", kubectl.config, "diff", "-f", "data/web.yaml"],
        capture_output=True,
        text=True,
        cwd=kubectl_peer.ROOT,
        timeout=60,
    )
    assert done.returncode == 1 and "-  replicas: 5" in done.stdout
    assert stored(still) == before


def test_what_waits_comes_to_an_end(served, tmp_path):
    kubectl = Kubectl(served, tmp_path)
    kubectl("set", "image", "deploy/web", "web=nginx:1.28")
    assert "successfully rolled out" in kubectl("rollout", "status", "deploy/web", "--timeout=50s")
    kubectl("scale", "deploy/web", "--replicas=5")
    kubectl("wait", "--for=jsonpath={.status.readyReplicas}=5", "deploy/web", "--timeout=50s")
    kubectl("wait", "--for=condition=Available", "deploy/web", "--timeout=50s")
    kubectl("wait", "--for=condition=Ready", "pod", "-l", "app=web", "--timeout=50s")
    kubectl("run", "box", "--image=busybox:1.36", "--", "sleep", "1h")
    kubectl("wait", "--for=create", "pod/box", "--timeout=50s")
    kubectl("wait", "--for=condition=Ready", "pod/box", "--timeout=50s")
    kubectl("delete", "pod", "box", "--timeout=50s")  # waits until it is gone
    assert "box" not in kubectl("get", "pods")
    kubectl("delete", "deploy", "web", "--wait=false")
    kubectl("wait", "--for=delete", "pod", "-l", "app=web", "--timeout=50s")
    assert kubectl.table("get", "pods") == []


def test_a_wait_without_an_end_is_over_in_time(still, tmp_path):
    kubectl = Kubectl(still, tmp_path)
    said = kubectl("wait", "--for=delete", "deploy/web", "--timeout=1s", fails=True)
    assert "timed out waiting for the condition" in said


def test_what_changes_is_seen_while_it_is_watched(still, tmp_path):
    kubectl, rows = Kubectl(still, tmp_path), []

    def watch():
        command = [str(kubectl_peer.KUBECTL), "--kubeconfig", kubectl.config]
        command += ["get", "pods", "-w", "--request-timeout=8s"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        rows.extend(line.split() for line in done.stdout.splitlines())

    watching = threading.Thread(target=watch)
    before = len(still.cluster.api.server.store.watches)
    watching.start()
    while len(still.cluster.api.server.store.watches) == before:
        time.sleep(0.05)
    kubectl("delete", "pod", still.cluster.get("pods").NAME[0], "--wait=false")
    still.run(60)
    watching.join()
    assert rows[0][:3] == ["NAME", "READY", "STATUS"]
    assert {"Running", "Terminating", "Pending", "ContainerCreating"} <= {r[2] for r in rows[1:]}


def test_without_the_token_one_is_not_logged_in(still, tmp_path):
    kubectl = Kubectl(still, tmp_path)
    said = kubectl("--server", still.url, "get", "nodes", fails=True)
    assert "Unauthorized" in said or "provide credentials" in said
    assert len(kubectl.table("--server", still.server, "get", "nodes")) == 3


def test_ages_that_kubectl_computes_are_right(tmp_path):
    cluster = Cluster(nodes=1, start=time.time() - EPOCH.timestamp())
    with cluster.serve(speed=1) as served:
        kubectl = Kubectl(served, tmp_path)
        kubectl("apply", "-f", "data/web-pod.yaml")
        kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=50s")
        ages = [row[0] for row in kubectl.table("events", "--for", "pod/web")]
        assert ages and all(age.removesuffix("s").isdigit() for age in ages)
        assert all(int(age.removesuffix("s")) < 50 for age in ages)


REFUSED = {
    "get --raw /healthz/nosuch": "the server could not find the requested resource",
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_not_simulated_is_refused_in_words(still, tmp_path, words):
    before = stored(still)
    said = Kubectl(still, tmp_path)(*words.split(), fails=True)
    assert REFUSED[words] in said and "panic" not in said and "Traceback" not in said
    assert stored(still) == before


def test_a_pod_is_debugged_by_a_container_of_its_own(still, tmp_path):
    pod = still.cluster.get("pods").NAME[0]
    Kubectl(still, tmp_path)("debug", pod, "--image=busybox:1.36", "--container=tool")
    (added,) = still.cluster.document("pod", pod)["spec"]["ephemeralContainers"]
    assert (added["name"], added["image"]) == ("tool", "busybox:1.36")


def test_what_is_wrong_is_said_in_the_api_servers_words(still, tmp_path):
    kubectl = Kubectl(still, tmp_path)
    wrong = '{"metadata":{"labels":3}}'
    said = kubectl("patch", "deploy", "web", "--type=merge", "-p", wrong, fails=True)
    assert "The request is invalid: patch: Invalid value" in said and "metadata.labels" in said
    said = kubectl("get", "pods", "-l", "a in", fails=True)
    assert "unable to parse requirement: found '' expected: '('" in said
    other = '{"metadata":{"name":"other"}}'
    said = kubectl("patch", "deploy", "web", "--type=merge", "-p", other, fails=True)
    assert "does not match" in said
    assert {row[0] for row in kubectl.table("api-resources")} >= {"pods", "deployments", "services"}
