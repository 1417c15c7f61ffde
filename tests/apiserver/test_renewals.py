"""Leases that are renewed for those who read them."""

import pytest

from course_lib import Cluster
from course_lib.engine import Simulation
from course_lib.engine.timestamps import seconds_at

LEASES = "kube-node-lease"


@pytest.fixture(params=[True, False], ids=["plain", "asleep"])
def cluster(request, monkeypatch) -> Cluster:
    monkeypatch.setattr(Simulation, "plain", request.param)
    cluster = Cluster(nodes=2, seed=4)
    cluster.run(seconds=60)
    return cluster


def renewed(cluster: Cluster, node: str = "node-1") -> float:
    return seconds_at(cluster.api.get("Lease", node, LEASES).spec.renew_time)


def test_whoever_reads_a_lease_finds_the_last_renewal(cluster):
    first = renewed(cluster)
    assert 50 < first <= 60
    for seconds in (first + 9.99 - 60, 0.02):  # just before the next one, and just after it
        cluster.run(seconds=seconds)
    assert renewed(cluster) == pytest.approx(first + 10)
    cluster.run(seconds=1000)
    assert renewed(cluster) == pytest.approx(first + 1010)
    documents = [cluster.api.document("Lease", name, LEASES) for name in ("node-1", "node-2")]
    listed = cluster.api.list("Lease", LEASES)
    assert [each.spec.renew_time for each in listed] == [
        each["spec"]["renewTime"] for each in documents
    ]


def test_nobody_reads_and_nothing_is_written(monkeypatch):
    monkeypatch.setattr(Simulation, "plain", False)
    cluster = Cluster(nodes=2)
    cluster.run(seconds=60)
    store = cluster.api.server.store
    before = store.revision
    cluster.run(seconds=3600)
    assert store.revision == before
    renewed(cluster, "node-1")
    assert store.revision == before + 1, "one renewal, for the one who read"


def test_a_watch_hears_of_each_renewal_from_its_start_to_its_end(cluster):
    first, heard = renewed(cluster), []
    cluster.run(seconds=100)
    watch = cluster.api.watch(
        "Lease", lambda event: heard.append(seconds_at(event.object.spec.renew_time)), LEASES
    )
    assert heard == []
    cluster.run(seconds=30)
    of_the_first = [time for time in heard if (time - first) % 10 < 0.001]
    assert of_the_first == pytest.approx([first + 110, first + 120, first + 130])
    assert len(heard) == 6, "three of each node"
    watch.stop()
    cluster.run(seconds=100)
    assert len(heard) == 6
    assert renewed(cluster) > first + 200


def test_a_lease_that_is_deleted_comes_back_with_the_next_heartbeat(cluster):
    first = renewed(cluster)
    cluster.api.delete("Lease", "node-1", LEASES)
    assert cluster.api.find("Lease", "node-1", LEASES) is None
    cluster.run(seconds=10)
    assert renewed(cluster) == pytest.approx(first + 10)
    cluster.run(seconds=100)
    assert renewed(cluster) == pytest.approx(first + 110)


def test_the_last_renewal_is_the_one_before_the_power_was_cut(cluster):
    first = renewed(cluster)
    cluster.run(seconds=first + 200 - 60 + 5)
    cluster.kill_node("node-1")
    cluster.run(seconds=300)
    assert renewed(cluster) == pytest.approx(first + 200)
    assert renewed(cluster, "node-2") > 500


@pytest.mark.parametrize("cut", [200.0, 203.0, 204.999, 205.0, 207.5])
def test_a_node_is_not_ready_as_soon_as_if_each_renewal_had_been_seen(cut, monkeypatch):
    noticed = []
    for plain in (True, False):
        monkeypatch.setattr(Simulation, "plain", plain)
        cluster = Cluster(nodes=2, seed=1)
        cluster.run(seconds=cut)
        cluster.kill_node("node-2")
        cluster.run(seconds=100)
        noticed.append(list(cluster.log(reason="NodeNotReady").TIME))
    assert noticed[0] == noticed[1]
    assert len(noticed[0]) == 1
    assert cut + 40 <= noticed[0][0] <= cut + 60
