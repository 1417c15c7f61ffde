"""`etcdctl` as an operator types it: the columns, flags and words of the real one."""

from __future__ import annotations

import base64
import json

import pytest

from course_lib import Cluster
from course_lib.errors import CourseError
from tests.cluster.planes import answers, note


def typed(cluster: Cluster, line: str) -> str:
    """What a command prints, both streams, without the line break at the end."""
    return str(cluster.etcdctl(line))


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    cluster = Cluster.ha_etcd(seed=1)
    cluster.run(10)
    return cluster


def test_endpoint_status_has_the_columns_of_the_real_one(cluster):
    text = typed(cluster, "endpoint status -w table")
    header = [cell.strip() for cell in text.splitlines()[1].strip("│").split("│")]
    assert header[:6] == ["ENDPOINT", "ID", "VERSION", "STORAGE VERSION", "DB SIZE", "IN USE"]
    assert header[8:13] == [
        "IS LEADER", "IS LEARNER", "RAFT TERM", "RAFT INDEX", "RAFT APPLIED INDEX",
    ]  # fmt: skip
    assert sum("│      true │" in line for line in text.splitlines()) == 1


def test_the_revision_is_found_as_the_documentation_does(cluster):
    for command in ("endpoint status --write-out=json", "endpoint status -w json --cluster"):
        found = json.loads(typed(cluster, command))
        assert found[0]["Endpoint"] == "https://etcd-1:2379"
        revision = cluster.api.server.store.revision
        assert {each["Status"]["header"]["revision"] for each in found} == {revision}


def test_member_list_begins_with_the_id_in_hex(cluster):
    first = typed(cluster, "member list").splitlines()[0].split(", ")
    assert first[1:] == [
        "started", "etcd-1", "https://etcd-1:2380", "https://etcd-1:2379", "false",
    ]  # fmt: skip
    ids = [m["ID"] for m in json.loads(typed(cluster, "member list -w json"))["members"]]
    assert int(first[0], 16) == ids[0]
    assert len(set(ids)) == 3
    assert "IS LEARNER" in typed(cluster, "member list -w table")


def test_keys_are_put_read_limited_and_deleted(cluster):
    assert typed(cluster, "put course/a 1") == "OK"
    assert typed(cluster, "put course/a 2 --prev-kv") == "OK\ncourse/a\n1"
    typed(cluster, "put course/b 3")
    assert typed(cluster, "get course/a") == "course/a\n2"
    assert typed(cluster, "get course/a --print-value-only") == "2"
    assert typed(cluster, "get course/ --prefix --keys-only --limit 1") == "course/a\n"
    assert typed(cluster, "get course/a course/b") == "course/a\n2"
    assert typed(cluster, "get course/ --prefix --order DESCEND") == "course/b\n3\ncourse/a\n2"
    found = json.loads(typed(cluster, "get course/ --prefix --limit=1 -w json"))
    assert (found["count"], found["more"]) == (2, True)
    assert base64.b64decode(found["kvs"][0]["key"]).decode() == "course/a"
    assert '"Count" : 2' in typed(cluster, "get course/ --prefix --count-only -w fields")
    assert typed(cluster, "del course/ --prefix") == "2"
    assert typed(cluster, "get course/a") == ""


def test_compaction_has_its_real_name_and_its_beginning_is_enough(cluster):
    typed(cluster, "put a 1")
    revision = cluster.api.server.store.revision
    assert typed(cluster, f"compaction {revision}") == f"compacted revision {revision}"
    assert "has been compacted" in typed(cluster, f"compact {revision}")
    assert "API version: " in typed(cluster, "version")


def test_endpoints_and_the_environment_before_the_command_are_understood(cluster):
    line = (
        "ETCDCTL_API=3 etcdctl --endpoints=https://127.0.0.1:2379 "
        "--cacert=/etc/kubernetes/pki/etcd/ca.crt --cert x --key y endpoint health"
    )
    assert typed(cluster, line).startswith("https://127.0.0.1:2379 is healthy: successfully")
    assert "context deadline exceeded" in typed(cluster, "endpoint status --endpoints=nowhere:2379")


@pytest.mark.parametrize(
    ("line", "words", "code"),
    [
        ("brew coffee", 'unknown command "brew" for "etcdctl"', 1),
        ("endpoint status --frob", "unknown flag: --frob\nUsage:\n  etcdctl endpoint status", 1),
        ("get a -q", "unknown shorthand flag: 'q' in -q", 1),
        ("get a --limit", "flag needs an argument: --limit", 1),
        ("get a --limit few", 'invalid argument "few" for "--limit" flag', 1),
        ("get a -w yaml", "unsupported output format", 4),
        ("get a -w protobuf", "--write-out=protobuf is not simulated by the course", 4),
        ("get a -w table", "table not supported as output format", 4),
        ("make coffee", "etcdctl make-mirror is not simulated by the course", 1),
        ("auth enable", "etcdctl auth is not simulated by the course", 1),
        ("watch a -i", "etcdctl watch --interactive is not simulated by the course", 1),
        ("put /registry/pods/default/web broken", "the API server could not read this", 1),
        ("get", "get command needs one argument as key", 128),
        ("get a --prefix --from-key", "cannot be set at the same time", 128),
        ("compaction many", 'parsing "many": invalid syntax', 1),
        ("member remove xyz", "bad member ID arg", 128),
        ("member remove 12ab", "etcdserver: member not found", 1),
        ("member add etcd-9", "member peer urls not provided", 128),
        ("member add etcd-9 --peer-urls=https://etcd-9:2380", "no machine etcd-9", 1),
        ("alarm list now", "alarm list command accepts no arguments", 128),
        ("etcdutl snapshot status f.db", "stat f.db: no such file or directory", 1),
    ],
)
def test_a_wrong_line_is_an_error_in_text_and_an_exit_code(cluster, line, words, code):
    result = cluster.etcdctl(line)
    assert result.stderr.startswith("Error: ") and words in result.stderr
    assert (result.stdout, result.code) == ("", code)


def test_a_line_that_no_shell_reads_is_an_error_in_text(cluster):
    assert cluster.etcdctl("get 'a").stderr == "sh: cannot read the line: No closing quotation\n"


@pytest.mark.parametrize("line", ["", "member", "member frobnicate", "snapshot status f.db"])
def test_without_a_command_there_is_the_help(cluster, line):
    result = cluster.etcdctl(line)
    assert "Usage:\n  etcdctl" in result.stdout and result.code == 0


def test_a_transaction_is_read_from_standard_input(cluster):
    lines = 'ver("txn") = "0"\n\nput txn made\n\nget txn\n\n'
    assert str(cluster.etcdctl("txn", stdin=lines)) == "SUCCESS\n\nOK"
    assert str(cluster.etcdctl("txn", stdin=lines)) == "FAILURE\n\ntxn\nmade"


def test_a_watch_prints_what_has_happened_since_a_revision(cluster):
    cluster.etcdctl("put seen 1")
    revision = cluster.api.server.store.revision
    cluster.etcdctl("del seen")
    assert typed(cluster, f"watch seen --rev {revision}") == "PUT\nseen\n1\nDELETE\nseen\n"


def test_a_key_goes_with_its_lease(cluster):
    lease = typed(cluster, "lease grant 60").split()[1]
    cluster.etcdctl(f"put kept 1 --lease {lease}")
    assert "attached keys([kept])" in typed(cluster, f"lease timetolive {lease} --keys")
    assert typed(cluster, f"lease revoke {lease}") == f"lease {lease} revoked"
    assert typed(cluster, "get kept") == ""


def test_a_member_is_removed_and_added_again_under_a_new_id():
    cluster = Cluster.ha_etcd()
    cluster.run(5)
    old = typed(cluster, "member list").split(",")[0]
    assert f"Member {old} removed from cluster" in typed(cluster, f"member remove {old}")
    cluster.run(5)
    assert "etcd-1" not in typed(cluster, "member list")
    assert cluster.components().STATE[0] == "removed"
    said = typed(cluster, "member add etcd-1 --peer-urls=https://etcd-1:2380 --learner")
    assert "added as learner to cluster" in said
    assert 'ETCD_INITIAL_CLUSTER_STATE="existing"' in said
    cluster.run(5)
    line = next(m for m in typed(cluster, "member list").splitlines() if "etcd-1" in m)
    new = line.split(",")[0]
    assert line.endswith("true")
    assert new != old
    assert "promoted" in typed(cluster, f"member promote {new}")
    cluster.run(5)
    assert typed(cluster, "endpoint health").count("is healthy") == 3


def test_a_member_without_which_there_is_no_quorum_is_not_removed():
    cluster = Cluster.ha_etcd()
    cluster.run(5)
    cluster.fail_disk("etcd-1")
    cluster.run(0.2)
    third = next(m for m in typed(cluster, "member list").splitlines() if "etcd-3" in m)
    number = third.split(",")[0]
    assert typed(cluster, f"member remove {number}") == "Error: etcdserver: unhealthy cluster"


def test_another_member_is_made_the_leader():
    cluster = Cluster.ha_etcd()
    cluster.run(5)
    members = json.loads(typed(cluster, "endpoint status -w json"))
    leader = members[0]["Status"]["leader"]
    ids = [each["Status"]["header"]["member_id"] for each in members]
    other = next(number for number in ids if number != leader)
    said = typed(cluster, f"move-leader {other:x}")
    assert said == f"Leadership transferred from {leader:x} to {other:x}"
    assert json.loads(typed(cluster, "endpoint status -w json"))[0]["Status"]["leader"] == other


def test_a_snapshot_is_saved_looked_at_and_restored_by_its_file_name():
    cluster = Cluster.single_master()
    cluster.apply(note("kept"))
    assert "Snapshot saved at /backup/etcd.db" in typed(cluster, "snapshot save /backup/etcd.db")
    assert "TOTAL KEYS" in typed(cluster, "etcdutl snapshot status /backup/etcd.db -w table")
    cluster.delete("configmap", "kept")
    assert typed(cluster, "etcdutl snapshot restore /backup/etcd.db --data-dir /new") == ""
    cluster.restore_snapshot("/new")
    cluster.run(30)
    assert answers(cluster)
    assert cluster.api.find("ConfigMap", "kept", "default") is not None
    with pytest.raises(CourseError, match="no such snapshot"):
        cluster.restore_snapshot("/backup/other.db")


def test_the_history_of_a_layouts_etcd_is_five_to_ten_minutes_long():
    cluster = Cluster.ha_etcd(masters=2, workers=1)
    cluster.run(290 - cluster.now)
    look = f"get --rev={cluster.etcd.leader.machine.revision} --prefix /registry/nodes --keys-only"
    before = typed(cluster, look)
    assert "/registry/nodes/worker-1" in before
    cluster.run(590 - cluster.now)
    assert typed(cluster, look) == before
    cluster.run(30)
    assert typed(cluster, look).endswith("required revision has been compacted")
