"""The API server: concurrency, watches, defaults, deletion, admission."""

import pytest

from course_lib.apiserver import APIServer, documents
from course_lib.apiserver.errors import (
    AlreadyExists,
    Compacted,
    Conflict,
    Forbidden,
    NotFound,
    TooManyRequests,
)
from course_lib.apiserver.etcd_store import EtcdStore
from course_lib.cluster import Cluster
from course_lib.cluster.bootstrap import furnish
from course_lib.engine import Simulation
from course_lib.errors import CourseError, InvalidManifest
from course_lib.objects.decode import decode
from course_lib.objects.kind import Kind
from course_lib.objects.selectors import parse_field_selector, parse_selector
from tests.apiserver.test_store import store_on
from tests.conftest import container, pod, service, workload


@pytest.fixture(params=[0, 1, 3], ids=["plain", "one-member", "three-members"])
def api(request) -> APIServer:
    """An API server by itself, on so many members of etcd: no controllers, no kubelets."""
    store = store_on(request.param)
    server = APIServer(getattr(store, "sim", None) or Simulation(), store)
    furnish(server)
    return server


def test_a_stale_update_is_refused_as_a_conflict(api):
    api.create(pod())
    mine, theirs = api.document("Pod", "web"), api.document("Pod", "web")
    theirs["metadata"]["labels"] = {"by": "them"}
    api.update(theirs)
    mine["metadata"]["labels"] = {"by": "me"}
    with pytest.raises(Conflict, match="the object has been modified"):
        api.update(mine)
    assert api.get("Pod", "web").labels == {"by": "them"}


def test_an_update_without_a_resource_version_wins(api):
    api.create(service())
    document = api.document("Service", "web")
    del document["metadata"]["resourceVersion"]
    api.patch("Service", "web", "", {"metadata": {"labels": {"a": "b"}}})
    document["metadata"]["labels"] = {"c": "d"}
    api.update(document)
    assert api.get("Service", "web").labels == {"c": "d"}


def test_names_are_unique_and_generated_on_request(api):
    api.create(pod())
    with pytest.raises(AlreadyExists, match='pods "web" already exists'):
        api.create(pod())
    document = pod()
    document["metadata"] = {"generateName": "web-"}
    names = {api.create(document).name for _ in range(50)}
    assert len(names) == 50
    assert all(name.startswith("web-") and len(name) == 9 for name in names)


@pytest.mark.parametrize("prefix", ["A_", "-", "a" * 300])
def test_a_prefix_of_generated_names_obeys_the_rule_of_names(api, prefix):
    document = pod() | {"metadata": {"generateName": prefix}}
    with pytest.raises(InvalidManifest) as refusal:
        api.create(document)
    assert refusal.value.where.endswith("metadata.generateName")


def test_a_long_prefix_is_cut_so_that_a_generated_name_has_63_characters(api):
    name = api.create(pod() | {"metadata": {"generateName": "a" * 70 + "-"}}).name
    assert len(name) == 63
    assert name.startswith("a" * 58)


@pytest.mark.parametrize("metadata", ["x", [], 3])
def test_an_update_whose_metadata_is_no_mapping_is_refused(api, metadata):
    document = service()
    with pytest.raises(InvalidManifest, match="a field has the wrong type"):
        api.update(document | {"metadata": metadata})


def test_an_update_that_changes_nothing_makes_no_revision(api):
    api.create(pod())
    before = api.store.revision
    api.update(api.document("Pod", "web"))
    api.patch("Pod", "web", "", {"metadata": {"labels": {"app": "web"}}})
    assert api.store.revision == before


def test_status_and_spec_keep_out_of_each_others_way(api):
    created = api.create(workload() | {"status": {"replicas": 99}})
    assert created.status.replicas == 0
    api.patch_status(created, {"replicas": 3})
    document = api.document("Deployment", "web")
    document["spec"]["replicas"] = 5
    document["status"]["replicas"] = 77
    updated = api.update(document)
    assert (updated.spec.replicas, updated.status.replicas) == (5, 3)
    document["spec"]["replicas"] = 9
    document["metadata"].pop("resourceVersion")
    document["status"] = {"replicas": 4}
    updated = api.update(document, subresource="status")
    assert (updated.spec.replicas, updated.status.replicas) == (5, 4)


def test_the_generation_counts_changes_of_the_spec_only(api):
    created = api.create(workload())
    assert created.metadata.generation == 1
    api.patch_status(created, {"replicas": 1})
    assert api.get("Deployment", "web").metadata.generation == 1
    api.patch("Deployment", "web", "", {"spec": {"replicas": 2}})
    assert api.get("Deployment", "web").metadata.generation == 2


def test_a_watch_resumes_from_a_revision_and_reports_a_compacted_one(api):
    since = api.store.revision
    api.create(pod("a"))
    api.create(pod("b"))
    api.patch("Pod", "a", "", {"metadata": {"labels": {"app": "b"}}})
    api.delete("Pod", "b")
    seen = []
    api.watch("Pod", lambda e: seen.append((e.type, e.object.name)), since=since)
    assert seen == [("ADDED", "a"), ("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]
    api.store.compact(api.store.revision)
    with pytest.raises(Compacted, match="too old resource version"):
        api.watch("Pod", seen.append, since=since)


def test_a_selecting_watch_sees_objects_come_into_and_out_of_view(api):
    seen = []
    listener = lambda e: seen.append((e.type, e.object.name))  # noqa: E731
    api.watch("Pod", listener, selector=parse_selector("app=web"))
    mine = parse_field_selector("spec.nodeName=n1")
    api.watch("Pod", lambda e: seen.append((e.type, "on n1")), fields=mine)
    created = api.create(pod("web"))
    api.bind(created, "n1")
    api.patch("Pod", "web", "", {"metadata": {"labels": {"app": "other"}}})
    assert seen == [
        ("ADDED", "web"),
        ("MODIFIED", "web"),
        ("ADDED", "on n1"),
        ("DELETED", "web"),
        ("MODIFIED", "on n1"),
    ]


def test_a_pod_is_bound_once(api):
    created = api.create(pod())
    api.bind(created, "n1")
    with pytest.raises(Conflict):
        api.bind(created, "n2")


def test_defaults_are_written_into_the_document(api):
    api.create(workload())
    spec = api.document("Deployment", "web")["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
    }
    inner = spec["template"]["spec"]
    assert inner["restartPolicy"] == "Always"
    assert inner["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    api.create(pod(containers=[container(image="nginx")]))
    assert api.document("Pod", "web")["spec"]["containers"][0]["imagePullPolicy"] == "Always"


def test_a_limit_is_also_the_request_and_amounts_are_stored_in_canonical_form(api):
    limited = container(resources={"limits": {"cpu": "0.5", "memory": "1024Mi"}})
    api.create(pod(containers=[limited]))
    resources = api.document("Pod", "web")["spec"]["containers"][0]["resources"]
    assert resources["requests"] == {"cpu": "500m", "memory": "1Gi"} == resources["limits"]


@pytest.mark.parametrize(
    ("document", "patch", "path"),
    [
        (workload(), {"spec": {"selector": {"matchLabels": {"app": "x"}}}}, "spec."),
        (workload("StatefulSet"), {"spec": {"serviceName": "other"}}, "spec.serviceName"),
        (pod(), {"spec": {"nodeSelector": {"a": "b"}}}, "spec.nodeSelector"),
        (service(), {"spec": {"clusterIP": "10.96.9.9"}}, "spec.clusterIP"),
        (
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "web"},
                "data": {"a": "b"},
                "immutable": True,
            },
            {"data": {"a": "c"}},
            "data",
        ),
    ],
)
def test_some_fields_may_not_change(api, document, patch, path):
    api.create(document)
    with pytest.raises(InvalidManifest) as problem:
        api.patch(document["kind"], "web", "", patch)
    assert path in problem.value.where


def test_of_a_pods_containers_only_the_image_may_change(api):
    api.create(pod())
    document = api.document("Pod", "web")
    document["spec"]["containers"][0]["image"] = "nginx:1.28"
    api.update(document)
    document = api.document("Pod", "web")
    document["spec"]["containers"][0]["name"] = "other"
    with pytest.raises(InvalidManifest):
        api.update(document)


def test_an_object_with_finalizers_goes_when_the_last_one_is_removed(api):
    document = pod()
    document["metadata"]["finalizers"] = ["example.com/a", "example.com/b"]
    api.create(document)
    api.delete("Pod", "web")
    assert api.get("Pod", "web").terminating
    api.patch("Pod", "web", "", {"metadata": {"finalizers": ["example.com/b"]}})
    assert api.find("Pod", "web") is not None
    api.patch("Pod", "web", "", {"metadata": {"finalizers": None}})
    assert api.find("Pod", "web") is None


def test_a_pod_on_a_node_has_its_grace_period_and_one_without_goes_at_once(api):
    api.create(pod("waiting"))
    api.delete("Pod", "waiting")
    assert api.find("Pod", "waiting") is None
    api.bind(api.create(pod("running")), "n1")
    api.delete("Pod", "running")
    assert api.get("Pod", "running").metadata.deletion_grace_period_seconds == 30
    api.delete("Pod", "running", grace_period=60)
    assert api.get("Pod", "running").metadata.deletion_grace_period_seconds == 30, "only shorter"
    api.delete("Pod", "running", grace_period=5)
    assert api.get("Pod", "running").metadata.deletion_grace_period_seconds == 5
    api.delete("Pod", "running", grace_period=0)
    assert api.find("Pod", "running") is None


def test_a_deletion_meant_for_another_object_of_the_name_is_refused(api):
    api.create(pod())
    with pytest.raises(Conflict):
        api.delete("Pod", "web", uid="another")


def test_nothing_is_created_in_a_missing_or_terminating_namespace(api):
    document = pod()
    document["metadata"]["namespace"] = "shop"
    with pytest.raises(NotFound, match='namespaces "shop" not found'):
        api.create(document)
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    api.create(document)
    api.delete("Namespace", "shop")
    document["metadata"]["name"] = "late"
    with pytest.raises(Forbidden, match="because it is being terminated"):
        api.create(document)


def limit_range(**item: object) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "bounds"},
        "spec": {"limits": [{"type": "Container", **item}]},
    }


def test_a_limit_range_gives_defaults_and_refuses_what_is_out_of_bounds(api):
    api.create(
        limit_range(default={"cpu": "500m"}, defaultRequest={"cpu": "100m"}, max={"cpu": "1"})
    )
    api.create(pod())
    resources = api.document("Pod", "web")["spec"]["containers"][0]["resources"]
    assert resources == {"limits": {"cpu": "500m"}, "requests": {"cpu": "100m"}}
    greedy = container(resources={"limits": {"cpu": "2"}})
    with pytest.raises(Forbidden, match="maximum cpu usage per Container is 1, but limit is 2"):
        api.create(pod("greedy", [greedy]))


def quota(**hard: str) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "team"},
        "spec": {"hard": {name.replace("_", "."): amount for name, amount in hard.items()}},
    }


def test_a_quota_refuses_what_would_exceed_it_in_the_api_servers_words(api):
    api.create(quota(pods="2", requests_cpu="1"))
    asking = container(resources={"requests": {"cpu": "600m"}})
    api.create(pod("one", [asking]))
    with pytest.raises(Forbidden) as refusal:
        api.create(pod("two", [asking]))
    assert refusal.value.what == (
        'pods "two" is forbidden: exceeded quota: team, requested: requests.cpu=600m, '
        "used: requests.cpu=600m, limited: requests.cpu=1"
    )
    with pytest.raises(Forbidden, match=r"must specify requests\.cpu for: main"):
        api.create(pod("silent"))


def test_priority_classes_give_pods_their_priority(api):
    head = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass"}
    api.create(head | {"metadata": {"name": "high"}, "value": 1000})
    api.create(head | {"metadata": {"name": "usual"}, "value": 10, "globalDefault": True})
    assert api.create(pod("a", priorityClassName="high")).spec.priority == 1000
    assert api.create(pod("b")).spec.priority == 10
    assert api.create(pod("c", priorityClassName="system-node-critical")).spec.priority > 2 * 10**9
    with pytest.raises(Forbidden, match="no PriorityClass with name none was found"):
        api.create(pod("d", priorityClassName="none"))


def test_an_eviction_is_counted_against_the_budget():
    cluster = Cluster(nodes=2)
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}}
    selector = {"matchLabels": {"app": "web"}}
    cluster.apply(
        [workload(replicas=3), budget | {"spec": {"minAvailable": 2, "selector": selector}}]
    )
    cluster.run(seconds=30)
    pods = cluster.api.list("Pod")
    cluster.api.evict(pods[0])
    with pytest.raises(TooManyRequests, match="disruption budget"):
        cluster.api.evict(pods[1])
    cluster.run(seconds=60)
    cluster.api.evict(pods[1])


@pytest.mark.parametrize(
    ("least", "policy", "allowed"),
    [(2, "IfHealthyBudget", True), (3, "IfHealthyBudget", False), (3, "AlwaysAllow", True)],
)
def test_a_pod_that_is_not_ready_may_be_evicted_when_enough_others_are(least, policy, allowed):
    cluster = Cluster(nodes=2)
    probe = {"readinessProbe": {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 1}}
    never = pod("ill", [container(image="course/never", **probe)])
    never["metadata"]["labels"] = {"app": "web"}
    cluster.behaviours.set("course/never", startup=10**6)
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}}
    spec = {"minAvailable": least, "unhealthyPodEvictionPolicy": policy}
    spec["selector"] = {"matchLabels": {"app": "web"}}
    cluster.apply([workload(replicas=2), budget | {"spec": spec}, never])
    cluster.run(seconds=30)
    assert cluster.api.get("PodDisruptionBudget", "web").status.disruptions_allowed == 0
    if allowed:
        cluster.api.evict(cluster.api.get("Pod", "ill"))
    else:
        with pytest.raises(TooManyRequests):
            cluster.api.evict(cluster.api.get("Pod", "ill"))


def test_unknown_kinds_are_told_with_the_known_ones(api):
    with pytest.raises(CourseError, match="doesn't have a resource type"):
        api.get("Gizmo", "x")


def calls_of(monkeypatch, module, name: str) -> list[object]:
    """The calls of a step of the API server's, from now on."""
    calls, step = [], getattr(module, name)
    monkeypatch.setattr(module, name, lambda *given: calls.append(given) or step(*given))
    return calls


def test_a_document_is_defaulted_decoded_and_validated_once_on_its_way_in(monkeypatch):
    api = APIServer(Simulation())
    furnish(api)
    steps = [
        calls_of(monkeypatch, Kind, "set_defaults"),
        calls_of(monkeypatch, documents, "decode"),
        calls_of(monkeypatch, documents, "validate"),
    ]
    made = api.create(pod("web"))
    assert [len(calls) for calls in steps] == [1, 1, 1]
    api.patch("Pod", "web", "default", {"metadata": {"labels": {"tier": "front"}}})
    assert [len(calls) for calls in steps] == [2, 2, 2]
    api.patch_status(made, {"phase": "Running"})  # what does not change is not decoded again
    assert [len(calls) for calls in steps] == [2, 2, 2]
    assert api.get("Pod", "web").status.phase == "Running"


def test_the_view_of_a_changed_document_is_that_of_one_decoded_anew(api):
    api.create(service("web", type="NodePort"))
    patches = (
        {"spec": {"ports": [{"port": 80, "nodePort": 30080}]}},
        {"spec": {"selector": None}},
        {"metadata": {"labels": {"a": "1"}, "annotations": {"b": "2"}}},
        {"metadata": {"labels": {"a": None}}},
    )
    for patch in patches:
        view = api.patch("Service", "web", "default", patch)
        assert view == decode(api.document("Service", "web"))
    api.patch_status(view, {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}})
    assert api.get("Service", "web") == decode(api.document("Service", "web"))


@pytest.mark.parametrize("status", [{"phase": 7}, {"conditions": [{"type": "Ready"}]}, "Running"])
def test_a_status_of_the_wrong_type_is_refused_by_its_path(api, status):
    made = api.create(pod())
    with pytest.raises(InvalidManifest) as problem:
        api.patch_status(made, status)
    assert problem.value.where.startswith("Pod default/web: status")
    assert api.get("Pod", "web").status.phase == "Pending"


def test_a_status_is_stored_as_a_copy_with_canonical_quantities(api):
    node = api.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}})
    images = [{"names": ["nginx:1.27"], "sizeBytes": 1}]
    api.patch_status(node, {"capacity": {"cpu": "2000m", "memory": "2048Mi"}, "images": images})
    images[0]["names"].append("nginx:latest")
    status = api.document("Node", "n")["status"]
    assert status["capacity"] == {"cpu": "2", "memory": "2Gi"}
    assert status["images"] == [{"names": ["nginx:1.27"], "sizeBytes": 1}]


def two_servers() -> tuple[APIServer, APIServer]:
    """Two API servers on one etcd; the second has not heard of the first one's writes."""
    store = store_on(1)
    first = APIServer(store.sim, store)
    furnish(first)
    other = EtcdStore(store.sim, store.etcd)
    other.load()
    return first, APIServer(store.sim, other)


def test_an_object_that_another_api_server_has_just_created_exists():
    first, second = two_servers()
    first.create(pod())
    with pytest.raises(AlreadyExists, match='pods "web" already exists'):
        second.create(pod())


def test_two_api_servers_never_give_one_address_or_port_to_two_services():
    first, second = two_servers()
    fixed = {"clusterIP": "10.96.0.77", "type": "NodePort"}
    first.create(service("one", **fixed))
    with pytest.raises(InvalidManifest, match="the cluster IP is not available"):
        second.create(service("two", **fixed))


def test_two_api_servers_keep_one_quota():
    first, second = two_servers()
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "one"}}
    first.create(quota | {"spec": {"hard": {"pods": "1"}}})
    second.store.catch_up()
    first.create(pod("one"))
    with pytest.raises(Forbidden, match="exceeded quota"):
        second.create(pod("two"))
