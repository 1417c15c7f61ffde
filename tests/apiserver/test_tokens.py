"""The volume with the token of an account, as admission adds it to Pods."""

import json

import pytest

from course_lib import Cluster
from course_lib.apiserver.bodies import Request
from course_lib.apiserver.rest import Face
from tests.conftest import container, pod

PLACE = "/var/run/secrets/kubernetes.io/serviceaccount"


def account(name, **fields):
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}, **fields}


@pytest.fixture
def cluster():
    cluster = Cluster(nodes=0)
    cluster.run(5)
    return cluster


def spec_of(cluster, document):
    cluster.apply(document)
    return cluster.api.document("Pod", document["metadata"]["name"])["spec"]


def tokens(spec):
    names = [v["name"] for v in spec.get("volumes", ()) if "kube-api-access-" in v["name"]]
    mounts = [
        (each["name"], mount["name"])
        for group in ("initContainers", "containers")
        for each in spec.get(group, ())
        for mount in each.get("volumeMounts", ())
        if mount["mountPath"] == PLACE
    ]
    return names, mounts


def test_every_container_gets_token_certificate_and_namespace(cluster):
    spec = spec_of(cluster, pod("p", [container("a")], initContainers=[container("b")]))
    (name,), mounts = tokens(spec)
    assert len(name) == len("kube-api-access-") + 5
    assert mounts == [("b", name), ("a", name)]
    (volume,) = spec["volumes"]
    token, certificate, namespace = volume["projected"]["sources"]
    assert token == {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}
    assert certificate["configMap"]["name"] == "kube-root-ca.crt"
    assert namespace["downwardAPI"]["items"][0]["fieldRef"]["fieldPath"] == "metadata.namespace"
    assert volume["projected"]["defaultMode"] == 0o644


@pytest.mark.parametrize(
    ("of_account", "of_pod", "mounted"),
    [
        (None, None, True),
        (False, None, False),
        (False, True, True),
        (True, False, False),
    ],
)
def test_the_pod_decides_before_its_account(cluster, of_account, of_pod, mounted):
    said = {} if of_account is None else {"automountServiceAccountToken": of_account}
    wish = {} if of_pod is None else {"automountServiceAccountToken": of_pod}
    cluster.apply(account("robot", **said))
    names, mounts = tokens(spec_of(cluster, pod("p", serviceAccountName="robot", **wish)))
    assert (len(names), len(mounts)) == (mounted, mounted)


def test_what_is_mounted_there_already_stays(cluster):
    own = container(volumeMounts=[{"name": "own", "mountPath": PLACE}])
    spec = spec_of(cluster, pod("p", [own], volumes=[{"name": "own", "emptyDir": {}}]))
    assert tokens(spec) == ([], [("main", "own")])


def test_a_volume_of_such_a_name_is_taken(cluster):
    volumes = [{"name": "kube-api-access-own", "emptyDir": {}}]
    spec = spec_of(cluster, pod("p", volumes=volumes))
    assert tokens(spec) == (["kube-api-access-own"], [("main", "kube-api-access-own")])


def test_pods_of_one_template_share_their_spec_with_the_name_of_the_volume(cluster):
    specs = [spec_of(cluster, pod(name)) for name in ("a", "b")]
    other = spec_of(cluster, pod("c", [container(image="busybox:1.36")]))
    assert specs[0] == specs[1]
    assert tokens(specs[0])[0] != tokens(other)[0]
    views = [cluster.api.get("Pod", name) for name in ("a", "b")]
    assert views[0].spec is views[1].spec


def test_one_seed_gives_one_name():
    names = []
    for _ in range(2):
        cluster = Cluster(nodes=0, seed=7)
        cluster.run(5)
        names += tokens(spec_of(cluster, pod("p")))[0]
    assert names[0] == names[1]


def ask(cluster, spec, name="default"):
    path = f"/api/v1/namespaces/default/serviceaccounts/{name}/token"
    head = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
    body = json.dumps(head | {"spec": spec}).encode()
    request = Request("POST", path, {}, {"content-type": "application/json"}, body)
    return Face(cluster.api.reach).answer(request)


@pytest.mark.parametrize(
    ("seconds", "status"), [(599, 422), (600, 201), (2**32, 201), (2**32 + 1, 422)]
)
def test_a_token_lives_for_some_minutes(cluster, seconds, status):
    assert ask(cluster, {"expirationSeconds": seconds}).status == status


def test_a_token_says_whose_it_is_and_how_long(cluster):
    answer = ask(cluster, {})
    assert answer.document["spec"]["expirationSeconds"] == 3600
    assert answer.document["spec"]["audiences"] == ["https://kubernetes.default.svc"]
    assert answer.document["status"].keys() == {"token", "expirationTimestamp"}
    assert ask(cluster, {}, name="nobody").status == 404
