"""A served cluster: who is let in, what a watch tells, and clients that behave badly."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time

import pytest

from course_lib import Cluster
from course_lib.cluster import watch_stream
from course_lib.engine.timestamps import EPOCH, seconds_at
from course_lib.errors import CourseError
from tests.conftest import pod

PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture
def served():
    cluster = Cluster(nodes=1)
    cluster.apply("data/web.yaml")
    cluster.run(30)
    with cluster.serve() as served:
        yield served


def send(served, method, path, body=None, **headers):
    """Status and document; headers with underscores, None leaves one out."""
    port = int(served.url.rpartition(":")[2])
    given = {"Authorization": f"Bearer {served.token}", "Content-Type": "application/json"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with_host = "Host" in given
    connection.putrequest(method, path, skip_host=with_host)
    data = json.dumps(body).encode() if body is not None else b""
    for name, value in (given | {"Content-Length": str(len(data))}).items():
        if value is not None:
            connection.putheader(name, value)
    connection.endheaders(data)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_only_who_has_the_token_is_answered(served):
    assert send(served, "GET", PODS)[0] == 200
    for wrong in (
        None,
        "",
        "Bearer",
        "Bearer x",
        f"Basic {served.token}",
        f"Bearer {served.token}x",
    ):
        status, said = send(served, "GET", PODS, Authorization=wrong)
        assert (status, said["reason"], said["message"]) == (401, "Unauthorized", "Unauthorized")
        assert said["kind"] == "Status" and said["details"] == {}


def test_the_token_may_stand_in_the_path_as_kubectl_has_it(served):
    path = served.server.removeprefix(served.url)
    assert send(served, "GET", path + PODS, Authorization=None)[0] == 200
    assert send(served, "GET", "/token/x" + PODS, Authorization=None)[0] == 401
    assert send(served, "GET", f"/token/x{PODS}/web/log", Authorization=None)[0] == 401
    assert send(served, "GET", f"{PODS}/web/exec?command=ls", Authorization=None)[0] == 401


def test_two_clusters_have_two_tokens(served):
    with Cluster(nodes=1).serve() as other:
        assert other.token != served.token


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", ""]
)
def test_a_name_that_was_made_to_lead_here_is_refused(served, host):
    assert send(served, "GET", PODS, Host=host)[0] == 403
    assert send(served, "GET", PODS, Host="localhost:1")[0] == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:9", ""])
def test_a_web_page_is_refused(served, origin):
    before = served.cluster.api.server.store.revision
    for method in ("GET", "POST", "DELETE"):
        assert send(served, method, PODS, pod("x"), Origin=origin)[0] == 403
    assert served.cluster.api.server.store.revision == before


def test_what_goes_wrong_before_the_api_is_a_status_too(served):
    for method, path, code in (
        ("OPTIONS", PODS, 405), ("FOO", PODS, 405),
        ("GET", f"{PODS}?labelSelector=%ff", 400), ("GET", f"{PODS}/x/log?tailLines=abc", 400),
        ("GET", f"{PODS}/x/log?tailLines=-1", 422), ("GET", f"{PODS}/x/log?limitBytes=0", 422),
        ("GET", f"{PODS}/x/log?sinceSeconds=0", 422), ("POST", f"{PODS}/x/exec", 404),
        ("POST", f"{PODS}/x/log", 405), ("GET", f"{PODS}?watch=1&timeoutSeconds=x", 400),
        ("GET", f"{PODS}?watch=1&sendInitialEvents=true", 422),
        ("GET", f"{PODS}?watch=1&resourceVersionMatch=Exact&sendInitialEvents=1", 422),
    ):  # fmt: skip
        status, said = send(served, method, path)
        assert (status, said["kind"], said["code"]) == (code, "Status", code), path
        assert ("details" in said) == (said["reason"] != "BadRequest")


def test_a_path_that_nobody_serves_is_answered_in_plain_text(served):
    port = int(served.url.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/x", headers={"Authorization": f"Bearer {served.token}"})
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (404, b"404 page not found\n")


def test_a_pod_without_a_node_has_no_log_yet(served):
    large = {"name": "web", "image": "nginx:1.27", "resources": {"requests": {"cpu": "1000"}}}
    pod = {"metadata": {"name": "waits"}, "spec": {"containers": [large]}}
    served.face.api.create({"apiVersion": "v1", "kind": "Pod", **pod})
    for path in (f"{PODS}/waits/log", f"{PODS}/waits/log?follow=true"):
        connection = http.client.HTTPConnection(
            "127.0.0.1", int(served.url.rpartition(":")[2]), timeout=20
        )
        connection.request("GET", path, headers={"Authorization": f"Bearer {served.token}"})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (204, b"")


def test_a_fault_of_the_server_is_told_as_a_status(served, monkeypatch):
    monkeypatch.setattr(served.face, "table", lambda *given: 1 / 0)
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    status, said = send(served, "GET", PODS, Accept=accept)
    assert (status, said["reason"]) == (500, "InternalError") and "division" in said["message"]
    assert send(served, "GET", PODS)[0] == 200


# Watches


class Watching:
    """A client's watch, read line by line."""

    def __init__(self, served, query, path=PODS, accept="application/json"):
        port = int(served.url.rpartition(":")[2])
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {"Authorization": f"Bearer {served.token}", "Accept": accept}
        self.connection.request("GET", f"{path}?watch=true&{query}", headers=headers)
        self.answer = self.connection.getresponse()

    def next(self):
        return json.loads(self.answer.readline())

    def rest(self):
        return [json.loads(line) for line in self.answer]


ALL_AND_MORE = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"


@pytest.mark.parametrize("version", ["", "0", "1"])
def test_a_list_comes_as_a_watch_and_ends_with_a_bookmark(served, version):
    watching = Watching(served, f"{ALL_AND_MORE}&resourceVersion={version}")
    first = [watching.next() for _ in range(4)]
    assert [event["type"] for event in first] == ["ADDED"] * 3 + ["BOOKMARK"]
    meta = first[3]["object"]["metadata"]
    assert meta["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert meta["resourceVersion"] == str(served.cluster.api.server.store.revision)
    assert first[3]["object"]["kind"] == "Pod"
    served.cluster.delete("pod", first[0]["object"]["metadata"]["name"])
    assert watching.next()["type"] == "MODIFIED"


def test_a_watch_without_a_revision_begins_with_all_that_is_there(served):
    events = Watching(served, "allowWatchBookmarks=1&timeoutSeconds=1").rest()
    assert [event["type"] for event in events] == ["ADDED"] * 3 + ["BOOKMARK"]
    events = Watching(served, "timeoutSeconds=1").rest()
    assert [event["type"] for event in events] == ["ADDED"] * 3
    query = "sendInitialEvents=0&resourceVersionMatch=NotOlderThan&timeoutSeconds=1"
    assert Watching(served, query).rest() == []


def test_a_watch_from_a_revision_tells_what_came_after_it(served):
    before = served.cluster.api.server.store.revision
    served.cluster.apply(pod("late"))
    events = Watching(served, f"resourceVersion={before}&timeoutSeconds=1").rest()
    assert {event["object"]["metadata"]["name"] for event in events} == {"late"}
    assert Watching(served, "resourceVersion=99999&timeoutSeconds=1").rest() == []


@pytest.mark.parametrize("accept", ["application/json", "application/json;as=Table"])
def test_a_watch_from_a_forgotten_revision_is_one_error_and_ends(served, accept):
    store = served.cluster.api.server.store
    store.compact(store.revision)
    watching = Watching(served, f"resourceVersion={store.revision - 1}", accept=accept)
    assert watching.answer.status == 200
    (event,) = watching.rest()
    assert (event["type"], event["object"]["kind"]) == ("ERROR", "Status")
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
    assert event["object"]["message"] == (
        f"too old resource version: {store.revision - 1} ({store.revision})"
    )
    query = f"resourceVersion={store.revision}&timeoutSeconds=1"
    assert Watching(served, query, accept=accept).rest() == []


def test_a_list_as_a_watch_that_has_to_be_newer_than_the_store_is_one_error(served):
    now = served.cluster.api.server.store.revision
    newest = Watching(served, f"{ALL_AND_MORE}&resourceVersion={now}&timeoutSeconds=1").rest()
    assert [event["type"] for event in newest] == ["ADDED"] * 3 + ["BOOKMARK"]
    watching = Watching(served, f"{ALL_AND_MORE}&resourceVersion={now + 1}")
    assert watching.answer.status == 200
    (event,) = watching.rest()
    assert event["type"] == "ERROR"
    assert (event["object"]["code"], event["object"]["reason"]) == (504, "Timeout")


def test_a_deletion_is_told_with_the_revision_of_the_deletion(served):
    served.cluster.apply(pod("short"))
    now = served.cluster.api.server.store.revision
    watching = Watching(served, f"resourceVersion={now}&fieldSelector=metadata.name%3Dshort")
    served.cluster.delete("pod", "short")
    event = watching.next()
    assert event["type"] == "DELETED"
    assert event["object"]["metadata"]["resourceVersion"] == str(now + 1)


def test_a_watched_table_has_a_bookmark_and_metadata_of_what_is_gone(served):
    served.cluster.apply(pod("short") | {"metadata": {"name": "short", "labels": {"a": "b"}}})
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    watching = Watching(served, f"{ALL_AND_MORE}&labelSelector=a%3Db", accept=accept)
    added, bookmark = watching.next(), watching.next()
    assert added["object"]["rows"][0]["cells"][0] == "short"
    meta = bookmark["object"]["rows"][0]["object"]["metadata"]
    assert "k8s.io/initial-events-end" in meta["annotations"]
    served.cluster.delete("pod", "short")
    gone = watching.next()["object"]["rows"][0]["object"]["metadata"]
    assert gone["name"] == "short" and gone["labels"] == {"a": "b"}


def test_watches_behind_a_load_balancer_end_with_their_api_server():
    cluster = Cluster.ha_etcd()
    cluster.apply("data/web.yaml")
    cluster.run(30)
    with cluster.serve() as served:
        watching = Watching(served, ALL_AND_MORE)
        assert [watching.next()["type"] for _ in range(4)] == ["ADDED"] * 3 + ["BOOKMARK"]
        cluster.delete("pod", cluster.get("pods").NAME[0])
        served.run(5)
        assert watching.next()["type"] == "MODIFIED"
        for name in cluster.plane.layout.control_planes:
            cluster.kill_node(name)
        watching.rest()  # ends


# Clients that behave badly


def test_a_client_that_hangs_up_leaves_nothing_behind(served):
    before = len(served.cluster.api.server.store.watches)
    watchings = [Watching(served, ALL_AND_MORE) for _ in range(20)]
    assert len(served.cluster.api.server.store.watches) == before + 20
    for watching in watchings:
        watching.answer.close()
        watching.connection.close()
    deadline = time.monotonic() + 10
    while len(served.cluster.api.server.store.watches) > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(served.cluster.api.server.store.watches) == before
    assert served.cluster.api.server.clients == []


def test_a_client_that_does_not_read_is_let_go_and_keeps_nobody_waiting(served, monkeypatch):
    monkeypatch.setattr(watch_stream, "MOST_UNREAD", 50)
    before = len(served.cluster.api.server.store.watches)
    port = int(served.url.rpartition(":")[2])
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.connect(("127.0.0.1", port))
        head = f"GET {PODS}?watch=1 HTTP/1.1\r\nHost: localhost\r\n"
        lazy.sendall(f"{head}Authorization: Bearer {served.token}\r\n\r\n".encode())
        lazy.recv(100)
        name = served.cluster.get("pods").NAME[0]
        deadline = time.monotonic() + 30
        number = 0
        while len(served.cluster.api.server.store.watches) > before and time.monotonic() < deadline:
            number += 1
            note = {"metadata": {"annotations": {"note": f"{number} " * 2000}}}
            with served.lock:
                served.cluster.api.patch("Pod", name, "default", note)
        assert len(served.cluster.api.server.store.watches) == before
    assert send(served, "GET", PODS)[0] == 200


def test_half_a_request_keeps_nobody_waiting(served):
    port = int(served.url.rpartition(":")[2])
    halves = []
    for text in (
        b"GET /api",
        b"POST /api/v1/pods HTTP/1.1\r\nContent-Length: 9\r\n\r\nx",
        b"\0\xff\r\n\r\n",
    ):
        half = socket.create_connection(("127.0.0.1", port))
        half.sendall(text)
        halves.append(half)
    assert send(served, "GET", PODS)[0] == 200
    for half in halves:
        half.close()


def test_many_clients_at_once(served):
    codes = []

    def work(number):
        made = send(served, "POST", PODS, pod(f"many-{number}"))[0]
        codes.append((made, send(served, "DELETE", f"{PODS}/many-{number}")[0]))

    workers = [threading.Thread(target=work, args=(number,)) for number in range(30)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert codes == [(201, 200)] * 30


# Settings


@pytest.mark.parametrize("port", [-1, 65536, 99999])
def test_a_port_that_there_cannot_be_is_refused(port):
    with pytest.raises(CourseError, match="no such port"):
        Cluster(nodes=1).serve(port)


@pytest.mark.parametrize("speed", [-1.0, float("nan"), float("inf")])
def test_a_speed_that_is_none_is_refused(speed):
    with pytest.raises(CourseError, match="no such speed"):
        Cluster(nodes=1).serve(speed=speed)


def test_a_component_that_fails_does_not_stop_time(served_fast, monkeypatch):
    served, run, failed = served_fast, served_fast.cluster.run, threading.Event()

    def failing(seconds):
        if not failed.is_set():
            failed.set()
            raise ZeroDivisionError("a component's fault")
        run(seconds)

    monkeypatch.setattr(served.cluster, "run", failing)
    assert failed.wait(10)
    now = served.cluster.now
    deadline = time.monotonic() + 10
    while served.cluster.now == now and time.monotonic() < deadline:
        time.sleep(0.01)
    assert served.cluster.now > now


@pytest.fixture
def served_fast():
    with Cluster(nodes=1).serve(speed=50) as served:
        yield served


def test_a_kubeconfig_is_no_other_file_and_goes_at_the_end(tmp_path):
    there, mine, moved = tmp_path / "there", tmp_path / "mine", tmp_path / "moved"
    there.write_text("of somebody")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with Cluster(nodes=1).serve() as served:
        for wrong in (there, tmp_path, tmp_path / "link", tmp_path / "none" / "x"):
            with pytest.raises(CourseError, match="kubeconfig"):
                served.kubeconfig(wrong)
        assert there.read_text() == "of somebody"
        served.kubeconfig(mine)
        served.kubeconfig(moved)
        assert mine.stat().st_mode & 0o077 == 0 and served.token in mine.read_text()
        moved.rename(tmp_path / "kept")
        moved.write_text("another file of that name")
    assert not mine.exists() and there.exists() and moved.exists()


def test_a_cluster_may_start_at_any_time():
    start = 20_000_000.5
    cluster = Cluster(nodes=2, start=start)
    cluster.apply("data/web.yaml")
    cluster.run(60)
    made = cluster.document("deployment", "web")["metadata"]["creationTimestamp"]
    assert seconds_at(made) == int(start) and EPOCH.year == 2026
    assert cluster.ready("deployment/web") and list(cluster.get("deployments").AGE) == ["60s"]


def test_the_start_changes_nothing_but_times():
    def story(start):
        cluster = Cluster(nodes=2, start=start, seed=3)
        cluster.apply("data/web.yaml")
        cluster.run(60)
        return [list(cluster.get("pods", wide=True)[name]) for name in ("NAME", "NODE", "IP")]

    assert story(0.0) == story(31_536_000.0)


def followed(served, path, lines):
    """The lines that the server sends of a log that is followed, until it ends."""
    port = int(served.url.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Authorization": f"Bearer {served.token}"})
    answer = connection.getresponse()
    while line := answer.readline():
        lines.append(line.decode())


def test_a_log_that_is_followed_is_sent_line_by_line_until_the_container_ends(served):
    script = "echo one; sleep 5; echo two; sleep 5"
    served.cluster.kubectl(f"run talker --image=busybox --restart=Never -- sh -c '{script}'")
    served.run(3)
    lines: list[str] = []
    path = f"{PODS}/talker/log?follow=true&tailLines=1"
    reader = threading.Thread(target=followed, args=(served, path, lines))
    reader.start()
    wait_for(lambda: lines == ["one\n"])
    served.run(5)
    wait_for(lambda: lines == ["one\n", "two\n"])
    assert reader.is_alive()
    served.run(5)
    reader.join(5)
    assert not reader.is_alive() and lines == ["one\n", "two\n"]


def test_a_log_that_is_not_there_is_not_followed(served):
    status, document = send(served, "GET", f"{PODS}/nosuch/log?follow=true")
    assert (status, document["reason"]) == (404, "NotFound")


def wait_for(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
