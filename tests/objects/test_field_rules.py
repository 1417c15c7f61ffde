"""What the API server refuses although every type is right, field by field, in its words."""

from __future__ import annotations

import pytest

from course_lib.apiserver.errors import Forbidden
from course_lib.cluster import Cluster
from course_lib.errors import CourseError, InvalidManifest
from course_lib.objects.quantity import Quantity
from tests.conftest import container, job, pod, service, workload


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return Cluster(nodes=0)


def kind(name: str, version: str, **parts: object) -> dict:
    return {"apiVersion": version, "kind": name, "metadata": {"name": "x"}, **parts}


def policy(**spec: object) -> dict:
    return kind("NetworkPolicy", "networking.k8s.io/v1", spec={"podSelector": {}, **spec})


def peer(**fields: object) -> dict:
    return policy(ingress=[{"from": [fields]}])


def way(**fields: object) -> dict:
    return policy(egress=[{"ports": [fields]}])


def one(**fields: object) -> dict:
    return pod(containers=[container(**fields)])


def volume(**source: object) -> dict:
    return pod(volumes=[{"name": "v", **source}])


def env(**source: object) -> dict:
    return one(env=[{"name": "A", "valueFrom": source}])


def port(**fields: object) -> dict:
    return service(ports=[{"port": 80, **fields}])


def ingress(host: str = "a.example", path: object = "/", **backend: object) -> dict:
    backend = backend or {"service": {"name": "w", "port": {"number": 80}}}
    paths = [{"path": path, "pathType": "Prefix", "backend": backend}]
    return kind(
        "Ingress",
        "networking.k8s.io/v1",
        spec={"rules": [{"host": host, "http": {"paths": paths}}]},
    )


def limit(**item: object) -> dict:
    return kind("LimitRange", "v1", spec={"limits": [{"type": "Container", **item}]})


def scaler(**spec: object) -> dict:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return kind(
        "HorizontalPodAutoscaler",
        "autoscaling/v2",
        spec={"scaleTargetRef": target, "maxReplicas": 3, **spec},
    )


def metric(**target: object) -> dict:
    resource = {"name": "cpu", "target": {"type": "Utilization", **target}}
    return scaler(metrics=[{"type": "Resource", "resource": resource}])


def session(value: object) -> dict:
    config = {"clientIP": {"timeoutSeconds": value}}
    return service(sessionAffinity="ClientIP", sessionAffinityConfig=config)


def claims(**template: object) -> dict:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return workload("StatefulSet", volumeClaimTemplates=[{"spec": spec, **template}])


def endpoints(**fields: object) -> dict:
    return kind(
        "EndpointSlice",
        "discovery.k8s.io/v1",
        addressType="IPv4",
        endpoints=[{"addresses": ["10.0.0.1"], **fields}],
    )


EXPRESSION = {"matchExpressions": [{"key": "app", "operator": "Is", "values": ["web"]}]}

# A document, the path of its mistake, and the words about it.
REFUSED = [
    (session(0), "timeoutSeconds", "greater than 0 and less than 86400"),
    (port(targetPort="8080"), "spec.ports[0].targetPort", "at least one letter"),
    (port(targetPort="a-name-that-is-too-long"), "targetPort", "no more than 15 characters"),
    (port(targetPort="Web_1"), "targetPort", "alpha-numeric"),
    (service(type="NodePort", clusterIP="None"), "spec.clusterIPs[0]", "may not be set to 'None'"),
    (service(clusterIP="10.96"), "spec.clusterIPs[0]", "valid IP address"),
    (
        service(type="ExternalName", externalName="http://x y"),
        "spec.externalName",
        "RFC 1123 subdomain",
    ),
    (service(externalIPs=["127.0.0.1"]), "spec.externalIPs[0]", "loopback"),
    (endpoints(addresses=["web"]), "endpoints[0].addresses[0]", "valid IP address"),
    (peer(ipBlock={"cidr": "hello"}), "from[0].ipBlock", "valid CIDR"),
    (peer(ipBlock={"cidr": "10.244.0.0"}), "from[0].ipBlock", "valid CIDR"),
    (peer(ipBlock={"cidr": "10.244.0.1/16"}), "from[0].ipBlock", "beyond the prefix length"),
    (
        peer(ipBlock={"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}),
        "from[0].ipBlock",
        "strict subset",
    ),
    (
        peer(ipBlock={"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}),
        "from[0].ipBlock",
        "strict subset",
    ),
    (peer(ipBlock={"cidr": "10.0.0.0/8"}, podSelector={}), "from[0]", "may not specify both"),
    (peer(), "spec.ingress[0].from[0]", "must specify a peer"),
    (
        peer(podSelector=EXPRESSION),
        "podSelector.matchExpressions[0]",
        "not a valid selector operator",
    ),
    (way(port=99999), "spec.egress[0].ports[0].port", "between 1 and 65535"),
    (way(port="80"), "spec.egress[0].ports[0].port", "at least one letter"),
    (way(port=80, endPort=79), "spec.egress[0].ports[0]", "greater than or equal to `port`"),
    (way(port="web", endPort=79), "spec.egress[0].ports[0]", "`port` is non-numeric"),
    (way(endPort=79), "spec.egress[0].ports[0]", "`port` is not specified"),
    (way(protocol="HTTP"), "spec.egress[0].ports[0].protocol", '"TCP", "UDP", "SCTP"'),
    (workload(selector=EXPRESSION), "spec.selector.matchExpressions[0]", "not a valid"),
    (claims(), "spec.template.spec.volumes[0].persistentVolumeClaim.claimName", "a value"),
    (one(resources={"limits": {"cpu": "1e9999"}}), "limits", "the quantity is too large"),
    (one(resources={"limits": {"cpu": "9" * 200}}), "limits", "the quantity is too large"),
    (kind("Secret", "v1", data={"a": "not base64!"}), "data[a]", "base64"),
    (kind("Secret", "v1", type="kubernetes.io/tls"), "data[tls.crt]", "Required value"),
    (kind("ConfigMap", "v1", data={"a b/c": "x"}), "data[a b/c]", "config key"),
    (kind("ConfigMap", "v1", data={"a": "x" * 1_100_000}), "", "Too long"),
    (ingress(host="t.example:80"), "rules[0].host", "RFC 1123 subdomain"),
    (ingress(host="1.2.3.4"), "rules[0].host", "not an IP address"),
    (ingress(path="foo"), "paths[0].path", "absolute path"),
    (
        ingress(service={"name": "w", "port": {"number": 80, "name": "x"}}),
        "backend",
        "cannot set both",
    ),
    (limit(default={"cpu": "2"}, max={"cpu": "1"}), "[cpu]", "greater than max value 1"),
    (limit(maxLimitRequestRatio={"cpu": "500m"}), "maxLimitRequestRatio[cpu]", "less than 1"),
    (kind("ResourceQuota", "v1", spec={"hard": {"pods": "-1"}}), "spec.hard", "greater than"),
    (kind("ResourceQuota", "v1", spec={"hard": {"pods": "1500m"}}), "spec.hard", "an integer"),
    (metric(), "target.averageUtilization", "must set either"),
    (metric(averageUtilization=50, averageValue="1"), "averageValue", "may not set both"),
    (scaler(metrics=[{"type": "CPU"}]), "spec.metrics[0].type", '"Resource"'),
    (job(completionMode="Indexed", completions=1, parallelism=100_001), "parallelism", "100000"),
    (job(selector={"matchLabels": {"a": "b"}}), "spec.selector", "not auto-generated"),
    (workload(pod_spec={"activeDeadlineSeconds": 5}), "activeDeadlineSeconds", "not Supported"),
    (
        workload("DaemonSet", updateStrategy={"rollingUpdate": {"maxSurge": 1}}),
        "rollingUpdate.maxSurge",
        "maxUnavailable is non-zero",
    ),
]


@pytest.mark.parametrize(("document", "path", "words"), REFUSED, ids=lambda v: str(v)[:40])
def test_a_field_that_the_api_server_refuses_is_refused_in_its_words(
    cluster, document, path, words
):
    with pytest.raises(InvalidManifest) as problem:
        cluster.api.server.check(document)
    assert path in problem.value.where
    assert words in problem.value.expected or words in problem.value.what


def test_a_priority_without_a_class_is_forbidden(cluster):
    with pytest.raises(Forbidden, match=r"the integer value of priority \(100\) must not"):
        cluster.api.create(pod(priority=100))


@pytest.mark.parametrize(
    "document",
    [
        one(livenessProbe={"httpGet": {"port": "web"}, "periodSeconds": 0}),
        pod(terminationGracePeriodSeconds=-5),
        service(sessionAffinity="ClientIP"),
        session(10800),
        port(targetPort="web"),
        peer(podSelector={}, namespaceSelector={}),
        peer(ipBlock={"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}),
        way(port=80, endPort=90),
        way(),
        env(fieldRef={"fieldPath": "metadata.labels['app']"}),
        env(resourceFieldRef={"resource": "limits.memory", "divisor": "1Mi"}),
        volume(),
        volume(emptyDir={"medium": "memory"}),
        volume(secret={"secretName": "a", "items": [{"key": "a b", "path": "a"}]}),
        pod(
            topologySpreadConstraints=[
                {"maxSkew": 1, "topologyKey": "a b", "whenUnsatisfiable": "DoNotSchedule"}
            ]
        ),
        volume(
            downwardAPI={"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}
        ),
        volume(emptyDir={"medium": "Memory", "sizeLimit": "1Mi"}),
        kind("PriorityClass", "scheduling.k8s.io/v1"),
        kind("Secret", "v1", data={"a": "aGVs\nbG8="}),
        ingress(host="*.example.com"),
        ingress(resource={"apiGroup": "a.b", "kind": "Bucket", "name": "x"}),
        kind("ClusterRole", "rbac.authorization.k8s.io/v1", rules=[]),
    ],
    ids=lambda v: str(v)[:60],
)
def test_what_the_api_server_accepts_is_accepted(cluster, document):
    cluster.api.server.check(document)


def test_zero_in_a_probe_means_its_default(cluster):
    made, _ = cluster.api.server.check(
        one(livenessProbe={"exec": {"command": ["true"]}, "periodSeconds": 0})
    )
    assert made["spec"]["containers"][0]["livenessProbe"]["periodSeconds"] == 10


def test_a_negative_grace_period_becomes_one_second(cluster):
    made, _ = cluster.api.server.check(pod(terminationGracePeriodSeconds=-5))
    assert made["spec"]["terminationGracePeriodSeconds"] == 1


def test_quantities_stay_within_what_is_counted():
    assert str(Quantity("12E")) == "12E"
    assert str(Quantity("1e-9999")) == "1e-9"
    with pytest.raises(CourseError, match="too large"):
        Quantity("1e9999")
