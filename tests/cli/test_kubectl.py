"""`python -m course_lib kubectl`: on a command line, on a cluster that is served."""

from __future__ import annotations

import io
import os

import pytest

from course_lib import Cluster
from course_lib.cli import main
from course_lib.cluster.served import Served
from course_lib.kubectl.addresses import address_of
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.kubeconfig import Kubeconfig
from course_lib.kubectl.merged_kubeconfig import MergedKubeconfig

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


@pytest.fixture
def two_files(tmp_path, monkeypatch):
    """Two kubeconfigs that both have a context of the same name."""
    first, second = tmp_path / "one" / "config", tmp_path / "two" / "config"
    for path, name in ((first, "one"), (second, "two")):
        path.parent.mkdir()
        config = Kubeconfig({}, path)
        config.put("cluster", name, {"server": f"https://{name}", "certificate-authority": "ca"})
        config.put("context", name, {"cluster": name, "user": name})
        config.put("context", "shared", {"cluster": name})
        config.put("user", name, {"token": name})
        config.save()
    config = Kubeconfig.read(second)
    config.use("two")
    config.save()
    places = [str(tmp_path / "none"), str(first), str(second)]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(places))
    return first, second


def test_several_files_are_one_and_the_first_value_counts(two_files, capsys):
    assert main(["kubectl", "config", "current-context"]) == 0
    assert capsys.readouterr().out == "two\n"
    assert main(["kubectl", "config", "get-contexts", "-o", "name"]) == 0
    assert capsys.readouterr().out == "one\nshared\ntwo\n"
    merged = MergedKubeconfig(list(two_files))
    assert merged.entry("context", "shared") == {"cluster": "one"}


def test_relative_paths_begin_at_the_file_that_has_them(two_files, tmp_path):
    merged = MergedKubeconfig(list(two_files))
    for name, path in zip(("one", "two"), two_files, strict=True):
        assert address_of(merged, name, tmp_path, {}).ca == str(path.parent / "ca")


def test_a_change_is_written_to_the_file_that_has_the_entry(two_files, capsys):
    first, second = two_files
    before = first.read_bytes()
    assert main(["kubectl", "config", "set-context", "two", "--namespace=shop"]) == 0
    assert first.read_bytes() == before
    assert Kubeconfig.read(second).entry("context", "two")["namespace"] == "shop"
    assert main(["kubectl", "config", "delete-context", "shared"]) == 0
    assert "shared" not in Kubeconfig.read(first).names("context")
    assert "shared" in Kubeconfig.read(second).names("context")


def test_what_is_new_and_the_context_in_use_go_to_the_first_file(two_files, capsys):
    first, second = two_files
    before = second.read_bytes()
    assert main(["kubectl", "config", "set-cluster", "three", "--server=https://three"]) == 0
    assert main(["kubectl", "config", "use-context", "one"]) == 0
    assert "three" in Kubeconfig.read(first).names("cluster")
    assert Kubeconfig.read(first).current == "one" and second.read_bytes() == before
    capsys.readouterr()
    assert main(["kubectl", "config", "unset", "current-context"]) == 0
    assert Kubeconfig.read(first).current == "" and second.read_bytes() == before


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
