"""Addresses and ports of Services: what the API server gives, and what it refuses to give."""

import pytest

from course_lib.apiserver.dry_run import dry
from course_lib.objects.field_errors import InvalidObject
from tests.conftest import service

RANGE = "The range of valid IPs is 10.96.0.0/12"
PORTS = "provided port is not in the valid range. The range of valid ports is 30000-32767"
TAKEN = "provided port is already allocated"


def spec_of(api, name="web", **spec):
    api.create(service(name, **spec))
    return api.document("Service", name)["spec"]


def refusal(act, *arguments):
    with pytest.raises(InvalidObject) as refused:
        act(*arguments)
    return str(refused.value.errors[0])


def node_port(number, kind="NodePort"):
    return {"type": kind, "ports": [{"port": 80, "nodePort": number}]}


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("10.96.0.0", f"the provided IP (10.96.0.0) is not in the valid range. {RANGE}"),
        ("10.96.0.2", ""),
        ("10.111.255.254", ""),
        ("10.111.255.255", f"the provided IP (10.111.255.255) is not in the valid range. {RANGE}"),
        ("10.112.0.0", f"the provided IP (10.112.0.0) is not in the valid range. {RANGE}"),
    ],
)
def test_an_address_is_asked_for_within_the_range(api, address, said):
    asked = service("web", clusterIP=address)
    if not said:
        assert api.create(asked).spec.cluster_ips == [address]
        return
    told = f'spec.clusterIPs: Invalid value: ["{address}"]: failed to allocate IP {address}: {said}'
    assert refusal(api.create, asked) == told


def test_an_address_is_given_once_and_a_dry_run_does_not_look(api):
    api.create(service("one", clusterIP="10.96.0.77"))
    second = service("two", clusterIP="10.96.0.77")
    assert "provided IP is already allocated" in refusal(api.create, second)
    assert dry(api).create(second).spec.cluster_ip == "10.96.0.77"


@pytest.mark.parametrize(("number", "refused"), [(29999, 1), (30000, 0), (32767, 0), (32768, 1)])
def test_a_node_port_is_asked_for_within_the_range(api, number, refused):
    asked = service("web", **node_port(number))
    if not refused:
        assert api.create(asked).spec.ports[0].node_port == number
        return
    told = f"spec.ports[0].nodePort: Invalid value: {number}: {PORTS}"
    assert refusal(api.create, asked) == told
    assert dry(api).create(asked).spec.ports[0].node_port == number


def test_a_node_port_is_given_once_whatever_the_protocol(api):
    api.create(service("one", **node_port(30080)))
    told = f"spec.ports[0].nodePort: Invalid value: 30080: {TAKEN}"
    assert refusal(api.create, service("two", **node_port(30080))) == told
    ports = [{"name": name, "port": 53, "protocol": name.upper()} for name in ("tcp", "udp")]
    given = spec_of(api, "dns", type="NodePort", ports=ports)["ports"]
    assert given[0]["nodePort"] == given[1]["nodePort"]


def test_a_balancer_gives_node_ports_unless_it_needs_none(api):
    assert "nodePort" in spec_of(api, "one", type="LoadBalancer")["ports"][0]
    bare = spec_of(api, "two", type="LoadBalancer", allocateLoadBalancerNodePorts=False)
    assert "nodePort" not in bare["ports"][0]
    local = spec_of(api, "three", type="LoadBalancer", externalTrafficPolicy="Local")
    assert local["healthCheckNodePort"] not in (0, local["ports"][0]["nodePort"])


def test_an_update_keeps_what_the_writer_leaves_out(api):
    before = spec_of(api, type="NodePort")
    api.update(service("web", type="NodePort"))
    after = api.document("Service", "web")["spec"]
    assert after == before
    api.update(service("web", type="ClusterIP"))
    after = api.document("Service", "web")["spec"]
    assert after["clusterIP"] == before["clusterIP"]
    assert "nodePort" not in after["ports"][0]
    assert "externalTrafficPolicy" not in after


def test_the_families_of_a_service_are_those_of_the_cluster(api):
    assert spec_of(api, "one")["ipFamilies"] == ["IPv4"]
    free = spec_of(api, "two", clusterIP="None", selector=None)
    assert (free["ipFamilies"], free["ipFamilyPolicy"]) == (["IPv4", "IPv6"], "RequireDualStack")
    for spec, said in (
        ({"ipFamilies": ["IPv6"]}, "spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on "
         "this cluster"),
        ({"ipFamilyPolicy": "RequireDualStack"}, "spec.ipFamilyPolicy: Invalid value: "
         '"RequireDualStack": this cluster is not configured for dual-stack services'),
        ({"clusterIP": "2001:db8::7"}, 'spec.clusterIPs[0]: Invalid value: ["2001:db8::7"]: IPv6 '
         "is not configured on this cluster"),
    ):  # fmt: skip
        assert refusal(api.create, service("three", **spec)) == said
    assert spec_of(api, "four", ipFamilyPolicy="PreferDualStack")["ipFamilies"] == ["IPv4"]
