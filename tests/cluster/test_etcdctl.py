"""`etcdctl` as an operator types it: the columns, flags and words of the real one."""

from __future__ import annotations

import base64
import json

import pytest

from course_lib import Cluster
from course_lib.errors import CourseError
from tests.cluster.planes import answers, note


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    cluster = Cluster.ha_etcd(seed=1)
    cluster.run(10)
    return cluster


def test_endpoint_status_has_the_columns_of_the_real_one(cluster):
    text = cluster.etcdctl("endpoint status -w table")
    header = [cell.strip() for cell in text.splitlines()[1].strip("│").split("│")]
    assert header[:6] == ["ENDPOINT", "ID", "VERSION", "STORAGE VERSION", "DB SIZE", "IN USE"]
    assert header[8:13] == [
        "IS LEADER", "IS LEARNER", "RAFT TERM", "RAFT INDEX", "RAFT APPLIED INDEX",
    ]  # fmt: skip
    assert sum("│      true │" in line for line in text.splitlines()) == 1


def test_the_revision_is_found_as_the_documentation_does(cluster):
    for command in ("endpoint status --write-out=json", "endpoint status -w json --cluster"):
        found = json.loads(cluster.etcdctl(command))
        assert found[0]["Endpoint"] == "https://etcd-1:2379"
        revision = cluster.api.server.store.revision
        assert {each["Status"]["header"]["revision"] for each in found} == {revision}


def test_member_list_begins_with_the_id_in_hex(cluster):
    first = cluster.etcdctl("member list").splitlines()[0].split(", ")
    assert first[1:] == [
        "started", "etcd-1", "https://etcd-1:2380", "https://etcd-1:2379", "false",
    ]  # fmt: skip
    ids = [m["ID"] for m in json.loads(cluster.etcdctl("member list -w json"))["members"]]
    assert int(first[0], 16) == ids[0]
    assert len(set(ids)) == 3
    assert "IS LEARNER" in cluster.etcdctl("member list -w table")


def test_keys_are_put_read_limited_and_deleted(cluster):
    assert cluster.etcdctl("put course/a 1") == "OK"
    assert cluster.etcdctl("put course/a 2 --prev-kv") == "OK\ncourse/a\n1"
    cluster.etcdctl("put course/b 3")
    assert cluster.etcdctl("get course/a") == "course/a\n2"
    assert cluster.etcdctl("get course/a --print-value-only") == "2"
    assert cluster.etcdctl("get course/ --prefix --keys-only --limit 1") == "course/a\n"
    assert cluster.etcdctl("get course/a course/b") == "course/a\n2"
    assert cluster.etcdctl("get course/ --prefix --order DESCEND") == "course/b\n3\ncourse/a\n2"
    found = json.loads(cluster.etcdctl("get course/ --prefix --limit=1 -w json"))
    assert (found["count"], found["more"]) == (2, True)
    assert base64.b64decode(found["kvs"][0]["key"]).decode() == "course/a"
    assert '"Count" : 2' in cluster.etcdctl("get course/ --prefix --count-only -w fields")
    assert cluster.etcdctl("del course/ --prefix") == "2"
    assert cluster.etcdctl("get course/a") == ""


def test_compaction_has_its_real_name_and_its_beginning_is_enough(cluster):
    cluster.etcdctl("put a 1")
    revision = cluster.api.server.store.revision
    assert cluster.etcdctl(f"compaction {revision}") == f"compacted revision {revision}"
    assert "has been compacted" in cluster.etcdctl(f"compact {revision}")
    assert "API version: " in cluster.etcdctl("version")


def test_endpoints_and_the_environment_before_the_command_are_understood(cluster):
    line = (
        "ETCDCTL_API=3 etcdctl --endpoints=https://127.0.0.1:2379 "
        "--cacert=/etc/kubernetes/pki/etcd/ca.crt --cert x --key y endpoint health"
    )
    assert cluster.etcdctl(line).startswith("https://etcd-1:2379 is healthy: successfully")
    assert "context deadline exceeded" in cluster.etcdctl(
        "endpoint status --endpoints=nowhere:2379"
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("make coffee", 'unknown command "make" for "etcdctl"'),
        ("member frobnicate", 'unknown command "frobnicate" for "etcdctl member"'),
        ("snapshot status f.db", 'unknown command "status" for "etcdctl snapshot"'),
        ("member", '"etcdctl member" needs a subcommand'),
        ("endpoint status --frob", "unknown flag: --frob"),
        ("get a -q", "unknown shorthand flag: 'q' in -q"),
        ("get a --limit", "flag needs an argument: --limit"),
        ("get a --limit few", 'invalid argument "few" for "--limit" flag'),
        ("get a -w yaml", "unsupported output format"),
        ("watch a", "etcdctl watch is not simulated here"),
        ("get 'a", "the shell cannot read this"),
        ("put /registry/pods/default/web broken", "the API server could not read this"),
        ("", 'unknown command "" for "etcdctl"'),
    ],
)
def test_what_etcdctl_does_not_know_is_refused_in_words(cluster, line, words):
    with pytest.raises(CourseError) as refused:
        cluster.etcdctl(line)
    assert words in refused.value.what


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("get", "get command needs one argument as key"),
        ("get a --prefix --from-key", "cannot be set at the same time"),
        ("get a -w table", "table not supported as output format"),
        ("compaction many", 'parsing "many": invalid syntax'),
        ("member remove xyz", "bad member ID arg"),
        ("member remove 12ab", "etcdserver: member not found"),
        ("member add etcd-9", "member peer urls not provided"),
        ("alarm list now", "alarm list command accepts no arguments"),
    ],
)
def test_wrong_arguments_are_printed_as_errors(cluster, line, words):
    text = cluster.etcdctl(line)
    assert text.startswith("Error: ")
    assert words in text


def test_a_member_is_removed_and_added_again_under_a_new_id():
    cluster = Cluster.ha_etcd()
    cluster.run(5)
    old = cluster.etcdctl("member list").split(",")[0]
    assert f"Member {old} removed from cluster" in cluster.etcdctl(f"member remove {old}")
    cluster.run(5)
    assert "etcd-1" not in cluster.etcdctl("member list")
    assert cluster.components().STATE[0] == "removed"
    said = cluster.etcdctl("member add etcd-1 --peer-urls=https://etcd-1:2380 --learner")
    assert "added as learner to cluster" in said
    assert 'ETCD_INITIAL_CLUSTER_STATE="existing"' in said
    cluster.run(5)
    line = next(m for m in cluster.etcdctl("member list").splitlines() if "etcd-1" in m)
    new = line.split(",")[0]
    assert line.endswith("true")
    assert new != old
    assert "promoted" in cluster.etcdctl(f"member promote {new}")
    cluster.run(5)
    assert cluster.etcdctl("endpoint health").count("is healthy") == 3


def test_a_member_without_which_there_is_no_quorum_is_not_removed():
    cluster = Cluster.ha_etcd()
    cluster.run(5)
    cluster.fail_disk("etcd-1")
    cluster.run(0.2)
    third = next(m for m in cluster.etcdctl("member list").splitlines() if "etcd-3" in m)
    said = cluster.etcdctl(f"member remove {third.split(',')[0]}")
    assert "re-configuration failed due to not enough started members" in said


def test_a_snapshot_is_saved_looked_at_and_restored_by_its_file_name():
    cluster = Cluster.single_master()
    cluster.apply(note("kept"))
    assert "Snapshot saved at /backup/etcd.db" in cluster.etcdctl("snapshot save /backup/etcd.db")
    assert "TOTAL KEYS" in cluster.etcdctl("etcdutl snapshot status /backup/etcd.db -w table")
    cluster.delete("configmap", "kept")
    cluster.restore_snapshot("/backup/etcd.db")
    cluster.run(30)
    assert answers(cluster)
    assert cluster.api.find("ConfigMap", "kept", "default") is not None
    with pytest.raises(CourseError, match="no such snapshot"):
        cluster.restore_snapshot("/backup/other.db")
