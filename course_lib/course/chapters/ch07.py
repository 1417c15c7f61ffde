"""Exercises of chapter 07: Services, their rules, their names."""

from __future__ import annotations

import re
from typing import Any

from course_lib.cluster import Cluster
from course_lib.course.answers import applied, document, holds, number, word
from course_lib.course.exercise import Findings, asks
from course_lib.course.manifests import deployment
from course_lib.course.shop import DATA


def _web(replicas: int = 3, **settings: Any) -> Cluster:
    cluster = Cluster(nodes=3, network="flannel-vxlan", **settings)
    cluster.apply(DATA / "web.yaml")
    cluster.scale("deployment/web", replicas)
    cluster.run(30)
    return cluster


@asks(
    "07-probability",
    "Fair shares",
    """
    A Service has four endpoints; in iptables mode kube-proxy writes four rules, one after the
    other. **Which probability stands in the second one?** (Within 0.01.)
    """,
)
def probability(answer: Any) -> Findings:
    rules = str(_web(4).rules("node-1", contains='"default/web -> '))
    found = [float(each) for each in re.findall(r"--probability ([\d.]+)", rules)]
    slips = {
        (0.24, 0.26): "that is the first one: the second is only reached by three quarters",
        (0.49, 0.51): "that is the third: of two that are left it takes one half",
        (0.99, 1.0): "only the last one takes all that is left, without a probability",
    }
    yield number(answer, found[1], slips, within=0.01)


@asks(
    "07-dns-questions",
    "A name from next door",
    """
    A Pod of the namespace `shop` connects to `web.default`; its resolver has the usual search list
    (`shop.svc.cluster.local`, `svc.cluster.local`, `cluster.local`, `ndots:5`). **How many names
    does it ask for until one has an address?**
    """,
)
def dns_questions(answer: Any) -> Findings:
    cluster = _web()
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    cluster.install_dns()
    client = deployment("client", 1)
    cluster.apply(client, namespace="shop")
    cluster.run(40)
    name = cluster.get("pods", namespace="shop").NAME.iloc[0]
    found = cluster.nslookup(name, "web.default", namespace="shop")
    asked = len(dict.fromkeys(answer.name for answer in found.answers))
    slips = {
        1: "a name with fewer than five dots is tried with the search list first",
        3: "the second name of the list already is web.default.svc.cluster.local",
        4: "it stops as soon as a name has an address",
    }
    yield number(answer, asked, slips, unit="names")


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
    All Pods of `web` in `task.cluster` are ready, and yet the Service answers nobody. **Find out
    why and mend it**; `cluster.trace("node-1", "service/web", 80)` shows the way.
    """,
    starts=_wrong_port,
)
def refused(cluster: Cluster) -> Findings:
    cluster.run(60)
    trace = cluster.trace("node-1", "service/web", 80)
    ports = cluster.document("service", "web")["spec"]["ports"]
    hint = "the Service leads to a port: does any container listen there?"
    if ports[0]["port"] != 80:
        hint = "customers ask at port 80: that is the Service's `port`"
    elif ports[0].get("targetPort") not in (80, 8080):
        hint = "the containers listen on 80: describe a Pod"
    yield holds(trace.ok, "it answers", f"{trace.outcome}: {trace.reason}", hint)


@asks(
    "07-source",
    "Who is asking?",
    """
    **Write a Service** `web` of type NodePort (port 80, selector `app: web`) whose Pods see the
    customers' own addresses.
    """,
)
def source(answer: Any) -> Findings:
    wanted = document(answer, "Service", "web")
    cluster = applied(_web(6), wanted, 10)
    spec = cluster.document("service", "web")["spec"]
    hint = "`type: NodePort` opens a port on each node"
    yield holds(spec["type"] == "NodePort", "it is a NodePort", f"it is a {spec['type']}", hint)
    port = spec["ports"][0]["nodePort"]
    nodes = {n: host.address for n, host in cluster.pod_network.hosts.items()}
    trace = cluster.trace("outside", nodes["node-1"], port)
    hint = "does it select the Pods?"
    yield holds(trace.ok, "it answers", f"{trace.outcome}: {trace.reason}", hint)
    own = trace.seen not in nodes.values() and not str(trace.seen).startswith("10.244.")
    hint = "to spare the way to another node, and the masquerade: `externalTrafficPolicy`"
    if "internalTrafficPolicy" in str(answer):
        hint = "that is for clients inside the cluster; yours come from outside"
    yield holds(own, f"a Pod sees {trace.seen}", f"a Pod sees {trace.seen}, a node", hint)


@asks(
    "07-headless",
    "No address of its own",
    """
    **Write a Service** `peers` for the Pods `app: web` (port 80) whose DNS name leads to all the
    Pods' addresses, and not to one of its own.
    """,
)
def headless(answer: Any) -> Findings:
    wanted = document(answer, "Service", "peers")
    cluster = _web()
    cluster.install_dns()
    applied(cluster, wanted, 40)
    own = cluster.get("services").set_index("NAME")["CLUSTER-IP"]["peers"]
    hint = "`clusterIP: None`, with a capital: the word, not the empty value"
    yield holds(own == "None", "it has no address", f"its address is {own}", hint)
    pods = cluster.get("pods", wide=True)
    found = cluster.nslookup(pods.NAME.iloc[0], "peers").addresses
    hint = "its selector must be the Pods' labels"
    same = sorted(found) == sorted(pods[pods.NAME.str.startswith("web")].IP)
    yield holds(same, "the name leads to three Pods", f"the name leads to {found}", hint)


@asks(
    "07-no-endpoints",
    "Where does it end?",
    """
    A Service's Pods are all deleted, the Service stays. A Pod elsewhere connects to the Service's
    address in iptables mode. Is the connection `"rejected"` at once, or `"dropped"` so that the
    client waits for its time-out?
    """,
)
def no_endpoints(answer: Any) -> Findings:
    cluster = _web()
    cluster.scale("deployment/web", 0)
    cluster.run(60)
    trace = cluster.trace("node-1", "service/web", 80)
    slips = {
        "dropped": "kube-proxy rejects on purpose: an error at once is better than a wait",
        "answered": "nobody is there who could answer",
        "refused": "that is the answer of a machine where nobody listens; no machine was reached",
    }
    yield word(answer, trace.outcome, slips)
