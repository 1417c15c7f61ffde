"""Plugins of admission: bounds, quotas, priorities, classes of runtimes, accounts."""

import pytest

from course_lib import Cluster
from course_lib.apiserver.admission.pods import merged
from course_lib.apiserver.errors import Forbidden
from tests.conftest import container, pod

SCHEDULING, NODE = "scheduling.k8s.io/v1", "node.k8s.io/v1"


def new(kind, name, api_version="v1", **fields):
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **fields}


@pytest.fixture
def cluster():
    cluster = Cluster(nodes=0)
    cluster.run(5)
    return cluster


def asking(requests=None, limits=None, name="p", **spec):
    resources = {"requests": requests or {}, "limits": limits or {}}
    return pod(name, containers=[container(resources=resources)], **spec)


def refused(cluster, document):
    with pytest.raises(Forbidden) as refusal:
        cluster.apply(document)
    return refusal.value.what.partition(" is forbidden: ")[2]


def bounds(**item):
    return new("LimitRange", "l", spec={"limits": [{"type": "Container"} | item]})


@pytest.mark.parametrize(
    ("item", "document", "said"),
    [
        (
            {"type": "Pod", "min": {"cpu": "1"}},
            asking(),
            "minimum cpu usage per Pod is 1.  No request is specified",
        ),
        (
            {"min": {"cpu": "1"}},
            asking({"cpu": "999m"}),
            "minimum cpu usage per Container is 1, but request is 999m",
        ),
        (
            {"max": {"cpu": "1"}},
            asking({"cpu": "1"}, {"cpu": "1001m"}),
            "maximum cpu usage per Container is 1, but limit is 1001m",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            asking({"cpu": "1"}, {"cpu": "2001m"}),
            "cpu max limit to request ratio per Container is 2, but provided ratio is 2.001000",
        ),
        (
            {"maxLimitRequestRatio": {"cpu": "2"}},
            asking(),
            "cpu max limit to request ratio per "
            "Container is 2, but no request is specified or request is 0",
        ),
        (
            {"type": "Pod", "min": {"cpu": "1"}, "max": {"memory": "1Gi"}},
            asking(),
            "[minimum cpu usage per Pod is 1.  No request is specified, maximum memory usage "
            "per Pod "
            "is 1Gi.  No limit is specified]",
        ),
    ],
)
def test_what_is_out_of_bounds_is_told_in_the_plugins_words(cluster, item, document, said):
    cluster.apply(bounds(**item))
    assert refused(cluster, document) == said


def test_what_is_at_the_bounds_is_admitted(cluster):
    cluster.apply(bounds(min={"cpu": "1"}, max={"cpu": "2"}, maxLimitRequestRatio={"cpu": "2"}))
    cluster.apply(asking({"cpu": "1"}, {"cpu": "2"}))


def test_a_claim_is_bounded_by_what_it_requests(cluster):
    cluster.apply(bounds(type="PersistentVolumeClaim", max={"storage": "1Gi"}))
    resources = {"requests": {"storage": "2Gi"}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": resources}
    assert refused(cluster, new("PersistentVolumeClaim", "c", spec=spec)) == (
        "maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi"
    )


def test_each_container_says_what_a_quota_bounds(cluster):
    hard = {"requests.cpu": "1", "limits.memory": "1Gi", "requests.ephemeral-storage": "1Gi"}
    cluster.apply(new("ResourceQuota", "q", spec={"hard": hard}))
    cluster.run(5)
    both = [container("b"), container("a")]
    assert refused(cluster, pod("p", containers=both, initContainers=[container("c")])) == (
        "failed quota: q: must specify limits.memory for: a,b,c; requests.cpu for: a,b,c"
    )
    whole = {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}}
    cluster.apply(pod("p", resources=whole))


def test_a_quota_of_a_class_counts_the_pods_of_that_class(cluster):
    term = {"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}
    spec = {"hard": {"pods": "0"}, "scopeSelector": {"matchExpressions": [term]}}
    cluster.apply(new("PriorityClass", "high", SCHEDULING, value=5))
    cluster.apply(new("ResourceQuota", "q", spec=spec))
    cluster.run(5)
    cluster.apply(pod("low"))
    assert refused(cluster, pod("p", priorityClassName="high")) == (
        "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0"
    )


def test_a_quota_of_a_class_of_attributes_counts_the_claims_of_that_class(cluster):
    term = {"scopeName": "VolumeAttributesClass", "operator": "Exists"}
    hard = {"persistentvolumeclaims": "0"}
    spec = {"hard": hard, "scopeSelector": {"matchExpressions": [term]}}
    cluster.apply(new("ResourceQuota", "q", spec=spec))
    cluster.run(5)
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    cluster.apply(new("PersistentVolumeClaim", "plain", spec=asked))
    fast = asked | {"volumeAttributesClassName": "fast"}
    assert refused(cluster, new("PersistentVolumeClaim", "fast", spec=fast)).startswith("exceeded")


def test_one_priority_class_at_most_is_the_default(cluster):
    cluster.apply(new("PriorityClass", "a", SCHEDULING, value=5, globalDefault=True))
    cluster.apply(
        new("PriorityClass", "a", SCHEDULING, value=5, globalDefault=True, description="")
    )
    assert refused(cluster, new("PriorityClass", "b", SCHEDULING, value=6, globalDefault=True)) == (
        "PriorityClass a is already marked as default. Only one default can exist"
    )


def test_a_pod_gets_what_its_class_of_runtimes_says(cluster):
    toleration = {"key": "kata", "operator": "Exists"}
    scheduling = {"nodeSelector": {"kata": "yes"}, "tolerations": [toleration]}
    overhead = {"podFixed": {"cpu": "100m"}}
    fields = {"handler": "kata", "scheduling": scheduling, "overhead": overhead}
    cluster.apply(new("RuntimeClass", "kata", NODE, **fields))
    cluster.apply(pod("p", runtimeClassName="kata"))
    spec = cluster.api.document("Pod", "p")["spec"]
    assert spec["overhead"] == {"cpu": "100m"}
    assert spec["nodeSelector"] == {"kata": "yes"}
    assert toleration in spec["tolerations"]
    assert refused(cluster, pod("q", runtimeClassName="other")) == (
        'pod rejected: RuntimeClass "other" not found'
    )
    assert refused(cluster, pod("q", runtimeClassName="kata", overhead={"cpu": "1"})) == (
        "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
    )
    assert refused(cluster, pod("q", overhead={"cpu": "1"})) == (
        "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
    )
    assert refused(cluster, pod("q", runtimeClassName="kata", nodeSelector={"kata": "no"})) == (
        "conflict: runtimeClass.scheduling.nodeSelector[kata] = yes; "
        "pod.spec.nodeSelector[kata] = no"
    )


def test_a_toleration_that_another_one_covers_is_left_out():
    wide, narrow = {"operator": "Exists"}, {"key": "a", "operator": "Equal", "value": "b"}
    assert merged([narrow], [wide]) == [wide]
    assert merged([wide], [narrow]) == [wide]
    assert merged([narrow], [dict(narrow)]) == [narrow]
    short = {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
    assert merged([short], [short | {"tolerationSeconds": 6}]) == [short | {"tolerationSeconds": 6}]


def test_an_account_may_say_which_secrets_its_pods_use(cluster):
    account = new("ServiceAccount", "robot", secrets=[{"name": "own"}])
    account["metadata"]["annotations"] = {"kubernetes.io/enforce-mountable-secrets": "true"}
    cluster.apply(account)

    def using(secret):
        volumes = [{"name": "v", "secret": {"secretName": secret}}]
        return pod("p", serviceAccountName="robot", volumes=volumes)

    assert refused(cluster, using("other")) == (
        'volume with secret.secretName="other" is not allowed because service account robot does '
        "not reference that secret"
    )
    cluster.apply(using("own"))


def test_a_class_of_attributes_goes_when_no_claim_names_it(cluster):
    fields = {"driverName": "a.b", "parameters": {"iops": "1"}}
    cluster.apply(new("VolumeAttributesClass", "fast", "storage.k8s.io/v1", **fields))
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim = asked | {"volumeAttributesClassName": "fast"}
    cluster.apply(new("PersistentVolumeClaim", "c", spec=claim))
    cluster.run(5)
    cluster.delete("VolumeAttributesClass", "fast")
    cluster.run(5)
    assert cluster.api.find("VolumeAttributesClass", "fast") is not None
    cluster.delete("PersistentVolumeClaim", "c")
    cluster.run(5)
    assert cluster.api.find("VolumeAttributesClass", "fast") is None
