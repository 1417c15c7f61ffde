"""What ADD does on a node: addresses, a cable, a bridge of the node, and the result that it prints.

Source: the CNI specification 1.1, "Success"; containernetworking/plugins `plugins/main/bridge`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from course_lib.errors import CourseError
from course_lib.network.addresses import AddressPool, gateway
from course_lib.network.device import Bridge, Veth, mac_of
from course_lib.network.host import Attachment, NodeHost
from course_lib.network.namespace import NetworkNamespace
from course_lib.network.routes import Route
from course_lib.objects.manifests import Document

CNI_VERSION = "1.1.0"


def veth_name(container_id: str, prefix: str = "veth") -> str:
    """The name of a Pod's cable on its node, from the container's ID (15 characters at most)."""
    return prefix + hashlib.sha1(container_id.encode()).hexdigest()[: 15 - len(prefix) - 3]


def pod_mac(address: str) -> str:
    """The MAC address that the bridge plugin gives a Pod: `0a:58`, then its IPv4 address."""
    if ":" in address:
        return mac_of(address)
    return "0a:58:" + ":".join(f"{int(part):02x}" for part in address.split("."))


def take_addresses(pools: list[AddressPool]) -> tuple[str, ...]:
    """One address of each pool, or none at all."""
    taken: list[tuple[AddressPool, str]] = []
    try:
        for pool in pools:
            taken.append((pool, pool.take()))
    except CourseError:
        for pool, address in taken:
            pool.release(address)
        raise
    return tuple(address for _, address in taken)


def on_bridge(
    host: NodeHost,
    container_id: str,
    pod: str,
    mtu: int,
    pools: list[AddressPool],
    bridge_name: str,
    networks: Sequence[str] = (),
) -> Attachment:
    """Join a Pod to a bridge of its node, with the bridge as its way out (CNI plugin `bridge`).

    `host` is the Pod's machine, `container_id` that of its sandbox, `pod` is `namespace/name`;
    `mtu` (bytes) is that of its device; `pools` give the addresses, one a family; to the blocks
    `networks` the Pod gets routes of its own by way of the bridge `bridge_name`.
    """
    addresses = take_addresses(pools)
    bridge = ensure_bridge(host, bridge_name, mtu, [str(pool.network) for pool in pools])
    inside = NetworkNamespace(pod)
    cable, end = Veth.pair(host.namespace, veth_name(container_id), inside, "eth0", mtu)
    end.mac = pod_mac(addresses[0])
    bridge.plug(cable, hairpin=True)
    ways = {p.network.version: gateway(str(p.network)).split("/")[0] for p in pools}
    for address, pool in zip(addresses, pools, strict=True):
        inside.add_address("eth0", f"{address}/{pool.network.prefixlen}")
        inside.routes.add(Route("default", "eth0", ways[pool.network.version]))
    for block in networks:
        inside.routes.add(Route(block, "eth0", ways[6 if ":" in block else 4]))
    attachment = Attachment(container_id, pod, host.name, inside, addresses, cable.name)
    attachment.result = cni_result(attachment, end, list(ways.values()), bridge, networks)
    host.pods[container_id] = attachment
    return attachment


def ensure_bridge(host: NodeHost, name: str, mtu: int, blocks: list[str]) -> Bridge:
    """The bridge `name` of a `host`, made with its first Pod; `mtu` in bytes.

    It gets the first address of each of `blocks`.
    """
    found = host.namespace.devices.get(name)
    if isinstance(found, Bridge):
        return found
    bridge = Bridge(host.namespace, name, mtu)
    for block in blocks:
        host.namespace.add_address(name, gateway(block))
    return bridge


def cni_result(
    attachment: Attachment,
    end: Veth,
    gateways: list[str],
    bridge: Bridge | None = None,
    networks: Sequence[str] = (),
) -> Document:
    """What ADD prints: interfaces (the bridge, both ends of the cable), addresses, routes.

    `interface` of an address is the place of its device in the list of interfaces. `attachment` has
    the Pod's addresses, `end` is the Pod's end of the cable, `gateways` are its ways out, one a
    family; `bridge` and `networks` as in `on_bridge`.
    """
    interfaces = [{"name": bridge.name, "mac": bridge.mac}] if bridge else []
    interfaces += [
        {"name": attachment.host_device, "mac": end.peer.mac},
        {"name": "eth0", "mac": end.mac, "sandbox": f"/var/run/netns/{attachment.pod}"},
    ]
    ways = list(zip(end.addresses, gateways, strict=True))
    return {
        "cniVersion": CNI_VERSION,
        "interfaces": interfaces,
        "ips": [
            {"interface": len(interfaces) - 1, "address": own, "gateway": way} for own, way in ways
        ],
        "routes": [{"dst": block} for block in networks]
        + [{"dst": "::/0" if ":" in own else "0.0.0.0/0", "gw": way} for own, way in ways],
    }
