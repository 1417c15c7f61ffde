"""Faults of real clusters, each as one change to the shop, with hints where to look."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from course_lib.cluster import Cluster
from course_lib.course.changes import (
    Change,
    both,
    container,
    create,
    each_node,
    kubectl,
    restart,
    service,
    template,
    volume,
)
from course_lib.course.shop import open_shop, open_shop_in_ha, open_shop_with_old_certificates


def _two_of_three(cluster: Cluster) -> None:
    for machine in list(cluster.etcd.members)[:2]:
        cluster.kill_node(machine)


class Fault(msgspec.Struct, frozen=True):
    """A change to the shop, its cause in words (`story`), and hints where to look, in order.

    Some faults need a shop with a control plane that can fail.
    """

    name: str
    story: str
    hints: tuple[str, ...]
    breaks: Change
    opens: Callable[[int], Cluster] = open_shop

    @property
    def words(self) -> tuple[list[str], list[str]]:
        """Words for the broken object; words for its field, or for what happened to it."""
        place, cause = CAUSES[self.name]
        return place.split("|"), cause.split("|")


def _bad_image(cluster: Cluster) -> None:
    cluster.registry.withdraw("python:3.31")
    container("api", image="python:3.31")(cluster)


WRONG_PORT = {"httpGet": {"path": "/", "port": 8081}, "periodSeconds": 5}
DEADLY = {"tcpSocket": {"port": 9999}, "periodSeconds": 5, "failureThreshold": 1}
ENDLESS = {"name": "wait", "image": "busybox", "command": ["sleep", "infinity"]}
TAINTS = {"taints": [{"key": "maintenance", "effect": "NoSchedule"}]}
TIGHT = {"limits": [{"type": "Container", "max": {"memory": "128Mi"}}]}
LOCK = {"podSelector": {"matchLabels": {"app": "front"}}, "policyTypes": ["Ingress"]}
STRANGERS = {"ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "apis"}}}]}]}
CLAIM = {
    "storageClassName": "fastest",
    "accessModes": ["ReadWriteOnce"],
    "resources": {"requests": {"storage": "1Gi"}},
}
APART = {
    "podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [
            {
                "labelSelector": {"matchLabels": {"app": "front"}},
                "topologyKey": "kubernetes.io/hostname",
            }
        ]
    }
}

PODS = "kubectl get pods: which of them are not ready, and what is their STATUS?"
EVENTS = "kubectl describe such a Pod, and read its events from the end"
WAITING = "a Pod that waits for a node says in its events what it waits for"
ENDPOINTS = "compare kubectl get endpointslices with the addresses of kubectl get pods -o wide"
MISSING = "there are fewer Pods than `replicas`: kubectl describe replicaset -l app=api"
WAY = (
    "kubectl exec deploy/front -- curl -m 2 http://api says which connection fails; "
    "cluster.trace(pod, 'service/...', port) shows where a packet ends"
)
POLICY = "kubectl describe networkpolicies: which Pods do they select, and what do they allow?"
NAMES = "ask for a name: kubectl exec deploy/front -- getent hosts api"

# How a learner may name a fault: words for the object, words for its field or its state; only
# letters, digits and full stops count.
CAUSES = {
    "bad-image": ("api", "image|tag|3.31"),
    "image-never-pulled": ("api", "imagepullpolicy|pullpolicy|never"),
    "wrong-probe-port": ("front", "readiness|probe|8081"),
    "deadly-probe": ("api", "liveness|probe|9999"),
    "missing-secret": ("secret", "missing|deleted|gone|exist|notfound|absent"),
    "missing-config": ("configmap|settings|setings|api", "setings|configmap|volume"),
    "too-large": ("api", "cpu|request|8cores"),
    "tainted": ("node", "taint|maintenance"),
    "cordoned": ("node", "cordon|unschedulable|schedulingdisabled"),
    "wrong-node-selector": ("api|node", "nodeselector|disk|sssd"),
    "wrong-selector": ("api", "selector|apis"),
    "wrong-target-port": ("api", "targetport"),
    "unknown-port-name": ("api", "targetport|portname|https"),
    "quota": ("quota|small", "pods|quota"),
    "limit-range": ("limitrange|tight", "memory|max|128|limitrange"),
    "crash-loop": ("api", "command|exit1|program|nodatabase"),
    "too-little-memory": ("api", "memory|limit|oom|16mi"),
    "endless-init": ("api", "init|sleep"),
    "scaled-to-zero": ("api", "replicas|scale|zero|0"),
    "dns-gone": ("coredns|dns", "replicas|scale|zero|0"),
    "policy-without-dns": ("policy|policies|names|egress", "dns|names|53|deleted|missing"),
    "closed-door": ("lock|policy|policies", "lock|front|ingress|rule"),
    "wrong-friend": ("policy|policies|db", "apis|label|podselector|from"),
    "not-exposed": ("front", "type|clusterip|loadbalancer|nodeport"),
    "source-ranges": ("front|balancer", "sourcerange|192.0.2"),
    "claim-pending": ("claim|pvc|data|db", "storageclass|fastest"),
    "one-a-node": ("front", "affinity|replicas|five|5"),
    "cut-link": ("node1|link|network", "cut|link|connection|partition|reach"),
    "expired-lease": ("node2", "power|lease|dead|off|notready|down"),
    "lost-quorum": ("etcd|member", "quorum|majority|power|dead|two|2"),
    "expired-certificates": ("certificate|cert", "expired|ended|notafter|old|invalid|valid"),
}

FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault(
            "bad-image",
            "the image of api has a tag that does not exist",
            (PODS, EVENTS),
            _bad_image,
        ),
        Fault(
            "image-never-pulled",
            "imagePullPolicy Never, and no node has the image",
            (PODS, EVENTS),
            container("api", image="python:3.14", imagePullPolicy="Never"),
        ),
        Fault(
            "wrong-probe-port",
            "the readiness probe of front asks a port on which nothing listens",
            (
                PODS,
                EVENTS,
                "which port does the probe ask, and on which port does the container listen?",
            ),
            container("front", readinessProbe=WRONG_PORT),
        ),
        Fault(
            "deadly-probe",
            "the liveness probe of api asks a port on which nothing listens: api restarts",
            (PODS, "RESTARTS grow: the events say who restarts it", EVENTS),
            container("api", livenessProbe=DEADLY),
        ),
        Fault(
            "missing-secret",
            "somebody deleted the Secret with the password of api",
            (PODS, EVENTS),
            restart("api", lambda cluster: cluster.delete("secret", "db")),
        ),
        Fault(
            "missing-config",
            "api mounts a ConfigMap that does not exist",
            (PODS, EVENTS),
            volume("api", "settings", configMap={"name": "setings"}),
        ),
        Fault(
            "too-large",
            "api requests more CPU than any node has",
            (PODS, WAITING),
            container("api", resources={"requests": {"cpu": "8"}}),
        ),
        Fault(
            "tainted",
            "all nodes have a taint that api does not tolerate",
            (PODS, WAITING),
            restart("api", each_node(TAINTS)),
        ),
        Fault(
            "cordoned",
            "all nodes are cordoned",
            (PODS, WAITING, "kubectl get nodes: look at their STATUS"),
            restart("api", each_node({"unschedulable": True})),
        ),
        Fault(
            "wrong-node-selector",
            "the node selector of api names a label that no node has",
            (PODS, WAITING),
            template("api", nodeSelector={"disk": "sssd"}),
        ),
        Fault(
            "wrong-selector",
            "the Service api selects Pods that do not exist",
            (f"all Pods are ready; {WAY}", ENDPOINTS),
            service("api", selector={"app": "apis"}),
        ),
        Fault(
            "wrong-target-port",
            "the Service api sends to a port on which nothing listens",
            (f"all Pods are ready; {WAY}", "compare targetPort with the container's port"),
            service("api", ports=[{"port": 80, "targetPort": 80}]),
        ),
        Fault(
            "unknown-port-name",
            "the Service api names a port that no container has",
            (f"all Pods are ready; {WAY}", ENDPOINTS),
            service("api", ports=[{"port": 80, "targetPort": "https"}]),
        ),
        Fault(
            "quota",
            "a quota allows fewer Pods than the shop needs",
            (MISSING, "kubectl describe quota"),
            restart("api", create("ResourceQuota", "v1", "small", {"hard": {"pods": "3"}})),
        ),
        Fault(
            "limit-range",
            "a LimitRange allows less memory than api's limit",
            (MISSING, "kubectl describe limitrange"),
            restart("api", create("LimitRange", "v1", "tight", TIGHT)),
        ),
        Fault(
            "crash-loop",
            "api's program ends with an error as soon as it starts",
            (PODS, "read what it printed: kubectl logs -l app=api", EVENTS),
            container("api", command=["sh", "-c", "echo no database; exit 1"]),
        ),
        Fault(
            "too-little-memory",
            "the memory limit of api is less than it needs: the kernel kills it (OOMKilled)",
            (PODS, "kubectl describe such a Pod: how did its last container end?"),
            container("api", resources={"limits": {"memory": "16Mi"}}),
        ),
        Fault(
            "endless-init",
            "an init container of api never ends",
            (PODS, "STATUS Init:0/1: which container does it wait for?"),
            template("api", initContainers=[ENDLESS]),
        ),
        Fault(
            "scaled-to-zero",
            "somebody scaled api to zero",
            ("kubectl get deployments: how many replicas does each have?",),
            kubectl("scale deployment/api --replicas=0"),
        ),
        Fault(
            "dns-gone",
            "CoreDNS was scaled to zero",
            (NAMES, "the DNS server answers for names: look at its Pods in kube-system"),
            kubectl("scale deployment/coredns --replicas=0 -n kube-system"),
        ),
        Fault(
            "policy-without-dns",
            "somebody deleted the policy that allowed DNS",
            (NAMES, POLICY),
            lambda cluster: cluster.delete("networkpolicy", "names"),
        ),
        Fault(
            "closed-door",
            "a policy with no rule closes front to its customers",
            (WAY, POLICY),
            create("NetworkPolicy", "networking.k8s.io/v1", "lock", LOCK),
        ),
        Fault(
            "wrong-friend",
            "the policy of db lets in Pods with a label that api does not have",
            (WAY, POLICY),
            lambda cluster: cluster.api.patch(
                "NetworkPolicy", "db", "default", {"spec": STRANGERS}
            ),
        ),
        Fault(
            "not-exposed",
            "the Service front has the type ClusterIP: no client outside can reach it",
            ("kubectl get services: look at TYPE and EXTERNAL-IP",),
            service("front", type="ClusterIP"),
        ),
        Fault(
            "source-ranges",
            "the load balancer of front lets in only 192.0.2.0/24",
            ("trace from outside: which rule drops the packet?",),
            service("front", loadBalancerSourceRanges=["192.0.2.0/24"]),
        ),
        Fault(
            "claim-pending",
            "the claim of db names a storage class that does not exist",
            (PODS, WAITING, "kubectl describe pvc"),
            both(
                create("PersistentVolumeClaim", "v1", "data", CLAIM),
                template(
                    "db", volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
                ),
            ),
        ),
        Fault(
            "one-a-node",
            "front has five replicas, no two may share a node, and there are three nodes",
            (PODS, WAITING),
            both(
                template("front", affinity=APART),
                kubectl("scale deployment/front --replicas=5"),
            ),
        ),
        Fault(
            "cut-link",
            "the link between node-1 and the other nodes is cut",
            ("trace between Pods of different nodes: from which node does nothing arrive?",),
            lambda cluster: cluster.pod_network.cut(["node-1"], ["node-2", "node-3"]),
        ),
        Fault(
            "expired-lease",
            "node-2 has lost its power, so its kubelet does not renew its Lease",
            (
                "kubectl get nodes",
                "kubectl describe the node that is not ready, and look at its Lease",
            ),
            lambda cluster: cluster.kill_node("node-2"),
        ),
        Fault(
            "lost-quorum",
            "two of three members of etcd have lost their power: no majority, no writes",
            (
                "the API does not answer: cluster.components() shows the machines",
                "cluster.members()",
            ),
            _two_of_three,
            open_shop_in_ha,
        ),
        Fault(
            "expired-certificates",
            "the certificates of the control plane have expired",
            ("what exactly does the API server say?", "cluster.certificates()"),
            lambda cluster: None,
            open_shop_with_old_certificates,
        ),
    )
}
