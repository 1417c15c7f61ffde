"""How the API server shows objects as rows (`as=Table`).

Cells and columns are facts of kube-apiserver 1.37 (`pkg/printers/internalversion/printers.go`).
"""

from __future__ import annotations

import pytest

from course_lib import Cluster
from tests.conftest import container, pod
from tests.oracles.plane.course import CoursePlane

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.fixture(scope="module")
def plane():
    return CoursePlane()


def table(plane, path):
    return plane.ask("GET", path, accept=TABLE).document


def columns(plane, path):
    shown = table(plane, path)["columnDefinitions"]
    return [(each["name"], each["type"], each["priority"]) for each in shown]


def test_a_column_has_the_capitals_and_the_type_of_the_api(plane):
    assert columns(plane, "/apis/apps/v1/daemonsets")[:6] == [
        ("Name", "string", 0),
        ("Desired", "integer", 0),
        ("Current", "integer", 0),
        ("Ready", "integer", 0),
        ("Up-to-date", "integer", 0),
        ("Available", "integer", 0),
    ]
    assert ("Internal-IP", "string", 1) in columns(plane, "/api/v1/nodes")
    assert ("Created At", "date", 0) in columns(plane, "/api/v1/limitranges")
    assert ("Suspend", "boolean", 0) in columns(plane, "/apis/batch/v1/cronjobs")


@pytest.mark.parametrize(
    "path", ["/api/v1/pods", "/api/v1/events", "/apis/storage.k8s.io/v1/volumeattachments"]
)
def test_the_column_that_names_the_object_has_the_format_name(plane, path):
    shown = table(plane, path)["columnDefinitions"]
    assert [each["format"] for each in shown if each["name"] == "Name"] == ["name"]


def test_of_listed_classes_the_newest_default_is_marked_and_none_that_is_read_by_name():
    plane = CoursePlane()
    path = "/apis/storage.k8s.io/v1/storageclasses"
    mark = {"storageclass.beta.kubernetes.io/is-default-class": "true"}
    plane.wait(1)
    for name in ("fast", "bold"):
        body = {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": name, "annotations": mark},
            "provisioner": "disk.example",
        }
        assert plane.ask("POST", path, body).status == 201
    named = [row["cells"][0] for row in table(plane, path)["rows"]]
    assert named == ["bold (default)", "fast", "standard"]  # of one second the first name
    assert table(plane, f"{path}/bold")["rows"][0]["cells"][0] == "bold"


@pytest.mark.parametrize(
    ("hosts", "shown"),
    [
        ([None], "*"),
        (["a.b", "c.d", "e.f"], "a.b,c.d,e.f"),
        (["a.b", "c.d", "e.f", "g.h"], "a.b,c.d,e.f + 1 more..."),
        (["a.b", None, "c.d", "e.f", None], "a.b,c.d,e.f + 2 more..."),  # rules are counted
    ],
)
def test_the_first_three_hosts_of_an_ingress_are_shown(hosts, shown):
    plane = CoursePlane()
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    http = {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}
    rules = [{"http": http} | ({"host": host} if host else {}) for host in hosts]
    path = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web"},
        "spec": {"rules": rules},
    }
    assert plane.ask("POST", path, body).status == 201
    assert table(plane, path)["rows"][0]["cells"][2] == shown


def test_a_set_with_one_value_keeps_its_brackets_and_labels_come_in_their_order(plane):
    path = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
    chosen = {
        "matchLabels": {"tier": "web"},
        "matchExpressions": [
            {"key": "app", "operator": "In", "values": ["shop"]},
            {"key": "zone", "operator": "NotIn", "values": ["b", "a"]},
        ],
    }
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "some"},
        "spec": {"podSelector": chosen},
    }
    assert plane.ask("POST", path, body).status == 201
    cells = table(plane, path)["rows"][0]["cells"]
    assert cells[1] == "app in (shop),tier=web,zone notin (a,b)"


def test_the_row_of_a_pod_that_has_ended_says_so():
    plane = CoursePlane()
    cluster: Cluster = plane.cluster
    cluster.apply(
        pod(
            containers=[container(image="busybox:1.36", command=["true"])],
            restartPolicy="Never",
        )
    )
    path = "/api/v1/namespaces/default/pods"
    assert "conditions" not in table(plane, path)["rows"][0]
    cluster.run(30)
    (told,) = table(plane, path)["rows"][0]["conditions"]
    assert (told["type"], told["reason"]) == ("Completed", "Succeeded")
    assert told["message"] == "The pod has completed successfully."
