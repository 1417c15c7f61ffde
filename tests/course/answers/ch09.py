"""Chapter 09: reference solutions, and wrong answers."""


def larger_mtu(network):
    for pod in network.pods.values():
        pod.namespace.devices["eth0"].mtu = 1400


def other_port(network):
    del network.underlay.blocked["udp", 8472]
    network.underlay.blocked["udp", 4789] = None


# Settings cannot be keys of a dict: pairs stand here.
MISTAKES = [
    ("calico", "one of"),
    ({"plugin": "flannel-host-gw"}, "drops what it does not know"),
    ({"plugin": "flannel-vxlan"}, "only where it must"),
    ({"plugin": "routable"}, "knows nothing"),
    ({"plugin": "calico", "ip_in_ip": "Always"}, "is called"),
]
ANSWERS = {
    "09-mtu": (
        1450,
        {
            1500: "nothing would",
            1480: "IP in IP",
            1492: "come too",
            1464: "whole frame",
            1436: "outer",
        },
    ),
    "09-ipip": (20, {50: "that is VXLAN", 8: "UDP header", 40: "IPv6", 0: "envelope"}),
    "09-routes": (11, {12: "on its bridge", 110: "not to each Pod", 120: "and its own", 1: "each"}),
    "09-two-subnets": (
        {"plugin": "calico", "ipip": "CrossSubnet"},
        MISTAKES,
    ),
    "09-firewall": (
        lambda network: network.underlay.blocked.clear(),
        {larger_mtu: "between the machines", other_port: "which port"},
    ),
}
