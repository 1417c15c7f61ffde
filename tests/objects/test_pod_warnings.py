"""What the API server accepts in Pods and their templates, and warns of."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.objects.kinds.pod import POD
from course_lib.objects.kinds.pod.warnings import template_warnings, warnings_of_template
from tests.conftest import container, pod


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster(nodes=0)


def one(**fields: object) -> dict:
    return pod(containers=[container(**fields)])


def volume(**source: object) -> dict:
    return pod(volumes=[{"name": "v", **source}])


def affinity(side: str, term: dict) -> dict:
    return pod(affinity={side: {"requiredDuringSchedulingIgnoredDuringExecution": term}})


FILES = [{"key": "a", "path": "x"}, {"key": "b", "path": "x/y"}]
OLD = "beta.kubernetes.io/os"
INSTEAD = 'deprecated since v1.14; use "kubernetes.io/os" instead'
WARNED = [
    (pod("web"), ""),
    (
        pod("web.v1"),
        "metadata.name: this is used in the Pod's hostname, which can result in surprising "
        "behavior; a DNS label is recommended: [must not contain dots]",
    ),
    (pod(nodeSelector={OLD: "linux"}), f"spec.nodeSelector[{OLD}]: {INSTEAD}"),
    (
        affinity(
            "nodeAffinity",
            {"nodeSelectorTerms": [{"matchExpressions": [{"key": OLD, "operator": "Exists"}]}]},
        ),
        "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution."
        f"nodeSelectorTerms[0].matchExpressions[0].key: {OLD} is {INSTEAD}",
    ),
    (
        affinity("podAffinity", [{"topologyKey": "zone"}]),
        "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]."
        "labelSelector: a null labelSelector results in matching no pod",
    ),
    (
        volume(gitRepo={"repository": "r"}),
        "spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+",
    ),
    (
        volume(configMap={"name": "c", "items": FILES}),
        'volume "v" (ConfigMap "c"): overlapping paths: "x/y" with "x"',
    ),
    (volume(configMap={"name": "c", "items": [*FILES[:1], {"key": "b", "path": "xy"}]}), ""),
    (
        volume(projected={"sources": [{"secret": {"name": "s", "items": FILES}}]}),
        'volume "v" (Projected): overlapping paths: "x/y" (Secret "s") with "x" (Secret "s")',
    ),
    (
        pod(imagePullSecrets=[{"name": "a"}, {"name": "a"}]),
        'spec.imagePullSecrets[1].name: duplicate name "a"',
    ),
    (
        one(resources={"requests": {"memory": "500m"}}),
        'spec.containers[0].resources.requests[memory]: fractional byte value "500m" is invalid, '
        "must be an integer",
    ),
    (
        one(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]),
        'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when '
        "using apply",
    ),
    (one(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "$(A)2"}]), ""),
    (
        one(ports=[{"containerPort": 80}, {"containerPort": 80}]),
        "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]",
    ),
    (
        one(ports=[{"containerPort": 80}, {"containerPort": 80, "hostPort": 8080}]),
        "spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]",
    ),
    (
        one(ports=[{"containerPort": 80, "hostIP": "10.0.0.1"}]),
        "spec.containers[0].ports[0]: hostIP set without hostPort: "
        "{Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:10.0.0.1}",
    ),
]


@pytest.mark.parametrize(("document", "words"), WARNED, ids=lambda v: str(v)[:40])
def test_a_pod_is_warned_of_in_the_words_of_the_api_server(cluster, document, words):
    made, _ = cluster.api.server.check(document)
    assert list(POD.warnings(made, None)) == [words][: bool(words)]
    assert list(POD.warnings(made, made)) == []


def test_a_template_is_warned_of_where_it_changes():
    template = {"spec": {"nodeSelector": {OLD: "linux"}, "containers": []}}
    words = [f"spec.template.spec.nodeSelector[{OLD}]: {INSTEAD}"]
    assert list(template_warnings(template, "spec.template")) == words

    def holder(generation: int) -> dict:
        return {"metadata": {"generation": generation}, "spec": {"template": template}}

    assert list(warnings_of_template(holder(1), None)) == words
    assert list(warnings_of_template(holder(1), holder(1))) == []
    assert list(warnings_of_template(holder(2), holder(1))) == words
