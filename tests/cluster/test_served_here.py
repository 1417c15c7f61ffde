"""A cluster that is served without a port, as in a browser: the same requests, the same answers."""

from __future__ import annotations

import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from course_lib import Cluster, CourseError
from course_lib.cluster import served_here
from course_lib.cluster.served import Served
from course_lib.cluster.served_here import ServedHere

NODES = "/api/v1/nodes"
WEB = "/apis/apps/v1/namespaces/default/deployments/web"


def asked(served, path=NODES, method="GET", body=None, token=None):
    headers = {"Authorization": f"Bearer {token or served.token}"}
    headers["Content-Type"] = "application/merge-patch+json"
    data = json.dumps(body).encode() if body is not None else None
    with urlopen(Request(served.url + path, data, headers, method=method)) as answer:
        return answer.status, answer.headers["Content-Type"], json.load(answer)


@pytest.fixture
def web():
    cluster = Cluster(nodes=2)
    cluster.apply("data/web.yaml")
    cluster.run(30)
    return cluster


@pytest.mark.parametrize(
    ("path", "method", "body"),
    [
        (NODES, "GET", None),
        (WEB + "?pretty=1", "GET", None),
        ("/version", "GET", None),
        (WEB + "/scale", "PATCH", {"spec": {"replicas": 4}}),
    ],
)  # fmt: skip
def test_the_answers_are_those_of_a_port(path, method, body):
    answers = []
    for way in (Served, ServedHere):
        cluster = Cluster(nodes=2)
        cluster.apply("data/web.yaml")
        cluster.run(30)
        with way(cluster) as served:
            answers.append(asked(served, path, method, body))
    status, kind, document = answers[0]
    assert (status, kind.partition(";")[0], document) == answers[1]


def test_refusals_are_those_of_the_api_server(web):
    with ServedHere(web) as served:
        with pytest.raises(HTTPError, match="401") as refused:
            asked(served, token="guessed")
        assert json.load(refused.value)["message"] == "Unauthorized"
        with pytest.raises(HTTPError, match="404"):
            asked(served, NODES + "/nosuch")
        with pytest.raises(HTTPError, match="400") as refused:
            asked(served, NODES + "?watch=true")
        assert "a watch needs a connection" in json.load(refused.value)["message"]


def test_simulated_time_passes_while_it_is_served(web):
    with ServedHere(web) as served:
        asked(served, WEB + "/scale", "PATCH", {"spec": {"replicas": 5}})
        served.run(30)
    assert len(web.get("pods")) == 5


def test_two_are_told_apart_and_a_port_is_taken_once(web, capsys):
    with ServedHere(web) as one, ServedHere(Cluster(nodes=1)) as other:
        assert len(asked(one)[2]["items"]) == 2
        assert len(asked(other)[2]["items"]) == 1
        with pytest.raises(CourseError, match="cannot listen there"):
            ServedHere(web, one.port)
    assert capsys.readouterr().out == (served_here.NO_PORT + "\n") * 2
    with pytest.raises(OSError, match=r"refused|101|111"):
        asked(one)  # it is served no more: a real connection is tried


def test_a_browser_gets_it_by_the_same_call(web, monkeypatch):
    monkeypatch.setattr("course_lib.cluster.cluster.IN_BROWSER", True)
    with web.serve() as served:
        assert isinstance(served, ServedHere)
        assert asked(served)[0] == 200
