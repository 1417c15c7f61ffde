"""The real kubectl on the simulated API server: what a learner types works, and says the same."""

from __future__ import annotations

import json

import pytest

from course_lib import Cluster
from course_lib.course.shop import checks, open_shop
from tests.peers import golang, kubectl_peer
from tests.peers.kubectl_peer import Kubectl
from tests.required import requires

pytestmark = requires(golang.missing())


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    kubectl_peer.build()


@pytest.fixture
def served():
    cluster = Cluster(nodes=3)
    cluster.apply("data/web.yaml")
    cluster.run(30)
    with cluster.serve() as served:
        yield served


@pytest.fixture
def kubectl(served, tmp_path):
    return Kubectl(served, tmp_path)


@pytest.mark.parametrize(
    "kind", ["nodes", "pods", "deployments", "replicasets", "services", "endpoints", "namespaces"]
)
def test_its_tables_are_ours(served, kubectl, kind):
    ours = served.cluster.get(kind)
    theirs = kubectl.table("get", kind)
    assert [row[0] for row in theirs] == list(ours.NAME)
    heading = kubectl("get", kind).splitlines()[0].split()
    assert heading == list(ours.columns)


DELETED = 'configmap "colours" deleted from default namespace\n'


def test_a_manifest_is_applied_once_and_then_unchanged(kubectl):
    given = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "colours"},
            "data": {"front": "blue"},
        }
    )
    assert kubectl("apply", "-f", "-", given=given) == "configmap/colours created\n"
    assert kubectl("apply", "-f", "-", given=given) == "configmap/colours unchanged\n"
    changed = given.replace("blue", "green")
    assert kubectl("apply", "-f", "-", given=changed) == "configmap/colours configured\n"
    assert kubectl("get", "cm", "colours", "-o", "jsonpath={.data.front}") == "green"
    assert kubectl("delete", "-f", "-", given=changed) == DELETED


def test_the_life_of_a_deployment(served, kubectl):
    assert kubectl("scale", "deploy/web", "--replicas=5") == "deployment.apps/web scaled\n"
    served.run(30)
    assert "successfully rolled out" in kubectl("rollout", "status", "deploy/web")
    assert len(kubectl.table("get", "pods")) == 5
    kubectl("set", "image", "deploy/web", "web=nginx:1.28")
    served.run(90)
    assert {c["image"] for c in containers(kubectl)} == {"nginx:1.28"}
    assert [row[0] for row in kubectl.table("rollout", "history", "deploy/web")[1:] if row] == [
        "1",
        "2",
    ]
    kubectl("rollout", "undo", "deploy/web")
    served.run(90)
    assert {c["image"] for c in containers(kubectl)} == {"nginx:1.27"}
    before = kubectl("get", "pods", "-o", "name")
    kubectl("rollout", "restart", "deploy/web")
    served.run(90)
    assert not set(before.split()) & set(kubectl("get", "pods", "-o", "name").split())
    kubectl("delete", "deploy", "web")
    served.run(60)
    assert kubectl.table("get", "pods") == []


def containers(kubectl):
    pods = json.loads(kubectl("get", "pods", "-o", "json"))["items"]
    return [container for pod in pods for container in pod["spec"]["containers"]]


def test_nodes_are_cordoned_and_tainted(served, kubectl):
    busy = served.cluster.get("pods", wide=True).NODE[0]
    kubectl("cordon", busy)
    assert "SchedulingDisabled" in kubectl("get", "node", busy)
    kubectl("uncordon", busy)
    kubectl("taint", "nodes", busy, "maintenance=now:NoSchedule")
    assert "maintenance=now:NoSchedule" in kubectl("describe", "node", busy)
    kubectl("taint", "nodes", busy, "maintenance-")
    assert served.cluster.document("node", busy)["spec"].get("taints", []) == []


def test_time_that_follows_the_clock(tmp_path):
    cluster = Cluster(nodes=2)
    with cluster.serve(speed=50) as served:
        kubectl = Kubectl(served, tmp_path)
        kubectl("apply", "-f", "data/web.yaml")
        kubectl("wait", "--for=condition=Available", "--timeout=50s", "deploy/web")
        kubectl("drain", "node-1", "--ignore-daemonsets", "--timeout=50s")
        assert {row[6] for row in kubectl.table("get", "pods", "-o", "wide")} == {"node-2"}


def test_logs_exec_describe_and_labels(served, kubectl):
    name = served.cluster.get("pods").NAME[0]
    assert kubectl("logs", name) == served.cluster.logs(name)
    assert kubectl("exec", name, "--", "hostname").strip() == name
    kubectl("run", "box", "--image=busybox:1.36", "--", "sleep", "1h")
    served.run(20)
    said = kubectl("exec", "box", "--", "cat", "/nothing", fails=True)
    assert "No such file" in said and "exit code 1" in said
    described = kubectl("describe", "pod", name)
    for words in ("Successfully assigned", "Image:          nginx:1.27", "QoS Class:"):
        assert words in described
    kubectl("label", "pod", name, "colour=blue")
    assert [row[0] for row in kubectl.table("get", "pods", "-l", "colour=blue")] == [name]
    kubectl("annotate", "pod", name, "note=seen")
    assert served.cluster.document("pod", name)["metadata"]["annotations"]["note"] == "seen"


def test_refusals_are_told_as_on_a_real_cluster(kubectl):
    said = kubectl("get", "pod", "nosuch", fails=True)
    assert said == 'Error from server (NotFound): pods "nosuch" not found\n'
    said = kubectl("get", "nosuch", fails=True)
    assert 'the server doesn\'t have a resource type "nosuch"' in said
    said = kubectl("create", "namespace", "Shop", fails=True)
    assert 'The Namespace "Shop" is invalid: metadata.name' in said


def test_a_patch_of_each_kind(served, kubectl):
    kubectl("patch", "deploy", "web", "-p", '{"spec":{"replicas":4}}')
    kubectl("patch", "deploy", "web", "--type=merge", "-p", '{"metadata":{"labels":{"a":"b"}}}')
    json_patch = '[{"op":"replace","path":"/spec/replicas","value":2}]'
    kubectl("patch", "deploy", "web", "--type=json", "-p", json_patch)
    found = served.cluster.document("deployment", "web")
    assert found["spec"]["replicas"] == 2 and found["metadata"]["labels"] == {"a": "b"}


def test_a_shop_is_found_and_mended_with_kubectl_alone(tmp_path):
    cluster = open_shop()
    cluster.api.patch("Service", "api", "default", {"spec": {"selector": {"app": "apis"}}})
    cluster.run(10)
    assert not all(check.ok for check in checks(cluster))
    with cluster.serve() as served:
        kubectl = Kubectl(served, tmp_path)
        assert "app=apis" in kubectl("describe", "service", "api")
        kubectl("apply", "-f", "data/trouble.yaml")
        served.run(30)
    assert all(check.ok for check in checks(cluster))


def test_what_is_typed_and_files_travel_through_exec_attach_and_cp(served, kubectl, tmp_path):
    kubectl("run", "box", "--image=busybox:1.36", "--", "sleep", "1h")
    kubectl("run", "open", "--image=busybox:1.36", "--stdin", "--attach=false")
    served.run(20)
    assert kubectl("exec", "-i", "box", "--", "sh", given="X=1; echo $X | wc -c\n") == "2\n"
    said = kubectl("exec", "box", "--", "nosuch", fails=True)
    twice = "Internal error occurred: " * 2  # by the runtime, and by the server that passes it on
    assert said.startswith(f"error: {twice}error executing command in container")
    there, back = tmp_path / "there", tmp_path / "back"
    there.write_text("from outside\n")
    kubectl("cp", str(there), "box:/tmp/inside")
    assert kubectl("exec", "box", "--", "cat", "/tmp/inside") == "from outside\n"
    kubectl("cp", "box:/tmp/inside", str(back))
    assert back.read_text() == "from outside\n"
    assert kubectl("attach", "-i", "open", given="echo attached; exit\n").startswith("attached\n")
