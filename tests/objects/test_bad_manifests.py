"""A bad manifest gets its document, the field's path, what was expected and what was found."""

import copy

import pytest

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from course_lib.objects.field_errors import (
    FieldError,
    InvalidObject,
    duplicate,
    forbidden,
    invalid,
    not_found,
    required,
)
from course_lib.objects.kind import Kind
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
            '"three"',
        ),
        (workload(replicas=-1), "Deployment default/web: spec.replicas", "or equal to 0", "-1"),
        (
            pod(containers=[container(resources={"requests": {"cpu": "1x"}})]),
            "Pod default/web: spec.containers[0].resources.requests[cpu]",
            "such as 100m",
            '"1x"',
        ),
        (
            pod(
                containers=[container(resources={"limits": {"cpu": "1"}, "requests": {"cpu": "2"}})]
            ),
            "Pod default/web: spec.containers[0].resources.requests",
            "must be less than or equal to cpu limit of 1",
            '"2"',
        ),
        (pod("Web"), "Pod default/Web: metadata.name", "RFC 1123", '"Web"'),
        (pod(containers=[container("a_b")]), "spec.containers[0].name", "RFC 1123", '"a_b"'),
        (
            service("web.shop"),
            "Service default/web.shop: metadata.name",
            "must not contain dots",
            '"web.shop"',
        ),
        (
            changed(workload(), "spec.selector", None),
            "Deployment default/web: spec.selector",
            "a value",
            "",
        ),
        (changed(pod(), "spec.containers", []), "spec.containers", "a value", ""),
        (
            changed(pod(), "spec.containers.0.name", None),
            "spec.containers[0].name",
            "a value",
            "",
        ),
        (changed(pod(), "apiVersion", None), "Pod web: apiVersion", "text", "None"),
        (
            changed(workload(), "spec.template.metadata.labels", {"app": "other"}),
            "spec.template.metadata.labels",
            "`selector` does not match template `labels`",
            '{"app":"other"}',
        ),
        (
            changed(pod(), "metadata.labels", {"bad key!": "x"}),
            "metadata.labels",
            "name part must consist of",
            '"bad key!"',
        ),
        (changed(pod(), "metadata.labels", {"app": 5}), "metadata.labels[app]", "text", "number 5"),
        (
            changed(pod(), "metadata.finalizers", ["hold"]),
            "metadata.finalizers",
            "name is neither a standard finalizer name nor is it fully qualified",
            '"hold"',
        ),
        (
            changed(
                pod(),
                "metadata.ownerReferences",
                [{"apiVersion": "v1", "kind": "Event", "name": "e", "uid": "1"}],
            ),
            "metadata.ownerReferences[0]",
            "Kind=Event is disallowed from being an owner",
            '"kind":"Event"',
        ),
        (pod(restartPolicy="Sometimes"), "spec.restartPolicy", "Always", '"Sometimes"'),
        (
            workload(pod_spec={"restartPolicy": "Never"}),
            "spec.template.spec.restartPolicy",
            'supported values: "Always"',
            '"Never"',
        ),
        (service(ports=[]), "spec.ports", "a value", ""),
        (service(ports=[{"port": 70000}]), "spec.ports[0].port", "between 1 and 65535", "70000"),
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
    before = cluster.api.server.store.revision
    with pytest.raises(CourseError) as problem:
        cluster.apply(f"{GOOD}---\n{bad}\n---\n{GOOD.replace('good', 'better')}")
    assert says in str(problem.value)
    assert cluster.api.server.store.revision == before


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


@pytest.mark.parametrize(
    ("document", "path", "hint"),
    [
        (workload(replica=3), "spec.replica", "replicas instead of replica"),
        (pod(containers=[container(imagePulPolicy="Never")]),
         "spec.containers[0].imagePulPolicy", "imagePullPolicy instead of"),
        (pod(hostPid=True), "spec.hostPid", "hostPID instead of hostPid"),
        (service(selectorr={}), "spec.selectorr", "selector instead of"),
        ({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "n"},
          "spec": {"podSelector": {"app": "web"}}}, "spec.podSelector.app", "API reference"),
    ],
)  # fmt: skip
def test_a_field_that_kubernetes_does_not_have_is_refused_as_kubectl_asks_for_it(
    document, path, hint
):
    with pytest.raises(CourseError) as problem:
        Cluster(nodes=0).apply(document)
    assert f"cannot be handled as a {document['kind']}: strict decoding error: " in str(
        problem.value
    )
    assert f'unknown field "{path}"' in problem.value.what
    assert hint in problem.value.do


def test_fields_that_the_course_does_not_act_on_are_kept_and_warned_of_by_path():
    cluster = Cluster(nodes=1)
    document = workload(pod_spec={"hostUsers": False})
    table = cluster.apply(document)
    assert "spec.template.spec.hostUsers: Kubernetes has it" in table.WARNINGS[0]
    kept = cluster.document("deployment", "web")["spec"]
    assert kept["template"]["spec"]["hostUsers"] is False


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (invalid("a", -1, "must be greater than or equal to 0"),
         "must be greater than or equal to 0"),
        (invalid("a", "B", "must be lower case (e.g. 'b', regex used is '[a-z]')"),
         "must be lower case"),
        (required("a", "name or generateName is required"), "name or generateName is required"),
        (required("a"), "a value"),
        (forbidden("a", "when `hostUsers` is false"), "the field left out, or as it was before"),
        (duplicate("a", "x"), "each value only once"),
        (not_found("a", "x"), "the name of something that exists"),
    ],
)  # fmt: skip
def test_below_a_refusal_stands_what_belongs_into_the_field(error: FieldError, expected: str):
    refusal = InvalidObject({"kind": "Pod", "metadata": {"name": "web"}}, [error])
    assert refusal.what == f'Pod "web" is invalid: {error}'
    assert (refusal.where, refusal.expected) == ("Pod web: a", expected)


GIZMO = {"apiVersion": "example.com/v1", "kind": "Gizmo", "metadata": {"name": "g"}}


def test_a_kind_that_no_definition_makes_known_is_refused_and_nothing_is_kept():
    cluster = Cluster(nodes=0)
    with pytest.raises(CourseError) as problem:
        cluster.apply(GIZMO)
    said = (
        'no matches for kind "Gizmo" in version "example.com/v1"\nensure CRDs are installed first'
    )
    assert said in str(problem.value)
    with pytest.raises(CourseError, match="resource type 'gizmos'"):
        cluster.get("gizmos")
    assert "Gizmo" not in str(cluster.api.server.store.range("/registry/"))


def test_objects_of_a_kind_that_was_added_are_listed_described_and_deleted():
    cluster, other = Cluster(nodes=0), Cluster(nodes=0)
    cluster.api.kinds.add(Kind("example.com/v1", kind="Gizmo", custom=True))
    cluster.apply(GIZMO)
    for name in ("gizmos", "Gizmo", "gizmos.example.com"):
        assert list(cluster.get(name).NAME) == ["g"]
        assert cluster.document(name, "g")["kind"] == "Gizmo"
    assert cluster.describe("gizmo", "g").startswith("Name:         g")
    cluster.delete("gizmo", "g")
    assert cluster.get("gizmos").empty
    with pytest.raises(CourseError, match="no matches for kind"):
        other.apply(GIZMO)


@pytest.mark.parametrize(
    ("version", "kind", "do"),
    [
        ("apps/v1", "Pod", "apiVersion: v1"),
        ("v1", "Deployment", "apiVersion: apps/v1"),
        ("extensions/v1beta1", "Ingress", "no longer since Kubernetes 1.22"),
        ("policy/v1beta1", "PodDisruptionBudget", "no longer since Kubernetes 1.25"),
        ("apps/v1", "Deploymnt", "Deployment"),
        ("v2", "Pod", "apiVersion: v1"),
        ("networking.k8s.io/v2", "Ingress", "networking.k8s.io/v1"),
    ],
)
def test_a_kind_in_a_version_that_does_not_have_it_is_refused_in_kubectls_words(version, kind, do):
    document = {"apiVersion": version, "kind": kind, "metadata": {"name": "x"}}
    with pytest.raises(CourseError) as problem:
        Cluster(nodes=0).apply(document)
    said = f'no matches for kind "{kind}" in version "{version}"\nensure CRDs are installed first'
    assert said in str(problem.value)
    assert do in problem.value.do


def names(cluster: Cluster, kind: str) -> list[str]:
    return [n for n in cluster.get(kind).NAME if n not in ("kubernetes", "kube-root-ca.crt")]


def config(name: str, **metadata: object) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}}


def test_all_that_is_refused_is_told_and_nothing_stays():
    cluster = Cluster(nodes=1)
    before = cluster.api.server.store.revision
    with pytest.raises(CourseError) as problem:
        cluster.apply([config("one"), config("two", namespace="missing"), pod("A")])
    assert problem.value.what == 'namespaces "missing" not found'
    assert 'Pod default/A: metadata.name: Pod "A" is invalid' in problem.value.do
    assert cluster.api.server.store.revision == before
    assert names(cluster, "configmaps") == []


def test_documents_see_the_namespaces_quotas_and_accounts_before_them():
    cluster = Cluster(nodes=1)
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    quota = config("few", namespace="shop") | {
        "kind": "ResourceQuota", "spec": {"hard": {"configmaps": "1"}}
    }  # fmt: skip
    two = [config("one", namespace="shop"), config("two", namespace="shop")]
    with pytest.raises(CourseError, match="exceeded quota: few"):
        cluster.apply([space, quota, *two])
    assert "shop" not in list(cluster.get("namespaces").NAME)
    cluster.apply([space, quota, two[0], pod() | {"metadata": {"name": "p", "namespace": "shop"}}])
    assert "shop" in list(cluster.get("namespaces").NAME)


def test_a_refused_update_leaves_the_others_as_they_were():
    cluster = Cluster(nodes=1)
    cluster.apply([service("old"), workload()])
    other = workload(selector={"matchLabels": {"app": "other"}})
    other["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    with pytest.raises(CourseError, match="field is immutable"):
        cluster.apply([service("old", port=81), other])
    assert cluster.api.document("Service", "old")["spec"]["ports"][0]["port"] == 80


def test_a_dry_look_at_the_documents_leaves_the_history_as_it_is():
    def history(refused: bool) -> list[str]:
        cluster = Cluster(nodes=2, seed=3)
        if refused:
            with pytest.raises(CourseError):
                cluster.apply([service(type="NodePort"), workload(), pod("A")])
        cluster.apply([service(type="NodePort"), workload()])
        cluster.run(seconds=30)
        return cluster.sim.log.lines()

    assert history(refused=True) == history(refused=False)


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
    assert warned == (
        f"{path}: Kubernetes has it; this simulation does not act on it" if path else ""
    )
