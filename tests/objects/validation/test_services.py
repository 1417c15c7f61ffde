"""Services, and the endpoints behind them: what is refused, and what is warned of."""

import pytest

from tests.objects.validation.refusals import new, refusals, refusals_of_change, warnings

OUTSIDE_RANGE = "must be between 1 and 65535, inclusive"
DISCOVERY = "discovery.k8s.io/v1"
NONE_SUCH = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"


def service(**spec):
    return new("Service", spec={"ports": [{"port": 80}], **spec})


def balancer(**spec):
    return service(type="LoadBalancer", **spec)


def headless(**spec):
    return service(clusterIP="None", **spec)


@pytest.mark.parametrize(
    ("number", "refused"), [(0, True), (1, False), (65535, False), (65536, True)]
)
def test_a_port_is_a_number_of_16_bits(number, refused):
    said = [
        f"spec.ports[0].{field}: Invalid value: {number}: {OUTSIDE_RANGE}"
        for field in ("port", "targetPort")
    ]
    assert refusals(service(ports=[{"port": number}])) == (said if refused else [])


def test_ports_have_names_where_there_are_several():
    assert refusals(service(ports=[{"port": 1}, {"port": 2, "name": "b"}])) == [
        "spec.ports[0].name: Required value"
    ]
    twice = [{"port": 1, "name": "a"}, {"port": 1, "name": "a"}]
    assert refusals(service(ports=twice)) == [
        'spec.ports[1].name: Duplicate value: "a"',
        'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":1,'
        '"TargetPort":0,"NodePort":0}',
    ]
    assert refusals(service(ports=[])) == ["spec.ports: Required value"]
    assert refusals(headless(ports=[])) == []


def test_a_node_port_needs_a_type_that_has_one():
    ports = [{"port": 80, "nodePort": 30080}]
    assert refusals(service(ports=ports)) == [
        "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"
    ]
    assert refusals(service(type="NodePort", ports=ports)) == []


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
def test_a_service_for_all_nodes_has_an_address(kind):
    assert refusals(headless(type=kind)) == [
        f"spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for {kind} services"
    ]


def test_a_name_elsewhere_has_no_address():
    away = service(type="ExternalName", externalName="db.example.", ports=[])
    assert refusals(away) == []
    assert refusals(service(type="ExternalName", clusterIP="10.96.0.9")) == [
        "spec.clusterIPs: Forbidden: may not be set for ExternalName services",
        "spec.externalName: Required value",
    ]


def test_one_address_and_the_list_agree():
    assert refusals(service(clusterIP="10.96.0.9", clusterIPs=["10.96.0.8"])) == [
        'spec.clusterIPs: Invalid value: ["10.96.0.8"]: first value must match `clusterIP`'
    ]
    three = ["10.96.0.8", "2001:db8::8", "10.96.0.9"]
    assert refusals(service(clusterIP="10.96.0.8", clusterIPs=three)) == [
        'spec.clusterIPs: Invalid value: ["10.96.0.8","2001:db8::8","10.96.0.9"]: '
        "may only hold up to 2 values"
    ]
    mixed = headless(clusterIPs=["None", "10.96.0.8"])
    assert refusals(mixed) == [
        'spec.clusterIPs: Invalid value: ["None","10.96.0.8"]: '
        "'None' must be the first and only value"
    ]
    assert refusals(service(ipFamilies=["IPv4", "IPv4"], ipFamilyPolicy="Both")) == [
        'spec.ipFamilies[1]: Duplicate value: "IPv4"',
        'spec.ipFamilyPolicy: Unsupported value: "Both": supported values: "PreferDualStack", '
        '"RequireDualStack", "SingleStack"',
    ]


@pytest.mark.parametrize(
    ("seconds", "refused"), [(0, True), (1, False), (86400, False), (86401, True)]
)
def test_a_client_stays_for_a_day_at_most(seconds, refused):
    config = {"clientIP": {"timeoutSeconds": seconds}}
    path = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
    said = f"{path}: Invalid value: {seconds}: must be greater than 0 and less than 86400"
    sticky = service(sessionAffinity="ClientIP", sessionAffinityConfig=config)
    assert refusals(sticky) == ([said] if refused else [])


def test_only_a_balancer_bounds_who_may_use_it():
    alone = "may only be used when `type` is 'LoadBalancer'"
    ranges = {"loadBalancerSourceRanges": ["203.0.113.7/24"], "loadBalancerClass": "a b"}
    strict = "must not have bits set beyond the prefix length"
    wrong = f'spec.LoadBalancerSourceRanges[0]: Invalid value: "203.0.113.7/24": {strict}'
    assert refusals(service(**ranges)) == [
        f"spec.LoadBalancerSourceRanges: Forbidden: {alone}",
        wrong,
        f"spec.loadBalancerClass: Forbidden: {alone}",
    ]
    assert refusals(balancer(loadBalancerSourceRanges=[" 203.0.113.0/24 "])) == []
    annotations = {"service.beta.kubernetes.io/load-balancer-source-ranges": "203.0.113.0/24,no"}
    document = balancer()
    document["metadata"]["annotations"] = annotations
    assert refusals(document) == [
        "metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Invalid "
        'value: "no": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'
    ]


def test_a_policy_for_traffic_from_outside_needs_a_way_in():
    assert refusals(service(externalTrafficPolicy="Local", healthCheckNodePort=31000)) == [
        'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for '
        "externally-accessible services",
        "spec.healthCheckNodePort: Invalid value: 31000: may only be set when `type` is "
        "'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    ]
    reached = service(externalIPs=["203.0.113.7"], externalTrafficPolicy="Local")
    assert refusals(reached) == []


def test_an_address_stays_and_so_does_the_class_of_a_balancer():
    old, other = ({"clusterIP": f"10.96.0.{n}", "clusterIPs": [f"10.96.0.{n}"]} for n in (8, 9))
    assert refusals_of_change(service(**old), service(**other)) == [
        'spec.clusterIPs[0]: Invalid value: ["10.96.0.9"]: may not change once set'
    ]
    assert refusals_of_change(headless(), headless()) == []
    assert refusals_of_change(balancer(), balancer(loadBalancerClass="a.b/c")) == [
        'spec.loadBalancerClass: Invalid value: "a.b/c": may not change once set'
    ]
    two = service(ipFamilies=["IPv4", "IPv6"], **old)
    assert refusals_of_change(two, service(ipFamilies=["IPv4"], **old)) == [
        "spec.ipFamilyPolicy: Invalid value: null: must be set to 'SingleStack' when releasing "
        "the secondary ipFamily"
    ]


def test_what_a_service_has_in_vain_is_warned_of():
    ignored = headless(sessionAffinity="ClientIP", loadBalancerIP="203.0.113.9")
    assert warnings(ignored) == [
        "spec.loadBalancerIP is ignored for headless services",
        "spec.SessionAffinity is ignored for headless services",
    ]
    assert warnings(service(externalName="db.example", trafficDistribution="PreferClose")) == [
        'spec.externalName is ignored when spec.type is not "ExternalName"',
        'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ]
    assert warnings(service(externalIPs=["2001:DB8::1"])) == [
        'spec.externalIPs[0]: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format '
        '("2001:db8::1")',
        "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
    ]


def endpoints(*addresses, ports=()):
    subset = {"addresses": [{"ip": text} for text in addresses], "ports": list(ports)}
    return new("Endpoints", subsets=[subset])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.0.0.0", "may not be unspecified (0.0.0.0)"),
        ("127.0.0.1", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        ("169.254.0.1", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        ("224.0.0.255", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
        ("224.0.1.0", ""),
        ("203.0.113.07", "must not have leading 0s"),
        ("::ffff:203.0.113.7", "must not be an IPv4-mapped IPv6 address"),
    ],
)
def test_packets_can_be_sent_to_an_endpoint(text, said):
    path = "subsets[0].addresses[0].ip"
    assert refusals(endpoints(text)) == (
        [f'{path}: Invalid value: "{text}": {said}'] if said else []
    )


def test_addresses_that_were_valid_are_not_judged_again():
    before = endpoints("203.0.113.7")
    after = new("Endpoints", subsets=before["subsets"])
    assert refusals_of_change(before, after) == []
    assert refusals(endpoints()) == [
        "subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`"
    ]


def piece(count=1, family="IPv4", address="203.0.113.7", **endpoint):
    endpoint |= {"addresses": [address] * count}
    return new("EndpointSlice", DISCOVERY, addressType=family, endpoints=[endpoint])


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, ["endpoints[0].addresses: Required value"]), (1, []), (100, []),
     (101, ["endpoints[0].addresses: Too many: 101: must have at most 100 items"])],
)  # fmt: skip
def test_an_endpoint_has_a_hundred_addresses_at_most(count, said):
    assert refusals(piece(count)) == said


@pytest.mark.parametrize(
    ("family", "address", "said"),
    [
        ("IPv4", "2001:db8::7", ': Invalid value: "2001:db8::7": must be an IPv4 address'),
        ("IPv6", "2001:db8::0:7", '[0]: Invalid value: "2001:db8::0:7": must be in canonical form '
         '("2001:db8::7")'),
        ("FQDN", "db", '[0]: Invalid value: "db": should be a domain with at least two segments '
         "separated by dots"),
        ("FQDN", "", "[0]: Required value"),
        ("FQDN", "db.example.", ""),
    ],
)  # fmt: skip
def test_an_endpoint_is_of_the_family_of_its_slice(family, address, said):
    told = refusals(piece(family=family, address=address))
    assert told == ([f"endpoints[0].addresses{said}"] if said else [])


@pytest.mark.parametrize(("count", "refused"), [(8, False), (9, True)])
def test_an_endpoint_is_near_to_eight_zones_at_most(count, refused):
    hints = {"forZones": [{"name": f"z{number}"} for number in range(count)]}
    said = "endpoints[0].hints.forZones: Too many: 9: must have at most 8 items"
    assert refusals(piece(hints=hints)) == ([said] if refused else [])


def test_the_family_of_a_slice_stays_and_names_are_deprecated():
    names = piece(family="FQDN", address="db.example")
    assert refusals_of_change(piece(), names) == [
        'addressType: Invalid value: "FQDN": field is immutable'
    ]
    assert warnings(names) == ["spec.addressType: FQDN endpoints are deprecated"]
