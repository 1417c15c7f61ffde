"""In-place resize: a Pod that runs gets more or less of its node."""

from __future__ import annotations

import json

from course_lib.apiserver.documents import Incoming
from course_lib.cluster import Cluster
from course_lib.objects.decode import decode
from tests.conftest import container, pod

KEY = "/registry/pods/default/"


def shell(cpu: str, name: str = "main", **more: object) -> dict:
    resources = {"resources": {"requests": {"cpu": cpu}, "limits": {"cpu": cpu}}}
    return container(name, "busybox:1.36", command=["sleep", "999"], **resources, **more)


def resize(cluster: Cluster, cpu: str, name: str = "web") -> None:
    """Ask for another amount of CPU, as the subresource `resize` does."""
    document = cluster.document("pod", name)
    generation = document["metadata"]["generation"] + 1
    first, *others = document["spec"]["containers"]
    amounts = {"resources": {"requests": {"cpu": cpu}, "limits": {"cpu": cpu}}}
    document |= {
        "metadata": document["metadata"] | {"generation": generation},
        "spec": document["spec"] | {"containers": [first | amounts, *others]},
    }
    server = cluster.api.reach()
    made = Incoming(document, server.resource("Pod"), decode(document))
    entry = server.store.get(f"{KEY}{name}")
    server._write(f"{KEY}{name}", made, entry.revision)


def said(cluster: Cluster, name: str = "web") -> list[str]:
    log = cluster.log(object=f"Pod/{name}")
    return [reason for reason in log.REASON if str(reason).startswith("Resize")]


def conditions(cluster: Cluster, name: str = "web") -> dict[str, dict]:
    found = cluster.document("pod", name)["status"]["conditions"]
    return {each["type"]: each for each in found if "Resize" in each["type"]}


def quota(cluster: Cluster) -> list[str]:
    """What the kernel allows each container of the node."""
    running = [c for c in cluster.runtimes["node-1"].containers.values() if c.running]
    return [c.cgroup()["cpu.max"] for c in running]


def test_a_container_that_runs_gets_more_cpu_and_is_not_restarted(one):
    one.apply(pod(containers=[shell("500m")]))
    one.run(seconds=10)
    assert quota(one) == ["50000 100000"]
    resize(one, "800m")
    one.run(seconds=2)
    assert quota(one) == ["80000 100000"]
    status = one.document("pod", "web")["status"]
    [seen] = status["containerStatuses"]
    assert seen["restartCount"] == 0
    assert seen["allocatedResources"] == {"cpu": "800m"}
    assert seen["resources"] == {"limits": {"cpu": "800m"}, "requests": {"cpu": "800m"}}
    assert status["allocatedResources"] == {"cpu": "800m"}
    assert status["observedGeneration"] == 2
    assert said(one) == ["ResizeStarted", "ResizeCompleted"] and conditions(one) == {}
    [told] = one.log(reason="ResizeStarted").MESSAGE
    prefix, _, summary = told.partition(": ")
    assert prefix == "Pod resize started"
    assert json.loads(summary) == {
        "containers": [
            {"name": "main", "resources": {"limits": {"cpu": "800m"}, "requests": {"cpu": "800m"}}}
        ],
        "generation": 2,
    }


def test_a_resource_may_need_a_restart(one):
    rule = {"resourceName": "cpu", "restartPolicy": "RestartContainer"}
    one.apply(pod(containers=[shell("500m", resizePolicy=[rule])], terminationGracePeriodSeconds=1))
    one.run(seconds=10)
    resize(one, "800m")
    one.run(seconds=10)
    assert list(one.log(reason="Killing").MESSAGE) == ["Container main resize requires restart"]
    assert one.document("pod", "web")["status"]["containerStatuses"][0]["restartCount"] == 1
    assert quota(one) == ["80000 100000"] and said(one)[-1] == "ResizeCompleted"


def test_a_resize_waits_until_there_is_room(one):
    free = one.api.get("Node", "node-1").status.allocatable["cpu"].milli
    one.apply(pod(containers=[shell("500m")]))
    one.apply(pod("other", [shell(f"{free - 1000}m")], terminationGracePeriodSeconds=1))
    one.run(seconds=10)
    resize(one, "1001m")
    one.run(seconds=5)
    [seen] = one.document("pod", "web")["status"]["containerStatuses"]
    assert seen["allocatedResources"] == {"cpu": "500m"} and "50000 100000" in quota(one)
    pending = conditions(one)["PodResizePending"]
    assert (pending["reason"], pending["observedGeneration"]) == ("Deferred", 2)
    assert pending["message"].startswith("Node didn't have enough resource: cpu, requested: 1001,")
    assert said(one) == ["ResizeDeferred"]
    assert one.log(reason="ResizeDeferred").MESSAGE[0].startswith("Pod resize OutOfcpu: {")
    one.delete("pod", "other")
    one.run(seconds=20)
    assert quota(one) == ["100100 100000"]
    assert said(one) == ["ResizeDeferred", "ResizeStarted", "ResizeCompleted"]
    assert conditions(one) == {}


def test_exactly_what_is_free_is_enough(one):
    free = one.api.get("Node", "node-1").status.allocatable["cpu"].milli
    one.apply(pod(containers=[shell("500m")]))
    one.run(seconds=10)
    resize(one, f"{free}m")
    one.run(seconds=5)
    assert said(one) == ["ResizeStarted", "ResizeCompleted"]


def test_what_is_over_is_not_resized(one):
    one.apply(pod(containers=[shell("500m") | {"command": ["true"]}], restartPolicy="Never"))
    one.run(seconds=10)
    resize(one, "800m")
    one.run(seconds=5)
    assert said(one) == [] and conditions(one) == {}


def test_a_resize_that_waits_can_be_taken_back(one):
    one.apply(pod(containers=[shell("500m")]))
    one.run(seconds=10)
    resize(one, "900")
    one.run(seconds=5)
    assert conditions(one)
    resize(one, "500m")
    one.run(seconds=5)
    assert conditions(one) == {} and said(one) == ["ResizeDeferred"]
