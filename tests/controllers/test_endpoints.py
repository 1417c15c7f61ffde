"""Which Pods are behind a Service: EndpointSlices, Endpoints, and those that users write."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.engine import Simulation
from tests.conftest import container, pod, service, workload

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"


def manual_service(name: str = "manual") -> dict:
    """A Service without a selector."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"ports": [{"port": 80}]},
    }


def endpoints(*addresses: str, name: str = "manual", **more: object) -> dict:
    """Endpoints as a user writes them."""
    subset = {"addresses": [{"ip": a} for a in addresses], "ports": [{"port": 80}], **more}
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": name},
        "subsets": [subset],
    }


def slices(cluster: Cluster, name: str = "web") -> list:
    label = "kubernetes.io/service-name"
    return [s for s in cluster.api.list("EndpointSlice") if s.labels.get(label) == name]


def ready(cluster: Cluster, name: str = "web") -> list[str]:
    """The addresses that a Service sends requests to."""
    return sorted(
        e.addresses[0]
        for s in slices(cluster, name)
        for e in s.endpoints or ()
        if e.conditions.ready
    )


def serving(cluster: Cluster) -> Cluster:
    cluster.apply([pod(), service()])
    cluster.run(seconds=10)
    return cluster


def test_a_service_made_again_at_once_gets_its_endpoints(cluster):
    serving(cluster)
    before = ready(cluster)
    cluster.delete("service", "web")
    cluster.apply(service())
    cluster.run(seconds=10)
    assert ready(cluster) == before != []
    uid = cluster.api.get("Service", "web", "default").uid
    assert [s.metadata.controller.uid for s in slices(cluster)] == [uid]


def test_a_deleted_slice_comes_back(cluster):
    serving(cluster)
    before = ready(cluster)
    cluster.delete("endpointslice", slices(cluster)[0].name)
    assert slices(cluster) == []
    cluster.run(seconds=2)
    assert ready(cluster) == before


def test_an_edited_slice_is_set_right(cluster):
    serving(cluster)
    before = ready(cluster)
    name = slices(cluster)[0].name
    cluster.api.patch("EndpointSlice", name, "default", {"endpoints": []})
    cluster.run(seconds=2)
    assert ready(cluster) == before
    cluster.api.patch(
        "EndpointSlice", name, "default", {"metadata": {"labels": {MANAGED_BY: "me"}}}
    )
    cluster.run(seconds=2)
    assert [s.labels[MANAGED_BY] for s in slices(cluster) if s.name != name] == [
        "endpointslice-controller.k8s.io"
    ]


def test_deleted_endpoints_come_back(cluster):
    serving(cluster)
    before = cluster.api.get("Endpoints", "web", "default").subsets
    cluster.delete("endpoints", "web")
    cluster.run(seconds=2)
    assert cluster.api.get("Endpoints", "web", "default").subsets == before


def test_slices_carry_the_labels_of_their_service(cluster):
    labelled = service(clusterIP="None")
    labelled["metadata"]["labels"] = {"team": "blue"}
    cluster.apply(labelled)
    cluster.run(seconds=2)
    expected = {
        "team": "blue",
        "service.kubernetes.io/headless": "",
        "kubernetes.io/service-name": "web",
        MANAGED_BY: "endpointslice-controller.k8s.io",
    }
    assert slices(cluster)[0].labels == expected
    cluster.api.patch("Service", "web", "default", {"metadata": {"labels": {"team": None}}})
    cluster.run(seconds=2)
    assert "team" not in slices(cluster)[0].labels


def test_a_service_without_pods_has_one_empty_slice(cluster):
    cluster.apply(service())
    cluster.run(seconds=2)
    (empty,) = slices(cluster)
    assert (empty.address_type, empty.endpoints or [], empty.ports or []) == ("IPv4", [], [])
    assert cluster.get("endpointslices").ENDPOINTS[0] == "<unset>"
    cluster.apply(pod())
    cluster.run(seconds=10)
    (filled,) = slices(cluster)
    assert filled.name == empty.name
    assert len(filled.endpoints) == 1
    cluster.delete("pod", "web", grace_period=0)
    cluster.run(seconds=2)
    assert [s.endpoints or [] for s in slices(cluster)] == [[]]


def test_a_hand_made_slice_leads_to_its_endpoint():
    cluster = Cluster(nodes=2, network="calico")
    cluster.apply(pod())
    cluster.run(seconds=20)
    address = cluster.api.get("Pod", "web", "default").status.pod_ip
    hand_made = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "manual-1", "labels": {"kubernetes.io/service-name": "manual"}},
        "addressType": "IPv4",
        "ports": [{"port": 80}],
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
    }
    cluster.apply([manual_service(), hand_made])
    cluster.run(seconds=60)
    assert [s.name for s in slices(cluster, "manual")] == ["manual-1"]
    assert cluster.trace("node-1", "service/manual").outcome == "answered"


def test_a_hand_made_slice_of_a_service_with_a_selector_stays_beside_the_others(cluster):
    serving(cluster)
    hand_made = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "more", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "ports": [{"port": 80}],
        "endpoints": [{"addresses": ["10.244.0.77"]}],
    }
    cluster.apply(hand_made)
    cluster.run(seconds=10)
    assert "10.244.0.77" in ready(cluster)
    assert len(ready(cluster)) == 2


def test_hand_made_endpoints_are_mirrored_into_a_slice_and_carry_traffic():
    cluster = Cluster(nodes=2, network="calico")
    cluster.apply(pod())
    cluster.run(seconds=20)
    address = cluster.api.get("Pod", "web", "default").status.pod_ip
    cluster.apply([manual_service(), endpoints(address)])
    cluster.run(seconds=5)
    (mirrored,) = slices(cluster, "manual")
    assert mirrored.labels[MANAGED_BY] == "endpointslicemirroring-controller.k8s.io"
    assert mirrored.metadata.controller.kind == "Endpoints"
    assert cluster.trace("node-1", "service/manual").outcome == "answered"
    cluster.delete("endpointslice", mirrored.name)
    cluster.run(seconds=5)
    assert ready(cluster, "manual") == [address]


def test_mirrored_slices_follow_the_endpoints_and_go_with_them(cluster):
    cluster.apply([manual_service(), endpoints("10.244.0.2", "10.244.0.3")])
    cluster.run(seconds=5)
    assert ready(cluster, "manual") == ["10.244.0.2", "10.244.0.3"]
    cluster.apply(endpoints("10.244.0.3", notReadyAddresses=[{"ip": "10.244.0.2"}]))
    cluster.run(seconds=5)
    assert ready(cluster, "manual") == ["10.244.0.3"]
    cluster.delete("endpoints", "manual")
    cluster.run(seconds=5)
    assert slices(cluster, "manual") == []


def test_endpoints_that_ask_for_it_and_those_of_a_selector_are_not_mirrored(cluster):
    skipped = endpoints("10.244.0.2")
    skipped["metadata"]["labels"] = {"endpointslice.kubernetes.io/skip-mirror": "true"}
    cluster.apply([manual_service(), skipped])
    serving(cluster)
    cluster.run(seconds=5)
    assert slices(cluster, "manual") == []
    assert [s.labels[MANAGED_BY] for s in slices(cluster)] == ["endpointslice-controller.k8s.io"]


def test_a_fault_inside_a_controller_ends_no_run(cluster, monkeypatch):
    from course_lib.controllers.replica_set import ReplicaSetController
    from tests.conftest import workload

    def broken(self, owner):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(ReplicaSetController, "reconcile", broken)
    monkeypatch.setattr(Simulation, "strict", False)
    cluster.apply([workload(), pod("other")])
    with pytest.warns(RuntimeWarning, match="ZeroDivisionError: division by zero"):
        cluster.run(seconds=20)
    assert cluster.get("pods").STATUS[0] == "Running"
    assert "InternalError" in set(cluster.log(component="replicaset-controller").REASON)


def test_endpoints_follow_readiness_and_termination(cluster):
    probe = {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1}
    ports = [{"name": "http", "containerPort": 8080}]
    serving = container(image="course/shop:v1", ports=ports, readinessProbe=probe)
    cluster.behaviours.set("course/shop", shutdown=10)
    cluster.apply([workload(replicas=3, containers=[serving])])
    cluster.apply(service(ports=[{"port": 80, "targetPort": "http"}]))
    cluster.run(seconds=20)
    piece = cluster.api.list("EndpointSlice")[0]
    assert [p.port for p in piece.ports] == [8080]
    assert all(e.conditions.ready for e in piece.endpoints)
    leaving = cluster.api.list("Pod")[0]
    cluster.delete("pod", leaving.name)
    cluster.run(seconds=5)
    ends = {e.addresses[0]: e.conditions for e in cluster.api.list("EndpointSlice")[0].endpoints}
    gone = ends[leaving.status.pod_ip]
    assert (gone.ready, gone.serving, gone.terminating) == (False, True, True)
    cluster.run(seconds=20)
    addresses = {e.addresses[0] for e in cluster.api.list("EndpointSlice")[0].endpoints}
    assert leaving.status.pod_ip not in addresses
    assert len(addresses) == 3


def test_more_than_a_hundred_endpoints_are_sliced(cluster):
    cluster.apply([workload(replicas=130), service()])
    cluster.run(seconds=60)
    sizes = sorted(len(piece.endpoints) for piece in cluster.api.list("EndpointSlice"))
    assert sizes == [30, 100]


def test_a_headless_service_has_no_address_and_no_selector_no_endpoints(cluster):
    cluster.apply([service("headless", clusterIP="None"), service("manual", selector={})])
    cluster.run(seconds=5)
    found = cluster.get("services")
    assert found.query("NAME == 'headless'")["CLUSTER-IP"].iloc[0] == "None"
    assert len(cluster.get("endpoints").query("NAME == 'manual'")) == 0
