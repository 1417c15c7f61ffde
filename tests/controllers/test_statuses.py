"""Statuses and metadata as the real controllers and kubelets write them."""

from __future__ import annotations

from tests.conftest import container, pod, workload

ORDER = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]


def status(cluster, kind: str, name: str) -> dict:
    return cluster.api.document(kind, name, "default")["status"]


def test_counts_of_zero_are_omitted_but_for_those_that_kubernetes_states(cluster):
    cluster.apply(workload(replicas=0))
    cluster.run(10)
    stated = status(cluster, "Deployment", "web")
    assert set(stated) == {"observedGeneration", "terminatingReplicas", "conditions"}
    name = cluster.api.list("ReplicaSet", "default")[0].name
    assert set(status(cluster, "ReplicaSet", name)) == {
        "observedGeneration",
        "replicas",
        "terminatingReplicas",
    }


def test_a_pod_that_is_being_deleted_counts_as_terminating(cluster):
    slow = container(lifecycle={"preStop": {"sleep": {"seconds": 20}}})
    cluster.apply(workload(replicas=1, containers=[slow]))
    cluster.run(30)
    cluster.kubectl("scale deployment/web --replicas=0")
    cluster.run(5)
    assert status(cluster, "Deployment", "web")["terminatingReplicas"] == 1
    cluster.run(60)
    assert status(cluster, "Deployment", "web")["terminatingReplicas"] == 0


def test_a_replica_set_is_told_how_many_pods_there_may_be(cluster):
    cluster.apply(workload(replicas=4))
    cluster.run(10)
    notes = cluster.api.list("ReplicaSet", "default")[0].annotations
    assert notes["deployment.kubernetes.io/desired-replicas"] == "4"
    assert notes["deployment.kubernetes.io/max-replicas"] == "5"
    cluster.kubectl("scale deployment/web --replicas=8")
    cluster.run(10)
    notes = cluster.api.list("ReplicaSet", "default")[0].annotations
    assert notes["deployment.kubernetes.io/max-replicas"] == "10"


def test_a_condition_keeps_when_it_was_updated(cluster):
    cluster.apply(workload(replicas=1))
    cluster.run(30)
    first = status(cluster, "Deployment", "web")["conditions"]
    assert all(each["lastUpdateTime"] for each in first)
    cluster.run(60)
    assert status(cluster, "Deployment", "web")["conditions"] == first


def test_a_running_pod_states_all_of_its_conditions_in_order(cluster):
    cluster.apply(pod("web"))
    cluster.run(30)
    stated = status(cluster, "Pod", "web")
    assert [each["type"] for each in stated["conditions"]] == ORDER
    assert all(each["observedGeneration"] == 1 for each in stated["conditions"])
    assert all(each["lastProbeTime"] is None for each in stated["conditions"])
    assert stated["observedGeneration"] == 1
    assert stated["hostIPs"] == [{"ip": stated["hostIP"]}]
    assert stated["containerStatuses"][0]["lastState"] == {}


def test_the_sandbox_of_a_pod_that_has_ended_is_not_ready(cluster):
    job = container(image="busybox:1.36", command=["sh", "-c", "exit 0"])
    cluster.apply(pod("once", [job], restartPolicy="Never"))
    cluster.run(30)
    first, initialized = status(cluster, "Pod", "once")["conditions"][:2]
    assert (first["status"], first["reason"]) == ("False", "PodSandboxNotReady")
    assert first["message"] == "pod sandbox is not ready"
    assert (initialized["status"], initialized["reason"]) == ("True", "PodCompleted")


def test_revisions_are_labelled_as_each_kind_does(cluster):
    cluster.apply(workload("StatefulSet", "db", serviceName="db"))
    cluster.apply(workload("DaemonSet", "agent", replicas=None))
    cluster.run(30)
    revisions = cluster.api.list("ControllerRevision", "default")
    by_owner = {each.metadata.controller.kind: each for each in revisions}
    digest = by_owner["StatefulSet"].name.removeprefix("db-")
    assert by_owner["StatefulSet"].labels["controller.kubernetes.io/hash"] == digest
    digest = by_owner["DaemonSet"].name.removeprefix("agent-")
    assert by_owner["DaemonSet"].labels["controller-revision-hash"] == digest
    daemons = [p for p in cluster.api.list("Pod", "default") if p.name.startswith("agent")]
    assert {p.labels["controller-revision-hash"] for p in daemons} == {digest}
    assert {p.labels["pod-template-generation"] for p in daemons} == {"1"}
    assert cluster.api.get("Pod", "db-0", "default").metadata.generate_name == "db-"
