"""A cluster has as many addresses as its ranges; a range that is used up is not a fault of ours."""

from __future__ import annotations

from itertools import pairwise

import pytest

from course_lib import Cluster
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.network import PLUGINS, PodNetwork
from tests.conftest import workload

NO_NETWORK = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)

NO_ROOM = ("node.kubernetes.io/not-ready", "NoSchedule")

CALICO = ["calico", "calico-ipip"]
OWN_IPAM = [*CALICO, "weave"]  # networks that do not use a node's podCIDR

SPECIAL = [  # ranges that are not those of hosts, and the reason
    ("0.0.0.0/8", '0.0.0.0/8 is for "this network"'),
    ("127.0.0.0/8", "127.0.0.0/8 is for loopback, and the API refuses endpoints in it"),
    ("127.255.255.0/24", "127.0.0.0/8 is for loopback"),
    ("169.0.0.0/8", "169.254.0.0/16 is link-local"),
    ("169.254.0.0/16", "169.254.0.0/16 is link-local"),
    ("224.0.0.0/8", "224.0.0.0/4 is for multicast"),
    ("239.255.255.0/24", "224.0.0.0/4 is for multicast"),
    ("240.0.0.0/8", "240.0.0.0/4 is reserved"),
    ("255.255.255.0/24", "240.0.0.0/4 is reserved"),
]


def pod(
    node: str, image: str = "nginx:1.27", probe: object = None, **spec: object
) -> dict[str, object]:
    bound = {"nodeName": node, "tolerations": [{"operator": "Exists"}]}
    container = {"name": "web", "image": image, "readinessProbe": probe}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"on-{node}"},
        "spec": bound | {"containers": [container]} | spec,
    }


def tainted(cluster: Cluster, node: str) -> list[tuple[str, str]]:
    return [(taint.key, taint.effect) for taint in cluster.api.get("Node", node).spec.taints or ()]


def blocks(cluster: Cluster) -> list[str]:
    return [node.spec.pod_cidr for node in cluster.api.list("Node")]


@pytest.mark.parametrize(
    ("nodes", "range_of_pods", "range_of_nodes"),
    [
        (253, "10.244.0.0/16", "192.168.49.0/24"),
        (254, "10.244.0.0/16", "192.168.0.0/16"),
        (256, "10.244.0.0/16", "192.168.0.0/16"),
        (257, "10.128.0.0/9", "192.168.0.0/16"),
    ],
)
def test_the_ranges_grow_with_the_number_of_nodes(nodes, range_of_pods, range_of_nodes):
    cluster = Cluster(nodes=nodes)
    assert str(cluster.network.cluster_cidr.network) == range_of_pods
    assert cluster.network.node_cidr == range_of_nodes
    assert all(blocks(cluster)) and len(set(blocks(cluster))) == nodes
    addresses = list(cluster.get("nodes", wide=True)["INTERNAL-IP"])
    assert len(set(addresses)) == nodes


def test_a_chosen_range_is_cut_into_the_blocks_of_nodes():
    assert blocks(Cluster(nodes=2, pod_cidr="10.0.0.0/14")) == ["10.0.0.0/24", "10.0.1.0/24"]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("10.0.0.1/14", "has host bits set"),
        ("here", "an IPv4 range"),
        ("fd00::/64", "an IPv4 range"),
        ("10.0.0.0/7", "a prefix length from 8 to 30"),
        ("11.0.0.0/31", "a prefix length from 8 to 30"),
        ("10.96.0.0/16", "10.96.0.0/12, which is that of the Services"),
        ("192.168.0.0/16", "192.168.49.0/24, which is that of the nodes"),
        ("10.0.0.0", "an address and a prefix length"),
        ("10.0.0.0/0.255.255.255", "an address and a prefix length"),
        ("10.0.0.0/255.0.0.0", "an address and a prefix length"),
        ("10.0.0.0/", "an address and a prefix length"),
        *SPECIAL,
    ],
)
def test_a_range_that_pods_cannot_have_is_refused(chosen, expected):
    with pytest.raises(CourseError) as refused:
        Cluster(nodes=1, pod_cidr=chosen)
    assert refused.value.where == "pod_cidr" and refused.value.do
    assert expected in str(refused.value)


@pytest.mark.parametrize("network", CALICO)
def test_calicos_pool_has_room_for_one_of_its_blocks(network):
    for fits in ("10.0.0.0/25", "10.0.0.0/26"):
        assert set(Cluster(nodes=2, network=network, pod_cidr=fits).get("nodes").STATUS) == {
            "Ready"
        }
    with pytest.raises(CourseError, match="Calico's pool of addresses is smaller") as refused:
        Cluster(nodes=5, network=network, pod_cidr="10.0.0.224/27")
    assert refused.value.where.startswith("10.0.0.224/27: pod_cidr of a Cluster")
    assert "at most 26: a block is a /26" in refused.value.expected
    assert refused.value.do == "choose a larger range, such as 10.0.0.192/26"


@pytest.mark.parametrize("name", ["cidr", "node_cidr"])
@pytest.mark.parametrize(("chosen", "expected"), [*SPECIAL, ("here", "an IPv4 range")])
def test_no_network_has_addresses_that_no_host_can_have(name, chosen, expected):
    with pytest.raises(CourseError) as refused:
        PodNetwork(nodes=1, **{name: chosen})
    assert refused.value.where == name and expected in str(refused.value)
    with pytest.raises(CourseError):
        Cluster(nodes=1, network="calico", **{name: chosen})


@pytest.mark.parametrize(
    "chosen",
    [
        *("8.0.0.0/8", "11.0.0.0/30", "10.112.0.0/12"),
        *("1.0.0.0/8", "126.0.0.0/8", "128.0.0.0/8", "223.0.0.0/8"),
        *("169.253.0.0/16", "169.255.0.0/16"),
    ],
)
def test_a_range_just_within_the_limits_is_taken(chosen):
    assert all(blocks(Cluster(nodes=1, pod_cidr=chosen)))


def test_a_machine_for_which_the_subnet_has_no_address_is_refused():
    cluster = Cluster(nodes=253)
    with pytest.raises(CourseError, match="the subnet is full"):
        cluster.add_node()


@pytest.mark.parametrize("network", ["flat", *(name for name in PLUGINS if name not in OWN_IPAM)])
def test_a_node_without_a_block_stays_without_pods_addresses(network):
    cluster = Cluster(nodes=3, pod_cidr="10.0.0.0/23", network=network)
    assert blocks(cluster) == ["10.0.0.0/24", "10.0.1.0/24", ""]
    told = cluster.log(reason="CIDRNotAvailable")
    assert set(told.COMPONENT) == {"cidrAllocator"} and set(told.OBJECT) == {"Node/node-3"}
    cluster.run(seconds=60)
    assert list(cluster.get("nodes").STATUS) == ["Ready", "Ready", "NotReady"]
    assert NO_NETWORK in cluster.describe("node", "node-3")
    cluster.apply([pod("node-2"), pod("node-3")])
    cluster.run(seconds=30)
    assert list(cluster.get("pods", wide=True).IP) != ["<none>", "<none>"]
    assert cluster.get("pods").STATUS[1] == "ContainerCreating"
    assert f"network is not ready: {NO_NETWORK}" in cluster.describe("pod", "on-node-3")


@pytest.mark.parametrize("network", OWN_IPAM)
def test_a_network_with_its_own_ipam_needs_no_block_of_a_node(network):
    cluster = Cluster(nodes=3, pod_cidr="10.0.0.0/23", network=network)
    cluster.run(seconds=60)
    assert blocks(cluster) == ["10.0.0.0/24", "10.0.1.0/24", ""]
    assert set(cluster.log(reason="CIDRNotAvailable").OBJECT) == {"Node/node-3"}
    assert set(cluster.get("nodes").STATUS) == {"Ready"}
    cluster.apply([pod("node-1"), pod("node-3")])
    cluster.run(seconds=30)
    assert set(cluster.get("pods").STATUS) == {"Running"}
    one, other = (f"default/on-{node}" for node in ("node-1", "node-3"))
    assert cluster.network.trace(one, other).ok and cluster.network.trace(other, one).ok


@pytest.mark.parametrize("network", OWN_IPAM)
def test_a_node_that_loses_its_object_is_found_again_without_a_block(network):
    cluster = Cluster(nodes=2, pod_cidr="10.0.0.0/24", network=network)
    cluster.delete("node", "node-2")
    cluster.run(seconds=60)
    assert "node-2" not in cluster.network.plugin.known
    cluster.faults.stop_kubelet("node-2")
    cluster.faults.start_kubelet("node-2")
    cluster.run(seconds=30)
    cluster.apply([pod("node-1"), pod("node-2")])
    cluster.run(seconds=30)
    assert blocks(cluster) == ["10.0.0.0/24", ""]
    assert cluster.network.trace("default/on-node-1", "default/on-node-2").ok


@pytest.mark.parametrize("network", OWN_IPAM)
def test_masters_wait_for_all_nodes_where_none_needs_a_block(network):
    cluster = Cluster.single_master(workers=2, pod_cidr="10.0.0.0/24", network=network)
    assert sum(map(bool, blocks(cluster))) == 1
    assert list(cluster.get("nodes").STATUS) == ["Ready"] * 3


@pytest.mark.parametrize("network", OWN_IPAM)
def test_such_a_network_has_room_for_machines_without_a_block(network):
    cluster = PodNetwork(network, nodes=3, pods=1, cidr="10.0.0.0/23")
    assert [host.blocks for host in cluster.hosts.values()][2] == []
    assert cluster.trace("pod-1", "pod-3").ok
    cluster.remove_node("node-3")
    assert "pod-3" not in cluster.pods


HOST_LOCAL = "failed to allocate for range 0: no IP addresses available in range set"
CALICO_IPAM = (
    "failed to request IPv4 addresses: Assigned 0 out of 1 requested IPv4 addresses; "
    "No IPs available in pools"
)


@pytest.mark.parametrize(
    ("network", "block", "room", "plugin", "words"),
    [
        ("flat", "10.0.0.8/29", 5, "bridge", f"{HOST_LOCAL}: 10.0.0.9-10.0.0.14"),
        ("flat", "10.0.0.0/30", 1, "bridge", f"{HOST_LOCAL}: 10.0.0.1-10.0.0.2"),
        ("routable", "10.0.0.0/29", 5, "bridge", f"{HOST_LOCAL}: 10.0.0.1-10.0.0.6"),
        ("flannel-host-gw", "10.0.0.0/29", 5, "flannel", f"{HOST_LOCAL}: 10.0.0.1-10.0.0.6"),
        ("flannel-vxlan", "10.0.0.0/29", 5, "flannel", f"{HOST_LOCAL}: 10.0.0.1-10.0.0.6"),
        ("calico", "10.0.0.0/26", 64, "calico", f"{CALICO_IPAM}: [10.0.0.0/26]"),
        ("calico-ipip", "10.0.0.0/26", 63, "calico", f"{CALICO_IPAM}: [10.0.0.0/26]"),
    ],
)
def test_a_pod_without_an_address_is_refused_in_the_plugins_words(
    network, block, room, plugin, words
):
    cluster = Cluster(nodes=1, cpu="64", memory="256Gi", network=network, pod_cidr=block)
    names = [{"metadata": {"name": f"pod-{number}"}} for number in range(room + 1)]
    cluster.apply([pod("node-1") | name for name in names])
    cluster.run(seconds=60)
    assert list(cluster.get("pods").STATUS).count("Running") == room
    refused = cluster.log(reason="FailedCreatePodSandBox").MESSAGE
    said = f'": plugin type="{plugin}" failed (add): {words}'
    assert len(refused) and all(message.endswith(said) for message in refused)


@pytest.fixture
def used_up() -> Cluster:
    """A cluster with Weave whose five addresses are given to the bridge and to four Pods."""
    cluster = Cluster(nodes=1, network="weave", pod_cidr="10.0.0.0/29")
    names = [{"metadata": {"name": f"pod-{number}"}} for number in range(6)]
    cluster.apply([pod("node-1") | name for name in names])
    cluster.run(seconds=30)
    assert list(cluster.get("pods").STATUS) == ["Running"] * 5 + ["ContainerCreating"]
    return cluster


def test_weave_waits_for_an_address_until_the_kubelet_gives_up(used_up):
    used_up.run(seconds=200)
    assert not len(used_up.log(reason="FailedCreatePodSandBox"))
    used_up.run(seconds=30)
    [message] = used_up.log(reason="FailedCreatePodSandBox").MESSAGE
    late = "rpc error: code = DeadlineExceeded desc = context deadline exceeded"
    assert message == f"Failed to create pod sandbox: {late}"
    used_up.delete("pod", "pod-0")
    used_up.run(seconds=60)
    assert set(used_up.get("pods").STATUS) == {"Running"}


def test_a_pod_that_waits_for_an_address_gets_the_first_that_is_free(used_up):
    address = used_up.get("pods", wide=True).IP[0]
    used_up.delete("pod", "pod-0")
    used_up.run(seconds=50)
    assert list(used_up.get("pods", wide=True).IP)[-1] == address
    assert not len(used_up.log(reason="FailedCreatePodSandBox"))


def test_a_pod_that_is_deleted_while_it_waits_for_an_address_leaves_nothing(used_up):
    used_up.delete("pod", "pod-5")
    used_up.run(seconds=15)
    used_up.delete("pod", "pod-0")
    used_up.run(seconds=60)
    assert list(used_up.get("pods").NAME) == [f"pod-{number}" for number in range(1, 5)]
    assert len(used_up.runtimes["node-1"].sandboxes) == 4


def test_a_pod_on_the_network_of_its_node_needs_no_block():
    cluster = Cluster(nodes=2, pod_cidr="10.0.0.0/24")
    cluster.apply(pod("node-2", hostNetwork=True))
    cluster.run(seconds=30)
    assert list(cluster.get("pods").STATUS) == ["Running"]


def test_a_node_for_which_no_block_is_left_never_gets_a_pod():
    cluster = Cluster(nodes=2, pod_cidr="10.0.0.0/24")
    cluster.apply(workload(replicas=6))
    for _ in range(40):
        assert list(cluster.get("nodes").STATUS) == ["Ready", "NotReady"]
        assert NO_ROOM in tainted(cluster, "node-2")
        cluster.run(seconds=1)
    assert set(cluster.get("pods", wide=True).NODE) == {"node-1"}


def test_a_node_is_added_as_ready_while_a_block_is_left():
    cluster = Cluster(nodes=1, pod_cidr="10.0.0.0/23")
    for name, status, taints in [("node-2", "Ready", []), ("node-3", "NotReady", [NO_ROOM])]:
        cluster.add_node()
        assert cluster.get("nodes").STATUS[int(name[-1]) - 1] == status
        assert tainted(cluster, name) == taints
        cluster.run(seconds=0.5)
    told = cluster.document("node", "node-3")["status"]["conditions"][-1]
    expected = ("Ready", "False", "KubeletNotReady", NO_NETWORK)
    assert (told["type"], told["status"], told["reason"], told["message"]) == expected
    cluster.run(seconds=60)
    assert list(cluster.get("nodes").STATUS) == ["Ready", "Ready", "NotReady"]


def test_a_deleted_node_leaves_its_block_to_the_next_that_registers():
    cluster = Cluster(nodes=2, pod_cidr="10.0.0.0/23")
    cluster.kill_node("node-1")
    cluster.delete("node", "node-1")
    cluster.run(seconds=1)
    cluster.add_node()
    assert tainted(cluster, "node-3") == []
    cluster.run(seconds=60)
    assert list(cluster.get("nodes").STATUS) == ["Ready", "Ready"]


def test_a_kubelet_that_starts_reports_with_the_block_that_its_node_has_got():
    cluster = Cluster(nodes=2, pod_cidr="10.0.0.0/24")
    cluster.run(seconds=60)
    cluster.kill_node("node-2")
    cluster.delete("node", "node-1")
    cluster.run_until(lambda: all(blocks(cluster)), timeout=2100)
    cluster.restore_node("node-2")
    assert list(cluster.get("nodes").STATUS) == ["Ready"]


def test_a_node_has_30_seconds_for_a_block_that_is_left():
    cluster = Cluster(nodes=1, without=["kube-controller-manager"])
    cluster.run(seconds=29)
    assert list(cluster.get("nodes").STATUS) == ["Ready"]
    cluster.run(seconds=12)
    assert list(cluster.get("nodes").STATUS) == ["NotReady"]


def test_the_block_of_a_deleted_node_goes_to_the_one_that_waits():
    cluster = Cluster(nodes=2, pod_cidr="10.0.0.0/24")
    cluster.run(seconds=60)
    cluster.delete("node", "node-1")
    cluster.run_until(lambda: "Ready" in list(cluster.get("nodes").STATUS), timeout=2100)
    assert cluster.document("node", "node-2")["spec"]["podCIDR"] == "10.0.0.0/24"


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "asleep"])
@pytest.mark.parametrize("wait", [100, 400, 700, 1100, 1500])
def test_a_freed_block_reaches_the_node_that_waits_with_its_next_heartbeat(
    wait, plain, monkeypatch
):
    monkeypatch.setattr(Simulation, "plain", plain)
    cluster = Cluster(nodes=3, pod_cidr="10.0.0.0/23")
    cluster.run(seconds=wait)
    cluster.kill_node("node-1")
    cluster.delete("node", "node-1")
    freed = cluster.now
    given = cluster.run_until(lambda: all(blocks(cluster)), timeout=4000)
    assert given - freed <= 311  # a report every 300 s, at one of the looks every 10 s


def test_a_node_that_waits_for_a_block_says_so_with_each_heartbeat():
    cluster = Cluster(nodes=2, pod_cidr="10.0.0.0/24")
    cluster.run(seconds=7200)
    told = [0.0, *cluster.log(reason="CIDRNotAvailable").TIME, cluster.now]
    assert max(later - time for time, later in pairwise(told)) <= 311


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "asleep"])
def test_a_kubelet_asks_its_own_pod_though_another_node_has_given_the_address_again(
    plain, monkeypatch
):
    monkeypatch.setattr(Simulation, "plain", plain)
    cluster = Cluster(nodes=1, pod_cidr="10.0.0.0/24")
    cluster.behaviours.set("nginx:1.28", startup=10)
    probe = {"tcpSocket": {"port": 80}, "periodSeconds": 1}
    cluster.apply(pod("node-1", "nginx:1.27", probe=probe))
    cluster.run(seconds=10)
    cluster.delete("node", "node-1")
    cluster.run(seconds=1)
    cluster.add_node()
    cluster.apply(pod("node-2", "nginx:1.28", probe=probe))
    cluster.run(seconds=8)
    found = cluster.get("pods", wide=True)
    assert list(found.IP) == ["10.0.0.2", "10.0.0.2"]
    assert list(found.READY) == ["1/1", "0/1"], "the second one still starts"
    assert cluster.network.connect("10.0.0.2", 80) is None, "others reach the newest"
    cluster.api.delete("Pod", "on-node-2", grace_period=0)
    cluster.run(seconds=2)
    assert cluster.network.connect("10.0.0.2", 80) is not None
    cluster.run(seconds=120)  # its node never comes back
    assert cluster.get("pods").empty and cluster.network.at("10.0.0.2") is None


@pytest.mark.parametrize(("workers", "prefix", "expected"), [(2, 24, 1), (12, 22, 4)])
def test_masters_wait_only_for_the_blocks_that_there_are(workers, prefix, expected):
    cluster = Cluster.single_master(workers=workers, pod_cidr=f"10.0.0.0/{prefix}")
    given = list(map(bool, blocks(cluster)))
    assert sum(given) == expected
    assert [status == "Ready" for status in cluster.get("nodes").STATUS] == given
