"""Controllers of the cluster itself: garbage, namespaces, volumes, budgets, endpoints, nodes."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from course_lib.objects.kind import Kind
from course_lib.objects.meta import owner_reference
from tests.apiserver.definitions import cache, definition
from tests.conftest import container, pod, reasons, service, status_of, workload

BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "web"},
    "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}},
}


def deployed(cluster: Cluster) -> Cluster:
    cluster.apply(workload(replicas=2))
    cluster.run(seconds=20)
    return cluster


# Garbage collection


def test_background_the_owner_goes_first(cluster):
    deployed(cluster)
    cluster.delete("deployment", "web")
    assert len(cluster.get("deployments")) == 0
    assert len(cluster.get("pods")) == 2
    cluster.run(seconds=10)
    assert len(cluster.get("replicasets")) == 0
    assert len(cluster.get("pods")) == 0


def test_foreground_the_owner_goes_last(cluster):
    deployed(cluster)
    cluster.delete("deployment", "web", propagation="Foreground")
    seen = []
    for _ in range(100):
        seen.append(
            (
                len(cluster.get("deployments")),
                len(cluster.get("replicasets")),
                len(cluster.get("pods")),
            )
        )
        cluster.run(seconds=0.1)
    assert seen[0] == (1, 1, 2)
    assert seen[-1] == (0, 0, 0)
    assert all(d >= min(rs, 1) >= min(pods, 1) for d, rs, pods in seen)


def test_orphan_the_children_stay_without_an_owner(cluster):
    deployed(cluster)
    cluster.delete("deployment", "web", propagation="Orphan")
    cluster.run(seconds=20)
    assert len(cluster.get("deployments")) == 0
    assert len(cluster.get("pods")) == 2
    assert cluster.api.list("ReplicaSet")[0].metadata.controller is None
    cluster.apply(workload(replicas=2))
    cluster.run(seconds=20)
    assert len(cluster.get("replicasets")) == 1, "a new Deployment adopts what fits"
    assert len(cluster.get("pods")) == 2


def test_a_child_whose_owner_never_existed_is_collected(cluster):
    document = pod("lost")
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "none", "uid": "no-such-uid"}
    document["metadata"]["ownerReferences"] = [owner]
    cluster.apply(document)
    cluster.run(seconds=60)
    assert len(cluster.get("pods")) == 0


# Namespaces


def test_a_namespace_is_emptied_before_it_goes(cluster):
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    cluster.apply([workload(replicas=2), service()], namespace="shop")
    cluster.run(seconds=20)
    assert len(cluster.get("pods", namespace="shop")) == 2
    assert list(cluster.get("serviceaccounts", namespace="shop").NAME) == ["default"]
    cluster.delete("namespace", "shop")
    assert cluster.get("namespaces").query("NAME == 'shop'").STATUS.iloc[0] == "Terminating"
    cluster.run(seconds=60)
    assert "shop" not in set(cluster.get("namespaces").NAME)
    assert len(cluster.get("pods", namespace="shop")) == 0
    assert len(cluster.get("pods", namespace=None)) == 0


def test_the_conditions_of_a_namespace_name_what_holds_it(cluster):
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    held = {"name": "held", "namespace": "shop", "finalizers": ["example.com/hold"]}
    cluster.apply([space, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": held}])
    cluster.delete("namespace", "shop")
    cluster.run(seconds=60)
    found = cluster.api.get("Namespace", "shop").status.conditions
    stated = {c.type: (c.status, c.reason, c.message) for c in found}
    assert stated["NamespaceContentRemaining"] == (
        "True",
        "SomeResourcesRemain",
        "Some resources are remaining: configmaps. has 1 resource instances",
    )
    assert stated["NamespaceFinalizersRemaining"][2] == (
        "Some content in the namespace has finalizers remaining: "
        "example.com/hold in 1 resource instances"
    )
    assert stated["NamespaceDeletionContentFailure"][0] == "False"
    patch = {"metadata": {"finalizers": None}}
    cluster.api.patch("ConfigMap", "held", "shop", patch)
    cluster.run(seconds=5)
    assert cluster.api.find("Namespace", "shop") is None


def test_objects_of_an_added_kind_go_with_their_namespace(cluster):
    cluster.api.kinds.add(Kind("Widget", "example.com/v1", "widgets", custom=True))
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
    widget["metadata"]["namespace"] = "shop"
    cluster.apply(space)
    cluster.apply(widget)
    assert [key for key, _ in cluster.api.server.store.range("/registry/example.com/widgets/")]
    cluster.delete("namespace", "shop")
    cluster.run(seconds=5)
    assert not cluster.api.server.store.range("/registry/example.com/widgets/")
    assert cluster.api.find("Namespace", "shop") is None


def test_each_namespace_has_an_account_and_the_root_certificate_and_keeps_them(cluster):
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    cluster.run(seconds=1)
    api = cluster.api
    text = api.get("ConfigMap", "kube-root-ca.crt", "shop").data["ca.crt"]
    assert text.startswith("-----BEGIN CERTIFICATE-----")
    cluster.delete("configmap", "kube-root-ca.crt", namespace="shop")
    cluster.delete("serviceaccount", "default", namespace="shop")
    cluster.run(seconds=1)
    assert api.get("ServiceAccount", "default", "shop")
    api.patch("ConfigMap", "kube-root-ca.crt", "shop", {"data": {"ca.crt": "x", "more": "y"}})
    cluster.run(seconds=1)
    assert api.get("ConfigMap", "kube-root-ca.crt", "shop").data == {"ca.crt": text}


# Volumes


def claim(name: str = "data", size: str = "1Gi", **spec: object) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": size}},
            **spec,
        },
    }


def volume(name: str, size: str, **spec: object) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": size},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "manual",
            "hostPath": {"path": "/data"},
            **spec,
        },
    }


def test_a_claim_takes_the_smallest_volume_that_will_do(cluster):
    cluster.apply([volume("large", "10Gi"), volume("small", "1Gi"), volume("fits", "3Gi")])
    cluster.apply(claim(size="2Gi", storageClassName="manual"))
    cluster.run(seconds=10)
    assert list(cluster.get("pvc").VOLUME) == ["fits"]
    phases = dict(zip(cluster.get("pv").NAME, cluster.get("pv").STATUS, strict=True))
    assert phases == {"fits": "Bound", "large": "Available", "small": "Available"}


@pytest.mark.parametrize(
    ("class_name", "reason"),
    [
        ("none", "ProvisioningFailed"),
        ("foreign", "ExternalProvisioning"),
        ("manual", "FailedBinding"),
    ],
)
def test_a_claim_that_cannot_be_met_says_why(cluster, class_name, reason):
    head = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass"}
    cluster.apply(head | {"metadata": {"name": "foreign"}, "provisioner": "example.com/disks"})
    provisioner = "kubernetes.io/no-provisioner"
    cluster.apply(head | {"metadata": {"name": "manual"}, "provisioner": provisioner})
    cluster.apply(claim(storageClassName=class_name))
    cluster.run(seconds=30)
    assert list(cluster.get("pvc").STATUS) == ["Pending"]
    assert reason in reasons(cluster, "PersistentVolumeClaim")


def test_binding_waits_for_the_first_consumer_where_the_class_says_so(cluster):
    head = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "late"}}
    mode = {"provisioner": "rancher.io/local-path", "volumeBindingMode": "WaitForFirstConsumer"}
    cluster.apply([head | mode, claim(storageClassName="late")])
    cluster.run(seconds=30)
    assert list(cluster.get("pvc").STATUS) == ["Pending"]
    cluster.apply(pod(volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]))
    cluster.run(seconds=30)
    assert list(cluster.get("pvc").STATUS) == ["Bound"]
    assert status_of(cluster) == ["Running"]


@pytest.mark.parametrize(("policy", "left"), [("Delete", []), ("Retain", ["Released"])])
def test_what_becomes_of_a_volume_after_its_claim(cluster, policy, left):
    cluster.apply([volume("disk", "1Gi", persistentVolumeReclaimPolicy=policy)])
    cluster.apply(claim(storageClassName="manual"))
    cluster.run(seconds=10)
    cluster.delete("pvc", "data")
    cluster.run(seconds=10)
    assert list(cluster.get("pv").STATUS) == left


def in_use(cluster: Cluster) -> Cluster:
    """A Pod that uses the claim `data`."""
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    mount = {"name": "data", "mountPath": "/data"}
    cluster.apply([CLAIM, pod(volumes=[claim], containers=[container(volumeMounts=[mount])])])
    cluster.run(seconds=30)
    return cluster


CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


def test_a_claim_in_use_is_terminating_until_its_pod_is_gone(cluster):
    in_use(cluster)
    cluster.delete("pvc", "data")
    cluster.run(seconds=30)
    assert list(cluster.get("pvc").STATUS) == ["Terminating"]
    assert list(cluster.get("pv").STATUS) == ["Bound"]
    cluster.delete("pod", "web")
    cluster.run(seconds=40)
    assert len(cluster.get("pvc")) == len(cluster.get("pv")) == 0


def test_a_bound_volume_is_terminating_until_its_claim_is_gone(cluster):
    in_use(cluster)
    cluster.delete("pv", cluster.get("pv").NAME[0])
    cluster.run(seconds=5)
    assert list(cluster.get("pv").STATUS) == ["Terminating"]
    cluster.delete("pod", "web", grace_period=0)
    cluster.delete("pvc", "data")
    cluster.run(seconds=5)
    assert len(cluster.get("pvc")) == len(cluster.get("pv")) == 0


def test_a_claim_says_whether_a_pod_names_it(cluster):
    in_use(cluster)
    (unused,) = cluster.api.get("PersistentVolumeClaim", "data", "default").status.conditions
    assert (unused.type, unused.status, unused.reason) == ("Unused", "False", "PodUsingPVC")
    cluster.delete("pod", "web", grace_period=0)
    cluster.run(seconds=5)
    (unused,) = cluster.api.get("PersistentVolumeClaim", "data", "default").status.conditions
    assert (unused.status, unused.reason) == ("True", "NoPodsUsingPVC")


def test_a_claim_grows_only_where_its_class_allows_it_and_never_shrinks(cluster):
    def asks(size: str) -> dict:
        return {"spec": {"resources": {"requests": {"storage": size}}}}

    name = ("PersistentVolumeClaim", "data", "default")
    in_use(cluster)
    with pytest.raises(CourseError, match="storageclass that provisions the pvc must support"):
        cluster.api.patch(*name, asks("2Gi"))
    with pytest.raises(CourseError, match=r"can not be less than status\.capacity"):
        cluster.api.patch(*name, asks("500Mi"))
    cluster.api.patch("StorageClass", "standard", "", {"allowVolumeExpansion": True})
    cluster.api.patch(*name, asks("2Gi"))
    cluster.run(seconds=5)
    assert list(cluster.get("pvc").CAPACITY) == ["2Gi"]


# Draining and budgets


def test_a_drain_respects_the_budget_and_leaves_daemons(cluster):
    probe = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 1}
    cluster.behaviours.set("nginx", startup=20)
    cluster.apply(workload(replicas=3, containers=[container(readinessProbe=probe)]))
    cluster.apply([BUDGET, workload("DaemonSet", "agent")])
    cluster.run(seconds=60)
    cluster.scale("deployment/web", 6)
    cluster.run(seconds=60)
    for node in ("node-1", "node-2"):
        cluster.drain(node)
    fewest = 6
    for _ in range(300):
        cluster.run(seconds=0.5)
        fewest = min(fewest, list(cluster.get("pods", selector="app=web").READY).count("1/1"))
    assert fewest >= 2
    assert set(cluster.get("pods", selector="app=web", wide=True).NODE) == {"node-3"}
    assert len(cluster.get("pods", selector="app=agent")) == 3


def test_a_budget_that_allows_nothing_holds_a_drain_up(cluster):
    cluster.apply([workload(replicas=2), BUDGET])
    cluster.run(seconds=20)
    node = cluster.get("pods", wide=True).NODE[0]
    cluster.drain(node)
    cluster.run(seconds=120)
    assert len(cluster.get("pods", field_selector=f"spec.nodeName={node}")) == 1
    assert "EvictionRefused" in set(cluster.log(component="kubectl").REASON)
    assert cluster.get("pdb")["ALLOWED DISRUPTIONS"][0] == 0


# Endpoints


def test_endpoints_follow_readiness_and_termination(cluster):
    probe = {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1}
    ports = [{"name": "http", "containerPort": 8080}]
    serving = container(ports=ports, readinessProbe=probe)
    cluster.behaviours.set("nginx", shutdown=10)
    cluster.apply([workload(replicas=3, containers=[serving])])
    cluster.apply(service(ports=[{"port": 80, "targetPort": "http"}]))
    cluster.run(seconds=20)
    piece = cluster.api.list("EndpointSlice")[0]
    assert [p.port for p in piece.ports] == [8080]
    assert all(e.conditions.ready for e in piece.endpoints)
    leaving = cluster.api.list("Pod")[0]
    cluster.delete("pod", leaving.name)
    cluster.run(seconds=5)
    ends = {e.addresses[0]: e.conditions for e in cluster.api.list("EndpointSlice")[0].endpoints}
    gone = ends[leaving.status.pod_ip]
    assert (gone.ready, gone.serving, gone.terminating) == (False, True, True)
    cluster.run(seconds=20)
    addresses = {e.addresses[0] for e in cluster.api.list("EndpointSlice")[0].endpoints}
    assert leaving.status.pod_ip not in addresses
    assert len(addresses) == 3


def test_more_than_a_hundred_endpoints_are_sliced(cluster):
    cluster.apply([workload(replicas=130), service()])
    cluster.run(seconds=60)
    sizes = sorted(len(piece.endpoints) for piece in cluster.api.list("EndpointSlice"))
    assert sizes == [30, 100]


def test_a_headless_service_has_no_address_and_no_selector_no_endpoints(cluster):
    cluster.apply([service("headless", clusterIP="None"), service("manual", selector={})])
    cluster.run(seconds=5)
    found = cluster.get("services")
    assert found.query("NAME == 'headless'")["CLUSTER-IP"].iloc[0] == "None"
    assert len(cluster.get("endpoints").query("NAME == 'manual'")) == 0


# Nodes


def test_a_silent_node_is_noticed_after_50_seconds_and_believed_again_when_it_speaks():
    cluster = Cluster(nodes=2)
    cluster.run(seconds=100)
    cluster.kill_node("node-1")
    killed = cluster.now
    cluster.run_until(lambda: cluster.get("nodes").STATUS[0] == "NotReady", timeout=100)
    # The last renewal was up to 10 s before, the next look is up to 5 s after.
    assert 40 <= cluster.now - killed <= 55
    cluster.run(seconds=1)
    taints = {(t.key, t.effect) for t in cluster.api.get("Node", "node-1").spec.taints}
    key = "node.kubernetes.io/unreachable"
    assert taints == {(key, "NoSchedule"), (key, "NoExecute")}
    cluster.restore_node("node-1")
    cluster.run(seconds=5)
    assert cluster.get("nodes").STATUS[0] == "Ready"
    assert not cluster.api.get("Node", "node-1").spec.taints


def test_pods_stay_on_a_silent_node_for_as_long_as_they_tolerate_it():
    cluster = Cluster(nodes=1)
    key = "node.kubernetes.io/unreachable"
    short = {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}
    forever = {"key": key, "operator": "Exists", "effect": "NoExecute"}
    cluster.apply(
        [pod("short", tolerations=[short]), pod("usual"), pod("ever", tolerations=[forever])]
    )
    cluster.run(seconds=20)
    cluster.kill_node("node-1")

    def going() -> set[str]:
        return {p.name for p in cluster.api.list("Pod") if p.terminating}

    cluster.run(seconds=75)
    assert going() == set()
    cluster.run(seconds=20)
    assert going() == {"short"}
    cluster.run(seconds=280)
    assert going() == {"short", "usual"}


def test_a_deleted_node_takes_its_pods_with_it():
    cluster = Cluster(nodes=2)
    cluster.apply(workload(replicas=4))
    cluster.run(seconds=20)
    cluster.kill_node("node-1")
    cluster.delete("node", "node-1")
    cluster.run(seconds=30)
    assert "node-1" in set(cluster.get("pods", wide=True).NODE), "40 s are waited for the node"
    cluster.run(seconds=60)
    found = cluster.get("pods", wide=True)
    assert set(found.NODE) == {"node-2"}
    assert len(found) == 4


def test_a_pod_whose_node_never_existed_is_collected(cluster):
    cluster.apply(pod("ghostly", nodeName="ghost"))
    cluster.run(seconds=30)
    assert len(cluster.get("pods")) == 1
    cluster.run(seconds=50)
    assert len(cluster.get("pods")) == 0


def test_each_node_has_a_block_of_addresses_of_its_own():
    cluster = Cluster(nodes=20)
    blocks = {node.spec.pod_cidr for node in cluster.api.list("Node")}
    assert len(blocks) == 20
    assert "10.244.0.0/24" in blocks


def test_a_quota_shows_what_is_used(cluster):
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "team"}}
    cluster.apply(quota | {"spec": {"hard": {"pods": "5", "services": "3"}}})
    cluster.apply([workload(replicas=2), service()])
    cluster.run(seconds=20)
    assert cluster.get("resourcequotas").REQUEST[0] == "pods: 2/5, services: 2/3"


def test_events_are_counted_and_forgotten_after_an_hour(cluster):
    cluster.apply(pod(containers=[container(image="registry.invalid/x:1")]))
    cluster.run(seconds=600)
    events = cluster.get("events", wide=True)
    assert events.query("REASON == 'BackOff'").COUNT.iloc[0] > 1
    cluster.delete("pod", "web")
    cluster.run(seconds=3700)
    cluster.apply(pod("other"))
    cluster.run(seconds=20)
    assert "BackOff" not in set(cluster.get("events").REASON)


def test_objects_of_a_kind_that_is_defined_later_are_collected_with_their_owners(cluster):
    cluster.apply(definition())
    cluster.apply(cache("owner"))
    owner = cluster.api.get("caches", "owner", "default")
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "data": {}}
    owned = {"name": "owned", "ownerReferences": [owner_reference(owner)]}
    cluster.apply(settings | {"metadata": owned})
    below = cluster.api.get("cm", "owned", "default")
    child = cache("child")
    child["metadata"]["ownerReferences"] = [owner_reference(below)]
    cluster.apply(child)
    cluster.run(seconds=5)
    assert len(cluster.api.list("caches")) == 2
    cluster.delete("caches.example.com", "owner")
    cluster.run(seconds=5)
    assert cluster.api.find("cm", "owned", "default") is None
    assert cluster.api.list("caches") == []


def test_a_quota_follows_objects_of_a_kind_that_is_defined_later(cluster):
    cluster.apply(definition())
    hard = {"count/caches.example.com": "2"}
    name = {"name": "few"}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": name, "spec": {"hard": hard}}
    cluster.apply(quota)
    cluster.apply(cache("one"))
    cluster.run(seconds=5)
    used = cluster.api.get("ResourceQuota", "few", "default").status.used
    assert {name: str(amount) for name, amount in used.items()} == {"count/caches.example.com": "1"}
    cluster.delete("caches", "one")
    cluster.run(seconds=5)
    used = cluster.api.get("ResourceQuota", "few", "default").status.used
    assert str(used["count/caches.example.com"]) == "0"
