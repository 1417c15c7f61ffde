"""A bad manifest gets its document, the field's path, what was expected and what was found."""

import copy

import pytest

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from tests.conftest import container, pod, service, workload


def changed(document: dict, path: str, value: object) -> dict:
    document = copy.deepcopy(document)
    *steps, last = [int(s) if s.isdigit() else s for s in path.split(".")]
    place = document
    for step in steps:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return document


@pytest.mark.parametrize(
    ("document", "where", "expected", "found"),
    [
        (
            changed(workload(), "spec.replicas", "three"),
            "Deployment default/web: spec.replicas",
            "whole number",
            "'three'",
        ),
        (workload(replicas=-1), "Deployment default/web: spec.replicas", "0 or more", "-1"),
        (
            pod(containers=[container(resources={"requests": {"cpu": "1x"}})]),
            "Pod default/web: spec.containers[0].resources.requests[...]",
            "suffixes",
            "'1x'",
        ),
        (
            pod(
                containers=[container(resources={"limits": {"cpu": "1"}, "requests": {"cpu": "2"}})]
            ),
            "Pod default/web: spec.containers[0].resources.requests.cpu",
            "at most the limit 1",
            "'2'",
        ),
        (pod("Web"), "Pod default/Web: metadata.name", "RFC 1123", "'Web'"),
        (pod(containers=[container("a_b")]), "spec.containers[0].name", "RFC 1123", "'a_b'"),
        (service("web.shop"), "Service default/web.shop: metadata.name", "label", "'web.shop'"),
        (
            changed(workload(), "spec.selector", None),
            "Deployment default/web: spec.selector",
            "selector",
            "nothing",
        ),
        (changed(pod(), "spec.containers", []), "spec.containers", "at least one", "[]"),
        (
            changed(pod(), "spec.containers.0.name", None),
            "spec.containers[0].name",
            "name",
            "nothing",
        ),
        (changed(pod(), "apiVersion", None), "Pod web: apiVersion", "text", "None"),
        (
            changed(workload(), "spec.template.metadata.labels", {"app": "other"}),
            "spec.template.metadata.labels",
            "selects",
            "other",
        ),
        (
            changed(pod(), "metadata.labels", {"bad key!": "x"}),
            "metadata.labels",
            "DNS prefix",
            "bad key!",
        ),
        (changed(pod(), "metadata.labels", {"app": 5}), "metadata.labels", "text", "whole number"),
        (pod(restartPolicy="Sometimes"), "spec.restartPolicy", "Always", "'Sometimes'"),
        (
            workload(pod_spec={"restartPolicy": "Never"}),
            "spec.template.spec.restartPolicy",
            "Always",
            "'Never'",
        ),
        (service(ports=[]), "spec.ports", "at least one port", "[]"),
        (service(ports=[{"port": 70000}]), "spec.ports[0].port", "1 to 65535", "70000"),
    ],
)
def test_the_error_names_path_expected_and_found(document, where, expected, found):
    with pytest.raises(CourseError) as problem:
        Cluster(nodes=1).apply(document)
    assert where in problem.value.where
    assert expected in problem.value.expected
    assert found in problem.value.found


def test_several_problems_are_told_at_once():
    document = pod(containers=[container("A"), container("B", image=" ")])
    with pytest.raises(CourseError) as problem:
        Cluster(nodes=1).apply(document)
    text = str(problem.value)
    assert "containers[0].name" in text
    assert "containers[1].name" in text
    assert "containers[1].image" in text


GOOD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: good}\n"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {}", "containers"),
        ("kind: [unclosed", "line"),
        ("just text", "document 2"),
        ("kind: Pod\nkind: Pod", "set twice"),
        ("apiVersion: v1\nkind: List", "items"),
        ("a: .nan", "number"),
        ("a: &a [*a]", "deep"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: 1}", "data"),
    ],
)
def test_one_bad_document_among_several_and_nothing_is_applied(bad, says):
    cluster = Cluster(nodes=1)
    before = cluster.api.store.revision
    with pytest.raises(CourseError) as problem:
        cluster.apply(f"{GOOD}---\n{bad}\n---\n{GOOD.replace('good', 'better')}")
    assert says in str(problem.value)
    assert cluster.api.store.revision == before


def test_a_refusal_in_the_middle_puts_everything_back():
    cluster = Cluster(nodes=1)
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}}
    cluster.apply([quota | {"spec": {"hard": {"pods": "1"}}}, service("old")])
    before = cluster.api.document("Service", "old")["spec"]
    with pytest.raises(CourseError, match="exceeded quota: few"):
        cluster.apply([service("old", port=81), service("new"), pod("one"), pod("two")])
    assert list(cluster.get("pods").NAME) == []
    assert list(cluster.get("services").NAME) == ["kubernetes", "old"]
    assert cluster.api.document("Service", "old")["spec"] == before


def test_unknown_fields_and_kinds_are_kept_and_warned_of_by_path():
    cluster = Cluster(nodes=1)
    document = workload(replica=3, pod_spec={"setHostnameAsFQDN": True})
    table = cluster.apply(
        [document, {"apiVersion": "x/v1", "kind": "Gizmo", "metadata": {"name": "g"}}]
    )
    assert "spec.replica: kept" in table.WARNINGS[0]
    assert "did you mean replicas?" in table.WARNINGS[0]
    assert "spec.template.spec.setHostnameAsFQDN: kept" in table.WARNINGS[0]
    assert "no such kind" in table.WARNINGS[1]
    kept = cluster.document("deployment", "web")["spec"]
    assert kept["replica"] == 3
    assert kept["template"]["spec"]["setHostnameAsFQDN"] is True


def test_missing_files_and_wrong_encodings_are_told(tmp_path):
    cluster = Cluster(nodes=1)
    with pytest.raises(CourseError, match="cannot read the manifest"):
        cluster.apply("no/such/file.yaml")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("name: größe".encode("latin-1"))
    with pytest.raises(CourseError, match="not UTF-8"):
        cluster.apply(latin)


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (workload(pod_spec={"affinity": {"podAffinity": {}}}), None),
        (service(sessionAffinity="ClientIP"), None),
        (pod(containers=[container(lifecycle={"postStart": {"sleep": {"seconds": 1}}})]), None),
        (
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "Ingress",
                "metadata": {"name": "i"},
                "spec": {
                    "tls": [{"hosts": ["a.example"]}],
                    "defaultBackend": {"service": {"name": "web", "port": {"number": 80}}},
                },
            },
            "Ingress default/i: spec.tls",
        ),
    ],
)
def test_what_is_checked_but_not_acted_on_yet_is_warned_of_too(document, path):
    warned = Cluster(network="calico").apply(document).WARNINGS[0]
    assert warned == (f"{path}: kept, but the simulation does not act on it" if path else "")
