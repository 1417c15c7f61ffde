"""A machine of the cluster as the network sees it, and the Pods that are attached to it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from course_lib.network.addresses import AddressPool
from course_lib.network.device import Device
from course_lib.network.iptables import IPTables
from course_lib.network.namespace import NetworkNamespace
from course_lib.network.netfilter import Netfilter
from course_lib.objects.manifests import Document


class NodeHost:
    """A machine: `namespace`, `card`, address on a `subnet`, blocks of its Pods, rules."""

    def __init__(self, namespace: NetworkNamespace, card: Device, subnet: int) -> None:
        self.namespace, self.card, self.subnet = namespace, card, subnet
        self.name = namespace.name
        self.blocks: list[str] = []  # of its Pods, one a family
        self.pools: list[AddressPool] = []
        self.joined = False  # whether the plugin's agent has started on it
        self.pods: dict[str, Attachment] = {}
        self.filter = Netfilter(namespace)
        namespace.filter = self.filter
        self.iptables, self.ip6tables = IPTables(), IPTables(six=True)
        self.filter.put("iptables", self.iptables)
        self.filter.put("ip6tables", self.ip6tables)

    @property
    def address(self) -> str:
        """Its IPv4 address."""
        return self.card.address()

    def refresh_with(self, refresh: Callable[[], None]) -> None:
        """Call `refresh` before a packet meets the rules, and before somebody reads them."""
        self.filter.refresh = self.iptables.refresh = refresh

    @property
    def alive(self) -> bool:
        """Whether it has power."""
        return not self.namespace.gone

    def rules(self, six: bool = False) -> IPTables:
        """Its iptables of a family."""
        return self.ip6tables if six else self.iptables

    def address_of(self, six: bool) -> str:
        """Its address of a family."""
        return self.card.address(six)


class Attachment(msgspec.Struct, eq=False):
    """A Pod's namespace, joined to a node: what ADD makes and DEL takes away."""

    container_id: str
    pod: str
    node: str
    namespace: NetworkNamespace
    addresses: tuple[str, ...]
    host_device: str
    result: Document = {}

    @property
    def address(self) -> str:
        """The Pod's first address."""
        return self.addresses[0]
