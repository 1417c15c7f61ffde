"""`python -m course_lib kubectl`: on a command line, on a cluster that is served."""

from __future__ import annotations

import io

import pytest

from course_lib import Cluster
from course_lib.cli import main
from course_lib.cluster.served import Served
from course_lib.kubectl.addresses import address_of
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.kubeconfig import Kubeconfig

CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: words}
data: {greeting: hello}
"""


@pytest.fixture(scope="module")
def served():
    with Served(Cluster(nodes=2)) as session:
        yield session


@pytest.fixture
def kubectl(served, tmp_path, capsys, monkeypatch):
    config = served.kubeconfig(tmp_path / "config")

    def run(*words, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = main(["kubectl", "--kubeconfig", config, *words])
        said = capsys.readouterr()
        return said.out, said.err, code

    return run


def test_it_speaks_to_the_server_of_the_kubeconfig(kubectl):
    out, err, code = kubectl("get", "nodes", "-o", "name")
    assert (out, err, code) == ("node/node-1\nnode/node-2\n", "", 0)


def test_what_fails_is_told_on_stderr_with_an_exit_code(kubectl):
    out, err, code = kubectl("get", "pods", "nosuch")
    assert (out, code) == ("", 1) and 'pods "nosuch" not found' in err


def test_another_server_may_be_named_in_place_of_the_context(kubectl):
    _, err, code = kubectl("--server", "http://localhost:1", "get", "nodes")
    assert code == 1 and "localhost:1 was refused" in err


def test_a_changed_kubeconfig_is_written(kubectl):
    assert kubectl("config", "set-context", "--current", "--namespace=kube-system")[2] == 0
    assert "kube-system" in kubectl("config", "view", "--minify")[0]


def test_a_watch_ends_when_its_time_is_up(kubectl):
    out, _, code = kubectl("get", "nodes", "--watch", "--request-timeout=1s", "-o", "name")
    assert (out, code) == ("node/node-1\nnode/node-2\n", 0)


def test_without_a_kubeconfig_there_is_no_server(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    assert main(["kubectl", "version", "--client"]) == 0
    assert "Client Version" in capsys.readouterr().out


def test_certificates_stand_in_files_and_other_ways_are_refused(tmp_path):
    config = Kubeconfig({})
    config.put("cluster", "a", {"server": "https://a", "certificate-authority-data": "Zm9v"})
    config.put("user", "b", {"exec": {"command": "login"}})
    config.put("context", "c", {"cluster": "a"})
    address = address_of(config, "c", tmp_path, {})
    with open(address.ca) as file:
        assert file.read() == "foo"
    with pytest.raises(CommandError, match="exec"):
        address_of(config, "c", tmp_path, {"user": "b"})
