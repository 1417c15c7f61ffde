"""What the start of a Pod costs on its node: the writes, and who holds what of the node."""

from __future__ import annotations

from typing import Any

import pytest

from course_lib.cluster import Cluster
from course_lib.cri import translate
from course_lib.node import container_options
from course_lib.node.admission import HeldResources
from course_lib.node.environment import environment
from course_lib.objects.decode import decode
from course_lib.objects.kinds import kind_named
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity
from tests.conftest import container, pod

PROBED = container(readinessProbe={"httpGet": {"path": "/", "port": 80}, "periodSeconds": 2})


def revisions(cluster: Cluster, name: str = "web") -> list[Document]:
    """The status after each write of a Pod, from now on."""
    written: list[Document] = []

    def look(event: object) -> None:
        written.append(cluster.document("pod", name)["status"])

    cluster.api.server.watch("Pod", look, queued=False)
    return written


def transition(status: Document) -> tuple[str, ...]:
    """The phase, and the conditions that are true."""
    stated = status.get("conditions", ())
    return status["phase"], *sorted(c["type"] for c in stated if c["status"] == "True")


def test_a_status_is_written_once_for_each_transition(one):
    written = revisions(one)
    one.apply(pod("web", [PROBED]))
    one.run(seconds=60)
    waiting, sandbox = ("Initialized", "PodScheduled"), "PodReadyToStartContainers"
    assert list(map(transition, written)) == [
        ("Pending",),
        ("Pending", "PodScheduled"),
        ("Pending", *waiting),
        ("Pending", "Initialized", sandbox, "PodScheduled"),
        ("Running", "Initialized", sandbox, "PodScheduled"),
        ("Running", "ContainersReady", "Initialized", sandbox, "PodScheduled", "Ready"),
    ]


def test_a_sync_that_finds_nothing_new_writes_nothing(one):
    one.apply(pod())
    one.run(seconds=20)
    written = revisions(one)
    (worker,) = one.kubelets["node-1"].workers.values()
    worker.sync()
    assert written == []


def test_what_somebody_else_wrote_into_a_status_is_put_right_with_the_next_sync(one):
    one.apply(pod())
    one.run(seconds=20)
    right = one.document("pod", "web")["status"]
    one.api.patch_status(one.api.get("Pod", "web"), {"phase": "Pending"})
    one.run(seconds=0.1)
    written = revisions(one)
    (worker,) = one.kubelets["node-1"].workers.values()
    worker.sync()
    assert written == [right]


def of_resources(name: str, **requests: str) -> Pod:
    document = pod(name, [container(resources={"requests": requests})])
    document["metadata"] |= {"uid": name, "namespace": "default"}
    view = decode(document, kind_named("Pod"))
    assert isinstance(view, Pod)
    return view


NODE = {"cpu": Quantity("4"), "memory": Quantity("1Gi"), "pods": Quantity("2")}


@pytest.mark.parametrize(
    ("asked", "refused"), [("999m", ""), ("1", ""), ("1001m", "OutOfcpu")]
)  # fmt: skip
def test_a_node_takes_what_its_pods_leave(asked, refused):
    held = HeldResources()
    held.hold(of_resources("a", cpu="3"))
    refusal = held.refuse(of_resources("b", cpu=asked), NODE)
    assert (refusal or ("",))[0] == refused
    if refusal:
        assert refusal[1].endswith("requested: 1001, used: 3000, capacity: 4000")


@pytest.mark.parametrize(
    ("there", "refused"), [(0, ""), (1, ""), (2, "OutOfpods"), (3, "OutOfpods")]
)
def test_a_node_takes_so_many_pods(there, refused):
    held = HeldResources()
    for number in range(there):
        held.hold(of_resources(str(number)))
    assert (held.refuse(of_resources("b"), NODE) or ("",))[0] == refused


def test_a_pod_that_is_over_holds_nothing(one):
    held = HeldResources()
    first = of_resources("a", cpu="4")
    held.hold(first)
    assert held.refuse(of_resources("b", cpu="1m"), NODE)
    held.release("a")
    held.release("a")
    assert held.refuse(of_resources("b", cpu="4"), NODE) is None


def test_a_pod_that_ran_to_its_end_makes_room_for_the_next(one):
    all_of_it = {"resources": {"requests": {"cpu": "4"}}}
    once = container("once", "busybox:1.36", command=["sh", "-c", "exit 0"], **all_of_it)
    one.apply(pod("first", [once], nodeName="node-1", restartPolicy="Never"))
    one.run(seconds=20)
    one.apply(pod("second", [container(**all_of_it)], nodeName="node-1"))
    one.run(seconds=20)
    assert one.api.get("Pod", "first").status.phase == "Succeeded"
    assert one.api.get("Pod", "second").status.phase == "Running"


def lists(cluster: Cluster) -> list[str]:
    """For which sandboxes the kubelet lists containers, from now on; empty: for all."""
    asked: list[str] = []
    transport = cluster.kubelets["node-1"].cri.transport
    begin = transport.begin

    def spy(method: str, request: Any, done: Any) -> None:
        if method == "ListContainers":
            asked.append(request.filter.pod_sandbox_id)
        begin(method, request, done)

    transport.begin = spy
    return asked


def test_a_look_at_what_changed_is_a_look_at_one_pod(one):
    dies = container("main", "busybox:1.36", command=["sh", "-c", "sleep 30; exit 1"])
    one.apply([pod("a"), pod("b", [dies], restartPolicy="Never")])
    one.run(seconds=20)
    (b,) = (w for w in one.kubelets["node-1"].workers.values() if w.pod.name == "b")
    asked = lists(one)
    one.run(seconds=20)
    assert asked == [b.sandbox]
    assert one.api.get("Pod", "b").status.phase == "Failed"


def test_a_runtime_that_starts_again_is_looked_at_as_a_whole():
    cluster = Cluster(nodes=1, runtime="docker")
    cluster.apply(pod())
    cluster.run(seconds=20)
    runtime = cluster.runtimes["node-1"]
    runtime.stop_daemon()
    for each in list(runtime.containers.values()):
        runtime.containers.forget(each)  # nothing is left that could be told of
    (worker,) = cluster.kubelets["node-1"].workers.values()
    lost, asked = worker.sandbox, lists(cluster)
    runtime.start_daemon()
    cluster.run(seconds=2)
    assert asked[0] == ""
    assert worker.sandbox != lost


def variables(cluster: Cluster, name: str) -> dict[str, str]:
    found = next(c for c in cluster.runtimes["node-1"].containers.values()
                 if c.sandbox.spec.name == name)  # fmt: skip
    return dict(found.spec.env)


def test_variables_that_containers_have_in_common_are_made_and_read_once(one, monkeypatch):
    made = []

    def noted(*args):
        made.append(environment(*args))
        return made[-1]

    monkeypatch.setattr(container_options, "environment", noted)
    translate._read_variables.cache_clear()
    own = container(env=[{"name": "MINE", "value": "1"}])
    one.apply([pod("first"), pod("second"), pod("third"), pod("own", [own])])
    one.run(seconds=10)
    assert [variables is made[0] for variables in made] == [True, True, True, False]
    assert translate._read_variables.cache_info()[:2] == (2, 2)  # hits and misses
    assert variables(one, "own") == variables(one, "first") | {"MINE": "1"}


def test_a_container_knows_the_services_that_exist_at_its_start(one):
    def service(name: str) -> dict:
        spec = {"selector": {"app": "x"}, "ports": [{"port": 80}]}
        return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}

    seen = {"name": "SEEN", "value": "$(B_SERVICE_PORT) $(A_SERVICE_PORT)"}
    own = container(env=[{"name": "B_SERVICE_PORT", "value": "mine"}, seen])
    one.apply([service("b"), service("a"), pod("first"), pod("second"), pod("own", [own])])
    one.run(seconds=10)
    first = variables(one, "first")
    assert [n for n in first if n.endswith("SERVICE_PORT")] == [
        "A_SERVICE_PORT", "B_SERVICE_PORT", "KUBERNETES_SERVICE_PORT"]  # fmt: skip
    assert variables(one, "second") == first
    assert variables(one, "own") == first | {"B_SERVICE_PORT": "mine", "SEEN": "mine 80"}
    one.delete("service", "a")
    one.apply([pod("later"), pod("alone", enableServiceLinks=False)])
    one.run(seconds=10)
    later = variables(one, "later")
    assert [n for n in later if n.endswith("SERVICE_PORT")] == [
        "B_SERVICE_PORT", "KUBERNETES_SERVICE_PORT"]  # fmt: skip
    assert not any(name.startswith("B_") for name in variables(one, "alone"))
    assert "KUBERNETES_SERVICE_HOST" in variables(one, "alone")
