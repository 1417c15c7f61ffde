"""Disasters, what an operator does then, and fate at random."""

from __future__ import annotations

import random

import pytest

from course_lib import Cluster
from course_lib.apiserver.errors import APIError, StorageError, Unreachable
from course_lib.etcd.disk import FULL
from course_lib.experiments.failures import running
from tests.cluster.planes import answers, leader_of, note
from tests.conftest import workload


def test_a_snapshot_brings_back_what_was_and_loses_what_came_after():
    cluster = Cluster.ha_etcd()
    cluster.apply(note("early"))
    saved = cluster.save_snapshot()
    cluster.apply(note("late"))
    cluster.apply(workload("Deployment", "later", replicas=2))
    cluster.run(30)
    assert running(cluster, "main") == 2
    for member in list(cluster.etcd.members):
        cluster.fail_disk(member)
    cluster.run(20)
    assert not answers(cluster)
    cluster.restore_snapshot(saved)
    cluster.run(60)
    names = {found.name for found in cluster.api.list("ConfigMap", "default")}
    assert "early" in names and "late" not in names
    assert running(cluster, "main") == 0, "kubelets stop what nobody knows of"


def test_the_only_disk_is_lost_and_only_a_snapshot_brings_everything_back():
    cluster = Cluster.single_master()
    cluster.apply(note("kept"))
    saved = cluster.save_snapshot()
    cluster.fail_disk("control-plane-1")
    cluster.run(30)
    assert not answers(cluster)
    cluster.replace_disk("control-plane-1")
    cluster.run(400)
    assert answers(cluster), "an empty cluster answers too"
    assert cluster.api.find("ConfigMap", "kept", "default") is None
    assert len(cluster.get("nodes")) == 0
    cluster.restore_snapshot(saved)
    cluster.run(60)
    assert cluster.api.get("ConfigMap", "kept", "default")
    assert list(cluster.get("nodes").STATUS) == ["Ready"] * 4


def test_a_quorum_lost_for_good_is_recovered_from_one_survivor():
    cluster = Cluster.ha_etcd()
    cluster.apply(note("kept"))
    cluster.fail_disk("etcd-1")
    cluster.fail_disk("etcd-2")
    cluster.run(10)
    assert not answers(cluster)
    cluster.force_new_cluster("etcd-3")
    cluster.run(30)
    assert cluster.api.get("ConfigMap", "kept", "default")
    for name in ("etcd-1", "etcd-2"):
        cluster.replace_disk(name)
    cluster.run(30)
    assert sorted(cluster.etcd.leader.raft.configuration.voters) == ["etcd-1", "etcd-2", "etcd-3"]
    cluster.kill_node("etcd-3")
    cluster.run(10)
    assert cluster.api.get("ConfigMap", "kept", "default"), "the new members have it too"


def test_a_lost_disk_is_replaced_while_the_others_go_on():
    cluster = Cluster.ha_etcd()
    cluster.fail_disk("etcd-2")
    cluster.run(20)
    states = cluster.members().set_index("MEMBER").ROLE
    assert states["etcd-2"] == "down"
    assert answers(cluster)
    cluster.replace_disk("etcd-2")
    cluster.run(20)
    table = cluster.members().set_index("MEMBER")
    assert table.ROLE["etcd-2"] == "follower" and table.VOTES["etcd-2"]
    assert table.APPLIED["etcd-2"] == table.APPLIED.max()


def test_a_disk_without_space_stops_its_member_and_space_brings_it_back():
    cluster = Cluster.ha_etcd()
    cluster.fail_disk("etcd-1", FULL)
    cluster.run(30)
    assert cluster.members().set_index("MEMBER").ROLE["etcd-1"] == "down"
    cluster.etcd.members["etcd-1"].disk.fault = ""
    cluster.run(30)
    assert cluster.members().set_index("MEMBER").ROLE["etcd-1"] == "follower"


def test_a_full_etcd_reads_deletes_and_does_not_write_until_it_is_made_to():
    cluster = Cluster.single_master()
    cluster.limit_etcd("200Ki")
    with pytest.raises(StorageError, match="etcdserver: mvcc: database space exceeded"):
        for number in range(100):
            cluster.apply(note("big") | {"data": {"x": "y" * 20_000, "n": str(number)}})
    assert cluster.get("nodes") is not None
    cluster.delete("configmap", "big")
    member = int(str(cluster.etcdctl("member list")).split(",")[0], 16)
    assert str(cluster.etcdctl("alarm list")) == f"memberID:{member} alarm:NOSPACE"
    assert "Active Alarm(s): NOSPACE" in cluster.etcdctl("endpoint health").stderr
    revision = cluster.api.server.store.revision
    cluster.etcdctl(f"compact {revision}")
    cluster.etcdctl("alarm disarm")
    with pytest.raises(StorageError, match="space exceeded"):
        cluster.apply(note("small") | {"data": {"x": "y" * 20_000}})
    cluster.etcdctl("defrag")
    cluster.etcdctl("alarm disarm")
    cluster.apply(note("small"))


def test_expired_certificates_shut_everybody_out_until_they_are_renewed_and_read():
    cluster = Cluster.single_master(certificates=120)
    cluster.apply("data/web.yaml")
    cluster.run(200)
    with pytest.raises(Unreachable, match="x509: certificate has expired or is not yet valid"):
        cluster.get("pods")
    assert running(cluster, "web") == 3
    cluster.renew_certificates()
    cluster.run(60)
    assert answers(cluster), "the API server has read the new one"
    for name in ("kube-scheduler", "kube-controller-manager"):
        assert leader_of(cluster, name) == [], "but these are not let in with their old ones"
        cluster.kill_process("control-plane-1", name)
    cluster.run(60)
    for name in ("kube-scheduler", "kube-controller-manager"):
        assert leader_of(cluster, name) == ["control-plane-1"]


@pytest.mark.parametrize("seed", range(4))
def test_never_do_two_lead_and_nothing_acknowledged_is_lost(seed):
    """Fate at random for ten minutes; then all is repaired, and all is well again."""
    lots = random.Random(seed)
    cluster = Cluster.ha_etcd(seed=seed, stacked=seed % 2 == 1)
    cluster.apply("data/web.yaml")
    machines = [*cluster.control_plane.layout.control_planes, *cluster.control_plane.layout.etcd]
    acknowledged, off = [], set()
    for turn in range(300):
        cluster.run(2)
        for component in ("kube-scheduler", "kube-controller-manager"):
            assert len(leader_of(cluster, component)) <= 1
        try:
            cluster.apply(note(f"note-{turn}"))
            acknowledged.append(f"note-{turn}")
        except APIError:
            pass
        if lots.random() < 0.12:
            fate(cluster, lots, machines, off)
    cluster.heal()
    for machine in off:
        cluster.restore_node(machine)
    cluster.run(400)
    held = {found.name for found in cluster.api.list("ConfigMap", "default")}
    assert len(acknowledged) > 50 and not set(acknowledged) - held
    assert list(cluster.get("nodes").STATUS) == ["Ready"] * len(cluster.kubelets)
    assert cluster.ready("deployment/web") and running(cluster, "web") == 3


def fate(cluster: Cluster, lots: random.Random, machines: list[str], off: set[str]) -> None:
    machine = lots.choice(machines)
    match lots.randrange(7):
        case 0 if machine not in off and len(off) < 2:
            cluster.kill_node(machine)
            off.add(machine)
        case 1 | 2:
            for each in sorted(off):
                cluster.restore_node(each)
            off.clear()
        case 3:
            of = [key for key in cluster.control_plane.components if key[0] not in off]
            key = lots.choice(of)
            if cluster.control_plane.up(*key):
                cluster.kill_process(*key)
        case 4 | 5:
            cluster.heal()
        case 6:
            cluster.cut(lots.sample(machines, 2))


def test_a_disk_that_fails_again_after_it_was_replaced_is_replaced_again():
    cluster = Cluster.ha_etcd(stacked=True, seed=1)
    cluster.run(20)
    for _ in range(2):
        cluster.fail_disk("control-plane-2")
        cluster.run(1)
        cluster.replace_disk("control-plane-2")
        cluster.run(2)
    cluster.run(60)
    assert set(cluster.etcd.voters()) == set(cluster.etcd.members)
    assert cluster.etcd.members["control-plane-2"].up
    assert answers(cluster)


def test_kubectl_says_what_the_server_answers_while_etcd_elects_a_leader():
    cluster = Cluster.ha_etcd(workers=1)
    cluster.kill_node(cluster.etcd.leader.name)
    told = "Error from server: etcdserver: request timed out"
    assert str(cluster.kubectl("get nodes")) == told
    for line in ("get nodes -w", "create configmap note", "exec web -- date"):
        said = cluster.kubectl(line)
        assert said.stderr.endswith("etcdserver: request timed out\n") and said.code == 1
    cluster.run(5)
    assert cluster.kubectl("create configmap note").text == "configmap/note created\n"
