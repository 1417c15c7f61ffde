"""Chapter 09: answers that are right, and wrong ones with a part of the hint that each gets."""

from tests.course.answers.shapes import number


def mtu_of(pods, size):
    def change(network):
        for pod in network.pods.values():
            pod.namespace.devices["eth0"].mtu = size

    return change


def other_port(network):
    del network.underlay.blocked["udp", 8472]
    network.underlay.blocked["udp", 4789] = None


def one_more(network):
    network.underlay.blocked["udp", 4789] = None


def without_pods(network):
    network.underlay.blocked.clear()
    for name in list(network.pods):
        network.delete_pod(name)


ANSWERS = {
    "09-mtu": (
        number(1450, "bytes"),
        {
            1500: "nothing would",
            1480: "IP in IP",
            1492: "come too",
            1464: "whole frame",
            1436: "outer",
            "50 bytes": "what the wrapping adds",
            1400: "too small",
        },
    ),
    "09-ipip": (
        number(20, "bytes"),
        {50: "that is VXLAN", 8: "UDP header", 40: "IPv6", 0: "envelope", 24: "without options"},
    ),
    "09-routes": (
        number(11, "routes"),
        {12: "on its bridge", 110: "not to each Pod", 120: "and its own", 1: "each", 5: "*other*"},
    ),
    "09-two-subnets": (
        [
            {"plugin": "Calico", "ipip": "crosssubnet"},
            {"plugin": "calico", "ipipMode": "CrossSubnet"},
            {"plugin": "calico", "vxlanMode": "CrossSubnet"},
            {"plugin": "calico", "encapsulation": "VXLANCrossSubnet"},
            {"plugin": "flannel-vxlan", "DirectRouting": True},
            {"plugin": "flannel-vxlan", "direct_routing": True},
            {"plugin": "flannel", "Backend": {"Type": "vxlan", "DirectRouting": True}},
            "plugin: calico\nipip: CrossSubnet",
        ],
        [
            ("calico", "must be wrapped"),
            ({"plugin": "flannel-host-gw"}, "drops what it does not know"),
            ({"plugin": "flannel-vxlan"}, "only where it must"),
            ({"plugin": "calico", "ipip": "Always"}, "only where it must"),
            ({"plugin": "weave"}, "always wraps"),
            ({"plugin": "routable"}, "knows nothing"),
            ({"plugin": "calico", "ip_in_ip": "Always"}, "`ipip`"),
            ({"plugin": "calico", "ipip": "Sometimes"}, "CrossSubnet"),
            ({"plugin": "cilium"}, "one of calico"),
        ],
    ),
    "09-firewall": (
        [
            lambda network: network.underlay.blocked.clear(),
            lambda network: network.underlay.blocked.pop(("udp", 8472)),
            lambda network: (one_more(network), network.underlay.blocked.clear()),
            lambda network: (network.underlay.blocked.clear(), network.add_pod("late", "node-1")),
        ],
        {
            lambda network: None: "between the machines",
            mtu_of("all", 1400): "between the machines",
            other_port: "which port",
            one_more: "which port",
            without_pods: "task.reset()",
        },
    ),
}
