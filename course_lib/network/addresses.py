"""Addresses: a block for each node, an address for each Pod (IPAM).

The cluster's CIDR is cut into one block a node; each node gives out the addresses of its block.
Nothing is given twice while it is in use. Source: kubernetes.io "Cluster Networking" and
"IPv4/IPv6 dual-stack"; kube-controller-manager's `--cluster-cidr` and `--node-cidr-mask-size`
(24 for IPv4, 64 for IPv6); `pkg/controller/nodeipam/ipam/cidrset`; containernetworking/plugins
`plugins/ipam/host-local`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from course_lib.errors import CourseError

POD_CIDR = ipaddress.ip_network("10.244.0.0/16")  # as kubeadm with Flannel
POD_CIDR_V6 = ipaddress.ip_network("fd00:10:244::/56")
NODE_CIDR = ipaddress.ip_network("192.168.49.0/24")  # as Minikube
# Of clusters with more nodes than these ranges have room for
LARGE_POD_CIDR = ipaddress.ip_network("10.128.0.0/9")
LARGE_NODE_CIDR = ipaddress.ip_network("192.168.0.0/16")
NOT_FOR_NODES = 3  # of a subnet: its own address, the router's, and the one for broadcasts
NODE_MASK = {4: 24, 6: 64}
# No host of a routed network has such an address (RFC 6890); those that are unspecified, loopback,
# link-local or link-local multicast an EndpointSlice cannot have either (`ValidateEndpointIP`).
NO_ENDPOINTS = ", and the API refuses endpoints in it"
NOT_FOR_HOSTS = {
    "0.0.0.0/8": 'is for "this network"',
    "127.0.0.0/8": f"is for loopback{NO_ENDPOINTS}",
    "169.254.0.0/16": f"is link-local{NO_ENDPOINTS}",
    "224.0.0.0/4": "is for multicast",
    "240.0.0.0/4": "is reserved",
}


class NoAddress(CourseError):
    """No address is free for a Pod: a learner reads the error, a runtime what the plugin `said`.

    A plugin that says nothing waits until there is one.
    """

    def __init__(self, what: str, said: str = "", **parts: str) -> None:
        super().__init__(what, **parts)
        self.said = said


class AddressPool:
    """The addresses of one block, given out in turn and not again while in use.

    `first` is the first that may be given: 0 is the network, 1 the bridge.

    >>> pool = AddressPool("10.244.1.0/29")
    >>> [pool.take(), pool.take()]
    ['10.244.1.2', '10.244.1.3']
    """

    def __init__(self, cidr: str, first: int = 2) -> None:
        self.network = ipaddress.ip_network(cidr)
        self.first = first
        self._used: set[int] = set()
        self._next = first
        # The last of an IPv4 block is its broadcast address; a /32 route needs none.
        last = self.network.num_addresses - (1 if self.network.version == 4 and first else 0)
        self._last = min(last, 1 << 20)

    def take(self) -> str:
        """The next free address; raises `NoAddress` when the block is used up."""
        room = self._last - self.first
        for step in range(room):
            offset = self.first + (self._next - self.first + step) % room
            if offset not in self._used:
                self._used.add(offset)
                self._next = offset + 1
                return str(self.network[offset])
        last = self.network[-2 if self.network.version == 4 else -1]
        missing = f"no IP addresses available in range set: {self.network[1]}-{last}"
        raise NoAddress(
            "no addresses are left",
            f"failed to allocate for range 0: {missing}",
            where=str(self.network),
            found=f"{len(self._used)} in use",
            do="give each node a larger block, or run fewer Pods on it",
        )

    def release(self, address: str) -> None:
        """Give an address back."""
        self._used.discard(int(ipaddress.ip_address(address)) - int(self.network[0]))

    @property
    def full(self) -> bool:
        """Whether all addresses are in use."""
        return len(self._used) >= self._last - self.first

    def __contains__(self, address: str) -> bool:
        return ipaddress.ip_address(address) in self.network

    def __len__(self) -> int:
        """How many are in use."""
        return len(self._used)


class ClusterCIDR:
    """The cluster's addresses, cut into one block a node.

    `node_mask` is the prefix length of a node's block. Raises `CourseError` where such a block does
    not fit into `cidr`, and where it is too small: `host-local` wants at least four addresses.

    >>> blocks = ClusterCIDR("10.244.0.0/16")
    >>> blocks.take(), blocks.take(), blocks.size
    ('10.244.0.0/24', '10.244.1.0/24', 256)
    """

    def __init__(self, cidr: str, node_mask: int | None = None) -> None:
        self.network = ipaddress.ip_network(cidr)
        self.mask = node_mask or max(NODE_MASK[self.network.version], self.network.prefixlen)
        most = self.network.max_prefixlen - 2
        if not self.network.prefixlen <= self.mask <= most:
            raise CourseError(
                "a node's block does not fit into the cluster's CIDR",
                where=f"cluster CIDR {cidr}, one /{self.mask} a node",
                expected=f"a node_mask from {self.network.prefixlen} to {most}",
                found=str(self.mask),
                do="give the cluster a larger CIDR, or the nodes another node_mask",
            )
        self.size = 1 << (self.mask - self.network.prefixlen)
        self._used: dict[int, None] = {}
        self._next = 0

    def take(self) -> str:
        """The free block after the one that was given last.

        Raises `CourseError` when all are given.
        """
        if self.full:
            raise CourseError(
                "no block is left for another node",
                where=f"cluster CIDR {self.network}, one /{self.mask} a node",
                found=f"{len(self._used)} nodes",
                do="give the cluster a larger CIDR, or each node a smaller block",
            )
        while self._next in self._used:
            self._next = (self._next + 1) % self.size
        number, self._next = self._next, (self._next + 1) % self.size
        self._used[number] = None
        first = self.network.network_address + (number << self._shift)
        return f"{first}/{self.mask}"

    def occupy(self, block: str) -> None:
        """A node has this block already: nothing of it is given to another."""
        self._used |= dict.fromkeys(self._numbers(block))

    def release(self, block: str) -> None:
        """A node is gone: its block may be given to another."""
        for number in self._numbers(block):
            self._used.pop(number, None)

    @property
    def full(self) -> bool:
        """Whether all blocks are given."""
        return len(self._used) == self.size

    @property
    def _shift(self) -> int:
        """How many bits of an address are a Pod's own."""
        return self.network.max_prefixlen - self.mask

    def _numbers(self, block: str) -> range:
        """The numbers of the blocks that lie in a block, or of the one that it lies in."""
        other, own = ipaddress.ip_network(block), int(self.network[0])
        if other.version != self.network.version:
            return range(0)
        first = (int(other[0]) - own) >> self._shift
        last = (int(other[-1]) - own) >> self._shift
        return range(max(first, 0), min(last, self.size - 1) + 1)


def pod_cidr_for(nodes: int) -> str:
    """The Pods' addresses of a cluster of so many nodes, unless they are chosen.

    >>> pod_cidr_for(256), pod_cidr_for(257)
    ('10.244.0.0/16', '10.128.0.0/9')
    """
    small = POD_CIDR.num_addresses >> (POD_CIDR.max_prefixlen - NODE_MASK[4])
    return str(POD_CIDR if nodes <= small else LARGE_POD_CIDR)


def node_cidr_for(nodes: int, subnets: int = 1) -> str:
    """The machines' own addresses in a cluster of so many nodes, spread over subnets.

    >>> node_cidr_for(253), node_cidr_for(254)
    ('192.168.49.0/24', '192.168.0.0/16')
    """
    small = NODE_CIDR.num_addresses // subnets - NOT_FOR_NODES
    return str(NODE_CIDR if nodes <= small * subnets else LARGE_NODE_CIDR)


def host_range(text: str, where: str) -> ipaddress.IPv4Network:
    """The range of IPv4 addresses that a text names, for Pods or machines.

    Only a prefix length may follow the address, as in kube-controller-manager's `--cluster-cidr`
    (Go's `net.ParseCIDR`): no netmask and no wildcard. `where` is the argument's name. Raises
    `CourseError` for another text, and for addresses that no host has.

    >>> str(host_range("10.244.0.0/16", "pod_cidr"))
    '10.244.0.0/16'
    """
    expected = "an IPv4 range such as 10.0.0.0/14: an address and a prefix length"
    try:
        if not str(text).partition("/")[2].isdecimal():
            raise ValueError("a prefix length must follow the slash")
        block = ipaddress.IPv4Network(text)
    except ValueError as problem:
        raise no_range(where, expected, f"{text!r}: {problem}") from None
    for special, reason in NOT_FOR_HOSTS.items():
        if block.overlaps(ipaddress.IPv4Network(special)):
            found = f"{block}: {special} {reason}"
            raise no_range(where, "addresses that a host can have", found)
    return block


def no_range(where: str, expected: str, found: str) -> CourseError:
    """The error for a range of addresses that Pods or machines cannot have.

    `where` is the argument's name; what is `expected` there, and what was `found`.
    """
    return CourseError(
        "Pods and machines cannot have these addresses",
        where=where,
        expected=expected,
        found=found,
        do=f"choose a private range (RFC 1918), or leave {where} out",
    )


def gateway(cidr: str) -> str:
    """The first usable address of a block, with its prefix length: a bridge's own.

    >>> gateway("10.244.1.0/24")
    '10.244.1.1/24'
    """
    network = ipaddress.ip_network(cidr)
    return f"{network[1]}/{network.prefixlen}"


def overlaps(blocks: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Pairs of names whose blocks overlap.

    >>> list(overlaps({"Pods": "10.0.0.0/16", "nodes": "10.0.3.0/24", "Services": "10.96.0.0/12"}))
    [('Pods', 'nodes')]
    """
    parsed = [(name, ipaddress.ip_network(block)) for name, block in blocks.items()]
    for position, (name, one) in enumerate(parsed):
        for other_name, other in parsed[position + 1 :]:
            if one.version == other.version and one.overlaps(other):
                yield name, other_name
