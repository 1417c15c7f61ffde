"""crictl on a node of a cluster: what the kubelet's Pods are to the runtime."""

from __future__ import annotations

import json
import re

import pytest

from course_lib import Cluster
from course_lib.errors import CourseError


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    cluster = Cluster(nodes=2)
    cluster.apply("data/web.yaml")
    cluster.run(30)
    return cluster


def test_ps_lists_the_containers_of_the_nodes_pods(cluster):
    names = set()
    for node in ("node-1", "node-2"):
        first, *rows = cluster.containers.crictl(f"--node {node} ps").stdout.splitlines()
        assert first.split()[:4] == ["CONTAINER", "IMAGE", "CREATED", "STATE"]
        names |= {row.split()[-2] for row in rows}
        assert all(re.search(r" (seconds|minute) ago +Running ", row) for row in rows)
    assert set(cluster.get("pods").NAME) <= names


def test_the_node_may_be_an_argument_too(cluster):
    assert str(cluster.containers.crictl("ps -q", node="node-2")) == str(
        cluster.containers.crictl("--node=node-2 ps -q")
    )
    assert str(cluster.containers.crictl("ps -q")) == str(
        cluster.containers.crictl("crictl --node node-1 ps -q")
    )


def test_a_container_is_looked_into(cluster):
    id = str(cluster.containers.crictl("ps -q")).splitlines()[0]
    found = json.loads(cluster.containers.crictl(f"inspect {id}").stdout)
    assert found["status"]["state"] == "CONTAINER_RUNNING"
    assert found["status"]["labels"]["io.kubernetes.pod.namespace"] == "default"
    assert cluster.containers.crictl(f"exec -s {id[:6]} echo hi").stdout == "hi\n\n\n"
    pod = str(cluster.containers.crictl("pods -q")).splitlines()[0]
    assert "IP Addresses: 10." in cluster.containers.crictl(f"inspectp -o table {pod}").stdout


def test_what_takes_time_says_how_much(cluster):
    before = cluster.now
    result = cluster.containers.crictl("stats")
    assert result.waited == cluster.now - before == 1.0
    assert "CPU %" in result.stdout


def test_the_kubelet_makes_again_what_somebody_stops():
    cluster = Cluster(nodes=1)
    cluster.apply("data/web-pod.yaml")
    cluster.run(30)
    first = str(cluster.containers.crictl("ps -q"))
    assert str(cluster.containers.crictl(f"stop {first}")) == first
    cluster.run(60)
    assert str(cluster.containers.crictl("ps -q")) not in ("", first)
    assert first in str(cluster.containers.crictl("ps -aq"))


def test_the_kubelets_list_of_calls_is_its_own(cluster):
    calls = len(cluster.kubelets["node-1"].cri.calls)
    cluster.containers.crictl("images")
    assert len(cluster.kubelets["node-1"].cri.calls) == calls


@pytest.mark.parametrize(
    ("line", "words", "code"),
    [
        ("nosuch", "No help topic for 'nosuch'", 3),
        ("inspect nosuch", "code = NotFound desc = an error occurred when try to find", 1),
        ("stop", "you must specify at least one CONTAINER-ID or use --all", 1),
        ("ps --nosuch", 'level=error msg="flag provided but not defined: -nosuch"', 1),
        ("runp pod.json", "crictl runp is not simulated by the course", 1),
        ("exec -it x sh", "crictl exec --tty is not simulated by the course", 1),
        ("inspect -o go-template x", "NotFound", 1),
        ("logs -f x", "crictl logs --follow is not simulated by the course", 1),
        ("ps '", "sh: cannot read the line: No closing quotation", 2),
    ],
)
def test_a_wrong_line_is_an_error_in_text_and_an_exit_code(cluster, line, words, code):
    result = cluster.containers.crictl(line)
    assert words in result.stderr and result.code == code


def test_a_node_without_power_is_not_reached():
    cluster = Cluster(nodes=2)
    cluster.kill_node("node-1")
    result = cluster.containers.crictl("--node node-1 ps")
    assert result.stderr == "ssh: connect to host node-1 port 22: No route to host\n"
    assert result.code == 255
    with pytest.raises(CourseError, match="no such node"):
        cluster.containers.crictl("--node moon ps")
