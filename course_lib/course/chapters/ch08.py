"""Exercises of chapter 08: addresses, and who may talk to whom."""

from __future__ import annotations

from contextlib import suppress

from course_lib.cluster import Cluster
from course_lib.cluster.packaged import packaged
from course_lib.course.answers import (
    applied,
    document,
    holds,
    or_unknown,
    predicts_number,
    predicts_word,
)
from course_lib.course.forms import as_documents
from course_lib.course.manifests import deployment
from course_lib.course.questions import Remarks, asks, no_answer_involved
from course_lib.errors import CourseError
from course_lib.network import ClusterCIDR, PodNetwork
from course_lib.objects.manifests import Document, Source

PORTS = {"front": 80, "api": 8080, "db": 5432}


def _shop(answer: Source) -> tuple[Cluster, dict[str, str]]:
    with no_answer_involved():
        cluster = Cluster(nodes=2, network="calico")
        cluster.install_dns()
        applied(cluster, packaged("shop"), 40)
    cluster.apply(answer)
    cluster.run(3)
    return cluster, {name.split("-")[0]: name for name in cluster.get("pods").NAME}


def _knows_names(cluster: Cluster, pod: str) -> bool:
    return bool(cluster.nslookup(pod, "api").addresses)


def _reach(cluster: Cluster, pods: dict[str, str], one: str, other: str) -> bool:
    return cluster.trace(pods[one], pods[other], PORTS[other]).ok


@predicts_number(
    "08-nodes",
    "How many nodes?",
    """
    The cluster's Pods have `10.244.0.0/20`, and each node gets a `/26` of it. **How many nodes can
    there be?**
    """,
    slips={
        16: "that is 26 - 20 the wrong way round: 2 to the power of (26 - 20)",
        6: "6 bits are between /20 and /26, and 6 bits count to 64",
        62: "no block of a node is lost: the two special addresses are inside each block",
        4096: "that is the number of addresses in the whole block",
    },
    unit="nodes",
    look="a /20 consists of 2 to the power of (26 - 20) blocks of the size /26",
)
def nodes() -> int:
    return ClusterCIDR("10.244.0.0/20", node_mask=26).size


@predicts_number(
    "08-full-node",
    "How many Pods?",
    """
    A node has the block `10.244.0.0/28` for its Pods, on a bridge that has an address of the block
    too. **How many Pods get an address there?**
    """,
    slips={
        16: "the first address names the network, the last is for broadcasts; and the bridge",
        14: "the bridge, which is the Pods' gateway, has one too",
        15: "the first address names the network, the last is for broadcasts; and the bridge",
        12: "three of the sixteen addresses are not for Pods, not four",
    },
    unit="Pods",
    look="a /28 has 16 addresses: which of them can no Pod have?",
)
def full_node() -> int:
    network = PodNetwork("flannel-host-gw", nodes=1, node_mask=28)
    with suppress(CourseError):  # the block is used up
        for count in range(20):
            network.add_pod(f"pod-{count}", "node-1")
    return len(network.pods)


@predicts_number(
    "08-host-port",
    "The same port twice",
    """
    A Deployment wants two replicas with `hostPort: 80` on a cluster of one node.
    **How many of its Pods run?** (Two Pods with `containerPort: 80` would be no trouble.)
    """,
    slips={
        2: "each Pod has all ports to itself; the node's ports are shared by all",
        0: "the first one finds the port free",
    },
    unit="Pods",
    look="port 80 of a node can be given once: how many of the two replicas get it?",
)
def host_port() -> int:
    ports = [{"containerPort": 80, "hostPort": 80}]
    cluster = applied(Cluster(nodes=1), deployment("web", 2, ports=ports), 40)
    return int((cluster.get("pods").STATUS == "Running").sum())


@asks(
    "08-only-front",
    "Only front",
    """
    The Pods of the shop are labelled `app: front`, `app: api` (port 8080) and `app: db`.
    **Write a NetworkPolicy** that lets only `front` reach `api`. All other connections stay
    as they are.
    """,
)
def only_front(answer: object) -> Remarks:
    wanted = document(answer, "NetworkPolicy")
    cluster, pods = _shop(as_documents(answer))
    hint = "which Pods does the policy select? `podSelector` names those that it protects: api"
    if not _reach(cluster, pods, "front", "db"):
        hint = "it protects too much: select api, and no other Pods"
    others = _reach(cluster, pods, "front", "db") and _reach(cluster, pods, "db", "front")
    said = "others are cut off too"
    yield holds(others, "others talk as before", said, or_unknown(wanted, hint))
    hint = (
        "`policyTypes` with Egress closes api's way out as well, to db and to DNS: name Ingress "
        "only"
    )
    out = _reach(cluster, pods, "api", "db") and _knows_names(cluster, pods["api"])
    said = "api does not reach the others any more"
    yield holds(out, "api itself reaches what it did", said, hint)
    hint = "what does not match any rule is refused: `from` front, at port 8080"
    may = _reach(cluster, pods, "front", "api")
    said = "front does not reach api"
    yield holds(may, "front reaches api", said, or_unknown(wanted, hint))
    shut = not _reach(cluster, pods, "db", "api")
    yield holds(shut, "db does not reach api", "db reaches api", or_unknown(wanted, _open(wanted)))


def _open(wanted: Document) -> str:
    """Why a policy lets others in as well."""
    rules = wanted["spec"].get("ingress") or []
    if not rules or "Ingress" not in wanted["spec"].get("policyTypes", ["Ingress"]):
        return "a policy that names no Ingress leaves the way in open: `policyTypes: [Ingress]`"
    senders = [sender for rule in rules for sender in rule.get("from") or []]
    if not all(rule.get("from") for rule in rules):
        return "a rule without `from` lets everybody in"
    if any("ipBlock" in sender for sender in senders):
        return "an `ipBlock` of the Pods' network is all Pods: choose front by its label"
    if any(
        sender.get("namespaceSelector") == {} and "podSelector" not in sender for sender in senders
    ):
        return (
            "two entries of `from` are an *or*: `namespaceSelector: {}` alone is every Pod; put "
            "`podSelector` into the same entry, without a dash"
        )
    if any(sender.get("podSelector") == {} for sender in senders):
        return "`from` with an empty `podSelector: {}` is every Pod of the namespace"
    return "the label in `from` is front's: `podSelector: {matchLabels: {app: front}}`"


@asks(
    "08-deny",
    "Closed, until opened",
    """
    **Write a NetworkPolicy** that closes the way in to all Pods of the namespace. The way out stays
    open (for DNS queries, for example).
    """,
)
def deny(answer: object) -> Remarks:
    wanted = document(answer, "NetworkPolicy")
    cluster, pods = _shop(as_documents(answer))
    pairs = [(a, b) for a in PORTS for b in PORTS if a != b]
    open_ = [f"{a} to {b}" for a, b in pairs if _reach(cluster, pods, a, b)]
    hint = "an empty `podSelector: {}` selects all Pods"
    if wanted["spec"].get("ingress"):
        hint = "an empty rule `ingress: [{}]` allows everything; *no* rule allows nothing"
    elif "Ingress" not in wanted["spec"].get("policyTypes", ["Ingress"]):
        hint = "the way in is Ingress: `policyTypes: [Ingress]`"
    said = f"still open: {', '.join(open_)}"
    yield holds(not open_, "nobody gets in", said, or_unknown(wanted, hint))
    hint = "`policyTypes` with Egress closes the way out, and with it the way to DNS"
    found = _knows_names(cluster, pods["front"])
    yield holds(found, "names are answered", "no name is answered any more", hint)


@predicts_word(
    "08-bridge",
    "What did it see?",
    """
    `pod-1` on one node connects to `pod-3` on another. Whose address does `pod-3` see as the
    sender: `"pod-1"`, `"node"` or `"bridge"`?
    """,
    slips={
        "node": "that would be address translation, which Kubernetes rules out between Pods",
        "bridge": "a bridge joins cables; it does not change packets",
        "pod-3": "that is the receiver; the sender's address is asked for",
    },
    also={"pod-1": ["pod-1's", "pod-1's address", "pod1"]},
    look="answer with one of the three words, `pod-1`, `node` or `bridge`",
)
def seen() -> str:
    network = PodNetwork("flannel-vxlan", nodes=2, pods=2)
    trace = network.trace("pod-1", "pod-3", 80)
    return "pod-1" if trace.seen == network.address("pod-1") else "node"
