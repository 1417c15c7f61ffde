"""Services, budgets, quotas, deletion, scheduling, volumes, autoscaling, nodes."""

from __future__ import annotations

from tests.peers.plane.questions.objects import (
    budget,
    claim,
    container,
    create,
    daemon_set,
    delete,
    deployment,
    job,
    patch,
    pod,
    replica_set,
    scale,
    service,
    stateful_set,
    story,
    template,
    thing,
    wait,
)

NOT_READY = {"readinessProbe": {"exec": {"command": ["sh", "-c", "exit 1"]}, "periodSeconds": 3}}
HUGE = {"resources": {"requests": {"cpu": "5000"}}}
HUGE_MEMORY = {"resources": {"requests": {"memory": "900Ti"}}}
SMALL = {
    "resources": {
        "requests": {"cpu": "1m", "memory": "1Mi"},
        "limits": {"cpu": "2m", "memory": "8Mi"},
    }
}
AVAILABLE = {"minAvailable": 1}
TOLERATIONS = [
    {
        "key": f"node.kubernetes.io/{name}",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 8,
    }
    for name in ("not-ready", "unreachable")
]


def quota(**hard: str) -> dict[str, object]:
    names = {name.replace("__", ".").replace("_", "/"): value for name, value in hard.items()}
    return thing("ResourceQuota", "team", spec={"hard": names})


def affinity(kind: str, app: str) -> dict[str, object]:
    term = {"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": "kubernetes.io/hostname"}
    return {"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def limits(**limit: object) -> dict[str, object]:
    return thing("LimitRange", "usual", spec={"limits": [{"type": "Container"} | limit]})


def autoscaler(**spec: object) -> dict[str, object]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return thing("HorizontalPodAutoscaler", "web", "autoscaling/v2",
                 spec={"scaleTargetRef": target, "maxReplicas": 3} | spec)  # fmt: skip


CPU = {"metrics": [{"type": "Resource", "resource": {
    "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}]}  # fmt: skip
SLICE = thing(
    "EndpointSlice",
    "web-1",
    "discovery.k8s.io/v1",
    addressType="IPv4",
    endpoints=[{"addresses": ["192.168.7.7"]}],
    ports=[{"port": 80, "name": "", "protocol": "TCP"}],
)
SLICE["metadata"]["labels"] = {"kubernetes.io/service-name": "web"}

CASES = [
    # Services
    story("Service of a Deployment", *create(deployment(), service()), wait(14)),
    story("Service of no Pods", *create(service()), wait(6)),
    story("Service without a selector", *create(service(app=None)), wait(6)),
    story("Service with a slice made by hand", *create(service(app=None), SLICE), wait(6)),
    story(
        "Service without an address",
        *create(deployment(replicas=1), service(clusterIP="None")),
        wait(12),
    ),
    story(
        "Service of Pods that are not ready",
        *create(
            deployment(
                replicas=1, pods=template("web", container(command="sleep 99", **NOT_READY))
            ),
            service(),
        ),
        wait(12),
    ),
    story(
        "Service that publishes Pods that are not ready",
        *create(
            deployment(
                replicas=1, pods=template("web", container(command="sleep 99", **NOT_READY))
            ),
            service(publishNotReadyAddresses=True),
        ),
        wait(12),
    ),
    story(
        "Service with a named port",
        *create(
            deployment(
                replicas=1,
                pods=template("web", container(ports=[{"name": "http", "containerPort": 8080}])),
            ),
            service(
                ports=[{"name": "a", "port": 80, "targetPort": "http"}, {"name": "b", "port": 81}]
            ),
        ),
        wait(12),
    ),
    story(
        "Service with a named port that no Pod has",
        *create(deployment(replicas=1), service(ports=[{"port": 80, "targetPort": "none"}])),
        wait(12),
    ),
    story("Service on node ports", *create(service(type="NodePort")), wait(5)),
    story(
        "Service with a load balancer that nobody makes",
        *create(service(type="LoadBalancer")),
        wait(6),
    ),
    story(
        "Service with an external name",
        *create(
            thing("Service", "web", spec={"type": "ExternalName", "externalName": "example.org"})
        ),
        wait(5),
    ),
    story(
        "Service becomes another type",
        *create(service()),
        wait(4),
        patch("Service/web", {"spec": {"type": "NodePort"}}),
        wait(4),
        patch("Service/web", {"spec": {"type": "ClusterIP"}}),
        wait(4),
    ),
    story(
        "Service loses its Pods",
        *create(deployment(replicas=1), service()),
        wait(12),
        scale("Deployment/web", 0),
        wait(10),
    ),
    story(
        "Service changes its selector",
        *create(deployment(replicas=1), service()),
        wait(12),
        patch("Service/web", {"spec": {"selector": {"app": "other"}}}),
        wait(6),
    ),
    story(
        "Service deleted",
        *create(deployment(replicas=1), service()),
        wait(12),
        delete("Service/web"),
        wait(6),
    ),
    story("Service with affinity", *create(service(sessionAffinity="ClientIP")), wait(4)),
    story(
        "Service of a StatefulSet",
        *create(service("db", "db", clusterIP="None"), stateful_set(replicas=1)),
        wait(12),
    ),
    # Budgets and evictions
    story("budget with room", *create(deployment(), budget(**AVAILABLE)), wait(15)),
    story("budget without room", *create(deployment(replicas=1), budget(**AVAILABLE)), wait(14)),
    story(
        "budget of percents",
        *create(deployment(replicas=3), budget(maxUnavailable="50%")),
        wait(15),
    ),
    story("budget of no Pods", *create(budget(**AVAILABLE)), wait(6)),
    story(
        "budget over Pods without a controller",
        *create(pod("alone", labels={"app": "web"}), budget(maxUnavailable=1)),
        wait(12),
    ),
    story(
        "eviction that is allowed",
        *create(pod("alone", labels={"app": "web"})),
        wait(10),
        {"evict": "alone"},
        wait(6),
    ),
    story(
        "eviction that a budget forbids",
        *create(stateful_set("web", 1), budget(**AVAILABLE)),
        wait(14),
        {"evict": "web-0"},
        wait(4),
    ),
    story(
        "eviction within a budget",
        *create(stateful_set("web", 2, podManagementPolicy="Parallel"), budget(**AVAILABLE)),
        wait(16),
        {"evict": "web-0"},
        wait(12),
    ),
    story("eviction of a Pod that is not there", {"evict": "none"}, wait(1)),
    story(
        "eviction under two budgets",
        *create(stateful_set("web", 1), budget(**AVAILABLE), budget("second", maxUnavailable=1)),
        wait(14),
        {"evict": "web-0"},
        wait(4),
    ),
    # Quotas and limit ranges
    story("quota counts Pods", *create(quota(pods="3"), deployment(replicas=2)), wait(14)),
    story(
        "quota is used up",
        *create(quota(pods="1")),
        wait(4),
        *create(deployment(replicas=2)),
        wait(14),
    ),
    story("quota refuses a Pod", *create(quota(pods="0")), wait(4), *create(pod("a")), wait(4)),
    story(
        "quota wants requests",
        *create(quota(requests__cpu="1")),
        wait(4),
        *create(pod("a")),
        wait(4),
    ),
    story(
        "quota of requests and limits",
        *create(quota(requests__cpu="1", limits__memory="1Gi")),
        wait(4),
        *create(pod("a", container(**SMALL))),
        wait(10),
    ),
    story(
        "quota of Services",
        *create(quota(services="1", services__nodeports="0")),
        wait(4),
        *create(service("a"), service("b"), service("c", type="NodePort")),
        wait(5),
    ),
    story(
        "quota of objects by name",
        *create(
            thing(
                "ResourceQuota",
                "team",
                spec={"hard": {"count/configmaps": "2", "count/deployments.apps": "1"}},
            )
        ),
        wait(4),
        *create(
            thing("ConfigMap", "a"),
            thing("ConfigMap", "b"),
            deployment(replicas=0),
            deployment("b", 0),
        ),
        wait(6),
    ),
    story(
        "quota of best effort only",
        *create(
            thing("ResourceQuota", "team", spec={"hard": {"pods": "1"}, "scopes": ["BestEffort"]})
        ),
        wait(4),
        *create(pod("a"), pod("b"), pod("c", container(**SMALL))),
        wait(10),
    ),
    story(
        "quota grows",
        *create(quota(pods="1"), replica_set(replicas=2)),
        wait(12),
        patch("ResourceQuota/team", {"spec": {"hard": {"pods": "2"}}}),
        wait(16),
    ),
    story(
        "limit range gives defaults",
        *create(limits(default={"cpu": "20m", "memory": "20Mi"}, defaultRequest={"cpu": "10m"})),
        wait(2),
        *create(pod("a")),
        wait(10),
    ),
    story(
        "limit range refuses too much",
        *create(limits(max={"cpu": "10m"})),
        wait(2),
        *create(pod("a", container(resources={"limits": {"cpu": "20m"}}))),
        wait(2),
    ),
    story(
        "limit range refuses too little",
        *create(limits(min={"memory": "10Mi"})),
        wait(2),
        *create(
            pod(
                "a",
                container(resources={"requests": {"memory": "1Mi"}, "limits": {"memory": "20Mi"}}),
            )
        ),
        wait(2),
    ),
    story(
        "limit range stops a Deployment",
        *create(limits(max={"cpu": "10m"})),
        wait(2),
        *create(
            deployment(
                replicas=1, pods=template("web", container(resources={"limits": {"cpu": "20m"}}))
            )
        ),
        wait(6),
    ),
    # Deletion and owners
    story("Pod deleted", *create(pod("a")), wait(10), delete("Pod/a"), wait(6)),
    story(
        "Pod deleted at once",
        *create(pod("a", container(command="sleep 99"))),
        wait(10),
        delete("Pod/a", gracePeriodSeconds=0),
        wait(4),
    ),
    story(
        "Pod with a finalizer deleted",
        *create(pod("a") | {"metadata": {"name": "a", "finalizers": ["course.example/keep"]}}),
        wait(10),
        delete("Pod/a"),
        wait(6),
        patch("Pod/a", {"metadata": {"finalizers": None}}),
        wait(4),
    ),
    story(
        "ConfigMap with a finalizer deleted",
        *create(
            thing("ConfigMap", "a")
            | {"metadata": {"name": "a", "finalizers": ["course.example/keep"]}}
        ),
        delete("ConfigMap/a"),
        wait(2),
        patch("ConfigMap/a", {"metadata": {"finalizers": []}}),
        wait(2),
    ),
    story(
        "deletion of what is not there",
        delete("ConfigMap/none"),
        delete("Deployment/none"),
        wait(1),
    ),
    story(
        "deletion with a wrong UID",
        *create(thing("ConfigMap", "a")),
        delete("ConfigMap/a", preconditions={"uid": "00000000-0000-0000-0000-000000000000"}),
        wait(1),
    ),
    story(
        "Pod that runs to its end",
        *create(pod("a", container(command="sleep 2"), restartPolicy="Never")),
        wait(14),
    ),
    story(
        "creation of what is there",
        *create(thing("ConfigMap", "a"), thing("ConfigMap", "a")),
        wait(1),
    ),
    # Scheduling
    story("Pod that wants too much CPU", *create(pod("a", container(**HUGE))), wait(6)),
    story("Pod that wants too much memory", *create(pod("a", container(**HUGE_MEMORY))), wait(6)),
    story(
        "Pod that wants too much of both",
        *create(pod("a", container(resources={"requests": {"cpu": "5000", "memory": "900Ti"}}))),
        wait(6),
    ),
    story(
        "Pod that wants a device",
        *create(pod("a", container(resources={"limits": {"example.com/gpu": "1"}}))),
        wait(6),
    ),
    story(
        "Pod with a selector that no node matches",
        *create(pod("a", nodeSelector={"disk": "ssd"})),
        wait(6),
    ),
    story(
        "Pod for one node",
        *create(pod("a", nodeSelector={"kubernetes.io/hostname": "node-3"})),
        wait(10),
    ),
    story(
        "Pod with required node affinity that no node matches",
        *create(
            pod(
                "a",
                affinity={
                    "nodeAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": {
                            "nodeSelectorTerms": [
                                {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}
                            ]
                        }
                    }
                },
            )
        ),
        wait(6),
    ),
    story(
        "Pod with affinity to no Pod", *create(pod("a", **affinity("podAffinity", "none"))), wait(6)
    ),
    story(
        "Pods that keep apart on too few nodes",
        *create(
            stateful_set(
                "web",
                4,
                template("web", **affinity("podAntiAffinity", "web")),
                podManagementPolicy="Parallel",
            )
        ),
        wait(16),
    ),
    story(
        "Pod with affinity to a running Pod",
        *create(
            pod("first", labels={"app": "first"}, nodeSelector={"kubernetes.io/hostname": "node-1"})
        ),
        wait(8),
        *create(pod("second", **affinity("podAffinity", "first"))),
        wait(10),
    ),
    story(
        "Pod with a spread that no node satisfies",
        *create(
            pod(
                "a",
                labels={"app": "a"},
                topologySpreadConstraints=[
                    {
                        "maxSkew": 1,
                        "topologyKey": "zone",
                        "whenUnsatisfiable": "DoNotSchedule",
                        "labelSelector": {"matchLabels": {"app": "a"}},
                    }
                ],
            )
        ),
        wait(6),
    ),
    story(
        "Pod with a gate",
        *create(pod("a", schedulingGates=[{"name": "course.example/wait"}])),
        wait(5),
        patch("Pod/a", {"spec": {"schedulingGates": []}}),
        wait(10),
    ),
    story("Pod for another scheduler", *create(pod("a", schedulerName="mine")), wait(5)),
    story(
        "Pods with one host port on three nodes",
        *create(
            stateful_set(
                "web",
                4,
                template("web", container(ports=[{"containerPort": 8085, "hostPort": 8085}])),
                podManagementPolicy="Parallel",
            )
        ),
        wait(16),
    ),
    story(
        "Pod with a claim that is not there",
        *create(pod("a", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "none"}}])),
        wait(6),
    ),
    story(
        "Pod that never preempts",
        *create(pod("a", container(**HUGE), preemptionPolicy="Never")),
        wait(6),
    ),
    # Volumes
    story("claim that waits for a consumer", *create(claim()), wait(8)),
    story("claim without a class", *create(claim(storageClassName="")), wait(8)),
    story("claim of a class that is not there", *create(claim(storageClassName="none")), wait(8)),
    story(
        "claim with a consumer, and nobody who provisions",
        *create(
            claim(),
            pod("a", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]),
        ),
        wait(8),
    ),
    story(
        "claim deleted", *create(claim()), wait(5), delete("PersistentVolumeClaim/data"), wait(5)
    ),
    story(
        "claim deleted while a Pod waits for it",
        *create(
            claim(),
            pod("a", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]),
        ),
        wait(6),
        delete("PersistentVolumeClaim/data"),
        wait(5),
    ),
    # Autoscaling, without a metrics server
    story(
        "autoscaler without metrics", *create(deployment(replicas=1), autoscaler(**CPU)), wait(26)
    ),
    story("autoscaler of nothing", *create(autoscaler(**CPU)), wait(20)),
    story(
        "autoscaler of a Deployment at zero",
        *create(deployment(replicas=0), autoscaler(**CPU)),
        wait(20),
    ),
    story(
        "autoscaler with a minimum above",
        *create(deployment(replicas=1), autoscaler(minReplicas=2, **CPU)),
        wait(28),
    ),
    story(
        "autoscaler with a maximum below",
        *create(deployment(replicas=4), autoscaler(**CPU)),
        wait(28),
    ),
    # Configuration
    story(
        "ConfigMap changed",
        *create(thing("ConfigMap", "a", data={"k": "1"})),
        patch("ConfigMap/a", {"data": {"k": "2"}}),
        wait(1),
    ),
    story(
        "ConfigMap that may not change",
        *create(thing("ConfigMap", "a", data={"k": "1"}, immutable=True)),
        patch("ConfigMap/a", {"data": {"k": "2"}}),
        wait(1),
    ),
    story("Secret of text", *create(thing("Secret", "a", stringData={"k": "v"})), wait(1)),
    story("ServiceAccount with a token Secret", *create(thing("ServiceAccount", "robot")), wait(2)),
    story(
        "Pod with a ServiceAccount that is not there",
        *create(pod("a", serviceAccountName="none")),
        wait(2),
    ),
    story(
        "ReplicaSet with a ServiceAccount that is not there",
        *create(replica_set(replicas=1, pods=template("web", serviceAccountName="none"))),
        wait(6),
    ),
    story(
        "ReplicationController of two",
        *create(
            thing(
                "ReplicationController",
                "rc",
                spec={"replicas": 2, "selector": {"app": "rc"}, "template": template("rc")},
            )
        ),
        wait(12),
    ),
    story(
        "ReplicationController scaled",
        *create(
            thing(
                "ReplicationController",
                "rc",
                spec={"replicas": 1, "selector": {"app": "rc"}, "template": template("rc")},
            )
        ),
        wait(10),
        scale("ReplicationController/rc", 2),
        wait(10),
    ),
    # Nodes
    story(
        "node falls silent under a Pod",
        *create(pod("a", nodeName="node-3", tolerations=TOLERATIONS)),
        wait(10),
        {"stop": "node-3"},
        wait(75),
        {"start": "node-3"},
        wait(15),
    ),
    story(
        "node falls silent under a Deployment",
        *create(
            deployment(
                replicas=3,
                pods=template("web", tolerations=TOLERATIONS, **affinity("podAntiAffinity", "web")),
            )
        ),
        wait(14),
        {"stop": "node-3"},
        wait(75),
        {"start": "node-3"},
        wait(20),
    ),
    story(
        "node falls silent under a DaemonSet",
        *create(daemon_set()),
        wait(12),
        {"stop": "node-2"},
        wait(60),
        {"start": "node-2"},
        wait(20),
    ),
    story(
        "node falls silent under a Job",
        *create(job(command="sleep 300")),
        wait(8),
        {"stop": "node-1"},
        wait(10),
        {"start": "node-1"},
        wait(10),
    ),
]
