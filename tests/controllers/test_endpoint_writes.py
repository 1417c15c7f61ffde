"""What the controllers of endpoints write, and when: as the real ones do, field by field."""

from __future__ import annotations

import pytest

from course_lib.apiserver.errors import Forbidden
from course_lib.controllers.endpoint_ports import OfferedPort, in_slice_order, subset_ports
from course_lib.controllers.selected_pods import families
from course_lib.controllers.subset_packing import Addresses, InSubset
from course_lib.controllers.trigger_times import TriggerTimes, annotated
from course_lib.objects.kinds.pod import Pod, PodSpec
from course_lib.objects.kinds.pod.status import PodStatus
from course_lib.objects.kinds.service import Service, ServiceSpec
from course_lib.objects.meta import Condition, ObjectMeta
from tests.controllers.endpoints_plane import EndpointsPlane, address, made

TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"
START = "2026-01-01T00:00:00Z"


def plane_with(pods: int, **service) -> EndpointsPlane:
    plane = EndpointsPlane()
    plane.add_service("web", {"app": "web"}, **service)
    for number in range(pods):
        plane.add_pod(f"web-{number:04}", "web", address(number + 1))
    plane.run()
    return plane


def document(plane: EndpointsPlane, kind: str) -> dict:
    (found,) = (each for each in plane.documents() if each["kind"] == kind)
    return found


# Times


def service_of(created: str) -> Service:
    return Service(metadata=ObjectMeta(name="web", namespace="shop", creation_timestamp=created))


def pod_at(time: str, address: str = "10.0.0.1") -> Pod:
    ready = Condition("Ready", "True", last_transition_time=time)
    return Pod(spec=PodSpec(containers=[]), status=PodStatus(pod_ip=address, conditions=[ready]))


def test_the_first_time_is_that_of_the_service_and_later_that_of_the_earliest_change():
    times, service = TriggerTimes(), service_of("T1")
    assert times.look(service, {"a": pod_at("T2")}, True) == "T1"
    assert times.look(service, {"a": pod_at("T2")}, False) == ""
    assert times.look(service, {"a": pod_at("T4"), "b": pod_at("T3")}, False) == "T3"
    assert times.look(service, {"b": pod_at("T2")}, False) == ""  # time does not go back
    assert times.look(service_of("T5"), {}, False) == "T5"  # made again, before that was seen


def test_a_pod_that_left_or_has_no_address_is_seen_when_it_comes():
    times, service = TriggerTimes(), service_of("T1")
    times.look(service, {"a": pod_at("T2"), "b": pod_at("T2")}, True)
    assert times.look(service, {"a": None}, False) == ""
    assert times.look(service, {"a": pod_at("T2", address="")}, False) == ""
    assert times.look(service, {"a": pod_at("T2"), "b": pod_at("T2")}, True) == "T2"
    times.forget(("shop", "web"))
    assert times.look(service, {"a": pod_at("T3")}, True) == "T1"


def test_a_write_without_a_time_drops_the_last_one_and_keeps_the_other_annotations():
    assert annotated({TRIGGER_TIME: "T1", "team": "blue"}, "") == {"team": "blue"}
    assert annotated({"team": "blue"}, "T2") == {"team": "blue", TRIGGER_TIME: "T2"}


@pytest.mark.parametrize("kind", ["Endpoints", "EndpointSlice"])
def test_objects_tell_when_what_they_follow_changed(kind: str):
    plane = plane_with(1)
    ready = {"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-01T00:07:00Z"}
    status = {"status": {"conditions": [ready]}}
    plane.api.patch("Pod", "web-0000", "default", status, "status")
    plane.run()
    assert document(plane, kind)["metadata"]["annotations"] == {
        TRIGGER_TIME: "2026-01-01T00:07:00Z"
    }
    labels = {"metadata": {"labels": {"team": "blue"}}}
    plane.api.patch("Service", "web", "default", labels)
    plane.run()
    meta = document(plane, kind)["metadata"]
    assert (meta["labels"]["team"], meta.get("annotations")) == ("blue", None)


# Empty fields, generations


def test_without_endpoints_a_slice_has_null_and_endpoints_have_no_subsets():
    plane = plane_with(0)
    piece = document(plane, "EndpointSlice")
    assert (piece["endpoints"], piece["ports"]) == (None, None)
    assert "subsets" not in document(plane, "Endpoints")
    plane.add_pod("web-0000", "web", address(1))
    plane.run()
    assert document(plane, "Endpoints")["subsets"][0]["ports"] == [{"port": 80, "protocol": "TCP"}]
    assert document(plane, "EndpointSlice")["ports"] == [
        {"name": "", "port": 80, "protocol": "TCP"}
    ]
    plane.api.delete("Pod", "web-0000", "default", grace_period=0)
    plane.run()
    piece = document(plane, "EndpointSlice")
    assert (piece["endpoints"], piece["ports"]) == (None, None)
    assert "subsets" not in document(plane, "Endpoints")


def test_a_headless_service_without_ports_has_addresses_alone():
    plane = EndpointsPlane()
    spec = {"clusterIP": "None", "selector": {"app": "web"}}
    plane.api.create(made("Service", "web", spec=spec))
    plane.add_pod("web-0000", "web", address(1))
    plane.run()
    (subset,) = document(plane, "Endpoints")["subsets"]
    assert [*subset] == ["addresses"]
    assert len(document(plane, "EndpointSlice")["endpoints"]) == 1


@pytest.mark.parametrize(
    ("patch", "generation"),
    [
        ({"metadata": {"annotations": {"note": "x"}}}, 1),
        ({"metadata": {"labels": {"note": "x"}}}, 2),
        ({"endpoints": [{"addresses": ["10.0.0.9"], "conditions": {}}]}, 2),
        ({"ports": None}, 1),
    ],
)
def test_a_slice_counts_changes_of_its_content_and_of_its_labels(patch: dict, generation: int):
    plane = EndpointsPlane()
    piece = made("EndpointSlice", "by-hand") | {"apiVersion": "discovery.k8s.io/v1"}
    plane.api.create(piece | {"addressType": "IPv4", "endpoints": []})
    changed = plane.api.patch("EndpointSlice", "by-hand", "default", patch)
    assert changed.metadata.generation == generation


# Ports, and the order of things

TWO = [{"name": "a", "port": 80, "targetPort": "p"}, {"name": "b", "port": 81}]


def test_ports_stand_in_the_order_of_their_hashes():
    """The real controllers put these two in different orders in the two kinds."""
    ports = OfferedPort("a", 8080, "TCP"), OfferedPort("b", 81, "TCP")
    assert [port.name for port in in_slice_order(ports)] == ["a", "b"]
    assert [port["name"] for port in subset_ports(ports)] == ["b", "a"]


def test_each_port_has_the_pods_that_offer_it():
    plane = plane_with(0, ports=TWO)
    plane.add_pod("both", "web", "10.0.0.2", port=8080)
    spec = {"nodeName": "node-0", "containers": [{"name": "a", "image": "nginx"}]}
    plane.api.create(made("Pod", "one", labels={"app": "web"}, spec=spec))
    plane.say("one", True, "10.0.0.1")
    plane.run()
    subsets = document(plane, "Endpoints")["subsets"]
    offered = {each["ports"][0]["name"]: [a["ip"] for a in each["addresses"]] for each in subsets}
    assert offered == {"a": ["10.0.0.2"], "b": ["10.0.0.1", "10.0.0.2"]}
    assert sorted(len(piece.ports) for piece in plane.slices()) == [1, 2]


def test_addresses_stand_in_the_order_of_their_text():
    plane = EndpointsPlane()
    plane.add_service("web", {"app": "web"})
    for name, ip in (("a", "10.0.0.2"), ("b", "10.0.0.10"), ("c", "10.0.0.1")):
        plane.add_pod(name, "web", ip)
    plane.run()
    (subset,) = document(plane, "Endpoints")["subsets"]
    assert [each["ip"] for each in subset["addresses"]] == ["10.0.0.1", "10.0.0.10", "10.0.0.2"]


def test_the_application_protocol_of_a_port_is_passed_on():
    plane = plane_with(1, ports=[{"port": 80, "appProtocol": "kubernetes.io/h2c"}])
    (subset,) = document(plane, "Endpoints")["subsets"]
    assert subset["ports"][0]["appProtocol"] == "kubernetes.io/h2c"
    assert document(plane, "EndpointSlice")["ports"][0]["appProtocol"] == "kubernetes.io/h2c"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (ServiceSpec(ip_families=["IPv6", "IPv4"]), ["IPv6", "IPv4"]),
        (ServiceSpec(cluster_ip="10.96.0.9"), ["IPv4"]),
        (ServiceSpec(cluster_ip="fd00::9"), ["IPv6"]),
        (ServiceSpec(cluster_ip="None"), ["IPv4", "IPv6"]),
        (ServiceSpec(), ["IPv4", "IPv6"]),
    ],
)
def test_the_address_types_of_a_service(spec: ServiceSpec, expected: list[str]):
    assert families(Service(spec=spec)) == expected


# Operations


def patches_of(plane: EndpointsPlane, kind: str) -> list[list[dict]]:
    """The JSON patches of a kind that are sent from now on."""
    sent: list[list[dict]] = []
    patch = plane.server.patch

    def noted(of, name, namespace, patch_, *more, **rest):
        if getattr(of, "__name__", of) == kind:
            sent.append(patch_)
        return patch(of, name, namespace, patch_, *more, **rest)

    plane.server.patch = noted
    return sent


def test_a_change_of_one_pod_is_sent_as_a_few_operations_however_many_there_are():
    plane = plane_with(300)
    before = plane.server.store.get("/registry/endpoints/default/web").document
    sent = patches_of(plane, "Endpoints"), patches_of(plane, "EndpointSlice")
    plane.say("web-0007", ready=False)
    plane.run()
    (endpoints,), (piece,) = sent
    place = sorted(address(number + 1) for number in range(300)).index(address(8))
    assert [(each["op"], each["path"]) for each in endpoints[:2]] == [
        ("remove", f"/subsets/0/addresses/{place}"),
        ("add", "/subsets/0/notReadyAddresses"),
    ]
    assert [each["op"] for each in piece] == ["replace", "remove"]  # and the trigger time
    after = plane.server.store.get("/registry/endpoints/default/web").document
    old, new = before["subsets"][0], after["subsets"][0]
    assert old["ports"] is new["ports"]
    assert set(map(id, new["addresses"])) < set(map(id, old["addresses"]))


def test_addresses_remember_how_they_changed_while_one_subset_has_them_all():
    ports, others = (OfferedPort("", 80, "TCP"),), (OfferedPort("", 81, "TCP"),)
    addresses = Addresses()

    def put(number: int, ready: bool = True, of: tuple = ports) -> None:
        ip = {"ip": address(number), "targetRef": {"uid": ""}}
        addresses.put(f"pod-{number}", InSubset(of, ready), ip)

    put(1)
    put(2)
    assert addresses.edits()[0]["path"] == "/subsets"
    addresses.note("1")
    assert addresses.edits() == []
    put(2)  # nothing new
    assert addresses.edits() == []
    put(3)
    assert [each["path"] for each in addresses.edits()] == ["/subsets/0/addresses/2"]
    addresses.note("2")
    put(3, of=others)
    assert [each["path"] for each in addresses.edits()] == ["/subsets"]
    addresses.note("3")
    for number in (1, 2, 3):
        addresses.remove(f"pod-{number}")
    assert addresses.edits() == [{"op": "remove", "path": "/subsets"}]


def test_a_write_of_somebody_else_in_between_is_written_over_whole():
    plane = plane_with(2)
    subset = {"addresses": [{"ip": "10.9.9.9"}], "ports": [{"port": 1}]}
    plane.api.patch("Endpoints", "web", "default", {"subsets": [subset]})
    plane.run()
    assert len(document(plane, "Endpoints")["subsets"][0]["addresses"]) == 1  # nothing changed yet
    plane.say("web-0000", ready=False)
    plane.run()
    (found,) = document(plane, "Endpoints")["subsets"]
    assert [len(found[each]) for each in ("addresses", "notReadyAddresses")] == [1, 1]


# What is told


def events(plane: EndpointsPlane) -> list[tuple[str, str, str]]:
    found = plane.api.list("Event")
    return [(each.source.component, each.reason, each.message) for each in found]


def test_endpoints_that_cannot_be_created_are_told(monkeypatch):
    plane = EndpointsPlane()
    server = plane.server
    made_by = server.create

    def refusing(document: dict) -> object:
        if document["kind"] in ("Endpoints", "EndpointSlice"):
            raise Forbidden("no")
        return made_by(document)

    monkeypatch.setattr(server, "create", refusing)
    plane.add_service("web", {"app": "web"})
    plane.run(0.5)
    assert (
        "endpoint-controller",
        "FailedToCreateEndpoint",
        "Failed to create endpoint for service default/web: no",
    ) in events(plane)
    assert (
        "endpoint-slice-controller",
        "FailedToUpdateEndpointSlices",
        "Error updating Endpoint Slices for Service default/web: "
        "failed to create EndpointSlice for Service default/web: no",
    ) in events(plane)


def test_a_pod_on_an_unknown_node_is_told_and_tried_again_after_a_second_then_two():
    plane = plane_with(0)
    plane.add_pod("web-0", "web", "10.0.0.1", node="lost")
    plane.run(seconds=2.9)
    assert events(plane) == [
        (
            "endpoint-slice-controller",
            "FailedToUpdateEndpointSlices",
            "Error updating Endpoint Slices for Service default/web: "
            "skipping Pod web-0 for Service default/web: Node lost Not Found",
        )
    ]
    (told,) = plane.api.list("Event")
    assert told.count == 2
    plane.run(seconds=0.2)
    assert plane.api.list("Event")[0].count == 3


# Mirroring


def mirror(subsets: list[dict], **meta) -> EndpointsPlane:
    plane = EndpointsPlane()
    plane.api.create(made("Service", "web", spec={"ports": [{"port": 80}]}))
    plane.api.create(
        made("Endpoints", "web", subsets=subsets) | {"metadata": {"name": "web"} | meta}
    )
    plane.run()
    return plane


def many(count: int) -> list[dict]:
    return [{"ip": address(number + 1)} for number in range(count)]


def test_a_mirrored_slice_holds_all_addresses_of_a_subset_with_their_readiness_alone():
    subset = {"addresses": many(101), "notReadyAddresses": [{"ip": "10.9.9.9"}]}
    plane = mirror([subset | {"ports": [{"port": 80, "appProtocol": "http"}]}])
    (piece,) = plane.slices()
    found = plane.api.document("EndpointSlice", piece.name, "default")
    assert len(found["endpoints"]) == 102
    assert found["endpoints"][0]["conditions"] == {"ready": True}
    assert found["endpoints"][-1] == {"addresses": ["10.9.9.9"], "conditions": {"ready": False}}
    assert found["ports"] == [{"name": "", "port": 80, "protocol": "TCP", "appProtocol": "http"}]
    revision = piece.metadata.resource_version
    plane.api.patch("Service", "web", "default", {"metadata": {"labels": {"a": "b"}}})
    plane.run()
    assert plane.slices()[0].metadata.resource_version == revision


@pytest.mark.parametrize(("count", "told"), [(999, 0), (1000, 0), (1001, 1)])
def test_a_thousand_addresses_of_a_subset_are_mirrored(count: int, told: int):
    plane = mirror([{"addresses": many(count), "ports": [{"port": 80}]}])
    assert plane.sizes() == [min(count, 1000)]
    said = "A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. "
    expected = ("endpoint-slice-mirroring-controller", "TooManyAddressesToMirror")
    assert events(plane) == [(*expected, f"{said}1 addresses were skipped")] * told


def test_a_mirrored_slice_has_the_labels_and_annotations_of_its_endpoints():
    last = "kubectl.kubernetes.io/last-applied-configuration"
    annotations = {"note": "x", last: "{}", TRIGGER_TIME: START}
    plane = mirror([{"addresses": many(1)}], labels={"team": "blue"}, annotations=annotations)
    (piece,) = plane.slices()
    assert piece.annotations == {"note": "x"}
    assert piece.labels == {
        "team": "blue",
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
    }
    plane.api.patch("Endpoints", "web", "default", {"metadata": {"annotations": {"note": None}}})
    plane.run()
    assert plane.slices()[0].annotations == {}


def test_slices_of_other_ports_are_written_over_and_those_of_two_families_are_apart():
    plane = mirror([{"addresses": many(1), "ports": [{"port": 80}]}])
    (piece,) = plane.slices()
    subset = {"addresses": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}], "ports": [{"port": 81}]}
    plane.api.patch("Endpoints", "web", "default", {"subsets": [subset]})
    plane.run()
    found = {each.address_type: each for each in plane.slices()}
    assert found["IPv4"].name == piece.name
    assert [each.port for each in found["IPv4"].ports] == [81]
    assert [each.addresses for each in found["IPv6"].endpoints] == [["fd00::1"]]


def test_a_slice_of_endpoints_made_again_gets_its_new_owner():
    plane = mirror([{"addresses": many(1)}])
    (piece,) = plane.slices()
    plane.api.delete("Endpoints", "web", "default")
    plane.api.create(made("Endpoints", "web", subsets=[{"addresses": many(1)}]))
    plane.run()
    (found,) = plane.slices()
    assert found.metadata.controller.uid == plane.api.get("Endpoints", "web", "default").uid
    assert (found.name, found.uid) == (piece.name, piece.uid)
