"""Exercises of chapter 07: Services, their rules, their names."""

from __future__ import annotations

import re

from course_lib.cluster import Cluster
from course_lib.cluster.packaged import packaged
from course_lib.course.answers import (
    applied,
    document,
    existing,
    holds,
    or_unknown,
    predicts_number,
    predicts_word,
)
from course_lib.course.manifests import deployment
from course_lib.course.questions import Remarks, asks


def _web(replicas: int = 3) -> Cluster:
    cluster = Cluster(nodes=3, network="flannel-vxlan")
    cluster.apply(packaged("web"))
    cluster.kubectl(f"scale deployment/web --replicas={replicas}").checked()
    cluster.run(30)
    return cluster


@predicts_number(
    "07-probability",
    "Fair shares",
    """
    A Service has four endpoints; in iptables mode kube-proxy writes four rules, one after the
    other. **Which probability is in the second rule?** (Within 0.01.)
    """,
    slips={
        (0.24, 0.26): "that is the first one: the second is only reached by three quarters",
        (0.49, 0.51): "that is the third: of two that are left it takes one half",
        (0.99, 1.0): "only the last one takes all that is left, without a probability",
        (1.01, 100): "a probability is between 0 and 1; in percent, write `%`",
    },
    within=0.01,
    look=(
        "each rule takes its share of what the rules before it have left: when the second one is "
        "reached, how many endpoints are left?"
    ),
)
def probability() -> float:
    rules = str(_web(4).rules("node-1", contains='"default/web -> '))
    return [float(each) for each in re.findall(r"--probability ([\d.]+)", rules)][1]


@predicts_number(
    "07-dns-questions",
    "A name from next door",
    """
    A Pod of the namespace `shop` connects to `web.default`; its resolver has the usual search list
    (`shop.svc.cluster.local`, `svc.cluster.local`, `cluster.local`, `ndots:5`). **How many names
    does it ask for until one has an address?**
    """,
    slips={
        1: "a name with fewer than five dots is tried with the search list first",
        3: "the second name of the list already is web.default.svc.cluster.local",
        4: "it stops as soon as a name has an address",
    },
    unit="names",
    look="write `web.default` before each entry of the search list: which is the first to exist?",
)
def dns_questions() -> int:
    cluster = _web()
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    cluster.install_dns()
    client = deployment("client", 1)
    cluster.apply(client, namespace="shop")
    cluster.run(40)
    name = cluster.get("pods", namespace="shop").NAME.iloc[0]
    found = cluster.nslookup(name, "web.default", namespace="shop")
    return len(dict.fromkeys(answer.name for answer in found.answers))


def _wrong_port() -> Cluster:
    cluster = _web()
    cluster.api.patch(
        "Service", "web", "default", {"spec": {"ports": [{"port": 80, "targetPort": 8080}]}}
    )
    cluster.run(10)
    return cluster


@asks(
    "07-refused",
    "Connection refused",
    """
    All Pods of `web` in `task.cluster` are ready, but no connection to the Service succeeds.
    **Find the reason and repair it.** Start with
    `task.cluster.trace("node-1", "service/web", 80)`.
    """,
    starts=_wrong_port,
)
def refused(cluster: Cluster) -> Remarks:
    cluster.run(60)
    again = "write it again: `port: 80`, `targetPort: 80`, `selector: {app: web}`"
    spec = existing(cluster, "service", "web", again)["spec"]
    ports = spec.get("ports") or [{}]
    asked = next((each for each in ports if each.get("port") == 80), None)
    hint = "clients connect to port 80: that is the Service's `port`"
    said = f"its port is {ports[0].get('port')}"
    yield holds(asked is not None, "it has port 80", said, hint)
    pods = cluster.get("pods", selector="app=web")
    hint = "the Pods are gone: scale the Deployment to 3 again"
    yield holds(len(pods) >= 1, "there are Pods", "there is no Pod of web", hint)
    hint = f"its selector is {spec.get('selector')}, and the Pods are labelled `app: web`"
    own = spec.get("selector") == {"app": "web"}
    yield holds(own, "it selects the Pods", "it does not select the Pods", hint)
    trace = cluster.trace("node-1", "service/web", 80)
    hint = "the Service leads to a port: does any container listen there?"
    target = (asked or {}).get("targetPort")
    if target not in (80, 8080):
        hint = f"`targetPort` is {target}, and the containers listen on 80: describe a Pod"
    yield holds(trace.ok, "it answers", f"a connection is {trace.outcome}", hint)


@asks(
    "07-source",
    "Who is asking?",
    """
    **Write a Service** `web` of type NodePort (port 80, selector `app: web`) whose Pods see the
    clients' own addresses.
    """,
)
def source(answer: object) -> Remarks:
    wanted = document(answer, "Service", "web")
    cluster = applied(_web(6), wanted, 10)
    spec = cluster.document("service", "web")["spec"]
    hint = "`type: NodePort` opens a port on each node"
    said = f"it is a {spec['type']}"
    yield holds(spec["type"] == "NodePort", said, said, hint)
    ports = [each for each in spec.get("ports") or [] if each.get("port") == 80]
    yield holds(bool(ports), "it has port 80", "it has no port 80", "`port: 80` is asked for")
    nodes = {n: host.address for n, host in cluster.pod_network.hosts.items()}
    trace = cluster.trace("outside", nodes["node-1"], ports[0]["nodePort"])
    hint = "does it select the Pods? `selector: {app: web}`"
    if spec.get("selector") == {"app": "web"}:
        hint = f"`targetPort` is {ports[0].get('targetPort')}, and the containers listen on 80"
    yield holds(trace.ok, "it answers", f"a connection is {trace.outcome}", hint)
    own = trace.seen not in nodes.values() and not str(trace.seen).startswith("10.244.")
    hint = "the node replaced the client's address: look at `externalTrafficPolicy`"
    if "internalTrafficPolicy" in wanted["spec"]:
        hint = "that is for clients inside the cluster; yours come from outside"
    said = f"a Pod sees {trace.seen}"
    yield holds(own, said, f"{said}, a node", or_unknown(wanted, hint))


@asks(
    "07-headless",
    "No address of its own",
    """
    **Write a Service** `peers` for the Pods `app: web` (port 80). DNS must answer its name with the
    addresses of all these Pods. The Service has no address of its own.
    """,
)
def headless(answer: object) -> Remarks:
    wanted = document(answer, "Service", "peers")
    cluster = _web()
    cluster.install_dns()
    applied(cluster, wanted, 40)
    own = cluster.get("services").set_index("NAME")["CLUSTER-IP"]["peers"]
    hint = "`clusterIP: None`, with a capital: the word, not the empty value"
    if wanted["spec"].get("type", "ClusterIP") != "ClusterIP":
        hint = f"{hint}; and `type` is left out"
    no_address = own == "None" and wanted["spec"].get("type") != "ExternalName"
    yield holds(no_address, "it has no address", f"its address is {own}", or_unknown(wanted, hint))
    pods = cluster.get("pods", wide=True)
    found = cluster.nslookup(pods.NAME.iloc[0], "peers").addresses
    hint = "its selector must be the Pods' labels: `selector: {app: web}`"
    same = sorted(found) == sorted(pods[pods.NAME.str.startswith("web")].IP)
    said = f"the name leads to {', '.join(found) or 'no address'}"
    yield holds(same, "the name leads to three Pods", said, or_unknown(wanted, hint))


@predicts_word(
    "07-no-endpoints",
    "Where does it end?",
    """
    All Pods of a Service are deleted. The Service stays. Another Pod connects to the Service's
    address in iptables mode. Is the connection `"rejected"` at once, or `"dropped"` so that the
    client waits for its time-out?
    """,
    slips={
        "dropped": "kube-proxy rejects on purpose: an error at once is better than a wait",
        "drop": "kube-proxy rejects on purpose: an error at once is better than a wait",
        "answered": "no Pod is left that could answer",
    },
    also={
        "rejected": ["reject", "rejected at once", "refused", "connection refused"],
        "dropped": ["drop"],
    },
    look="answer with one of the two words, `rejected` or `dropped`",
)
def no_endpoints() -> str:
    cluster = _web()
    cluster.kubectl("scale deployment/web --replicas=0").checked()
    cluster.run(60)
    return cluster.trace("node-1", "service/web", 80).outcome
