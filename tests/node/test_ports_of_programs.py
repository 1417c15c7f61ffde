"""Programs of one Pod or node that listen: each port belongs to one of them."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from tests.conftest import container, pod, status_of
from tests.node.commands import busybox


def test_the_second_program_on_one_port_of_a_pod_fails_with_its_own_words(one):
    one.apply(pod(containers=[container("first"), container("second")]))
    one.run(seconds=60)
    assert status_of(one) == ["Error"]
    assert list(one.get("pods").READY) == ["1/2"]
    status = one.document("pod", "web")["status"]["containerStatuses"]
    assert status[0]["ready"] and status[0]["restartCount"] == 0
    assert status[1]["lastState"]["terminated"]["exitCode"] == 1
    said = one.logs("web", container="second", previous=True)
    assert "nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)\n" in said
    assert said.endswith("nginx: [emerg] still could not bind()\n")
    address = one.document("pod", "web")["status"]["podIP"]
    assert one.network.connect(address, 80) is not None, "the first one serves on"


def test_programs_on_different_ports_of_a_pod_live_side_by_side(one):
    one.apply(pod(containers=[container("web"), container("cache", "redis:7")]))
    one.run(seconds=60)
    assert status_of(one) == ["Running"] and list(one.get("pods").READY) == ["2/2"]


def test_pods_on_the_nodes_own_network_share_its_ports(one):
    for name in ("a", "b"):
        one.apply(pod(name, hostNetwork=True))
    one.run(seconds=60)
    assert sorted(status_of(one)) == ["Error", "Running"]
    running = one.get("pods").set_index("NAME").STATUS
    one.delete("pod", running[running == "Running"].index[0])
    one.run_until(lambda: status_of(one) == ["Running"], timeout=400)


def test_a_port_is_free_again_when_its_program_has_ended(one):
    short = busybox("sh", "-c", "sleep 1", name="first")
    one.apply(pod(containers=[short, container("web")], restartPolicy="OnFailure"))
    one.run(seconds=30)
    assert one.get("pods").RESTARTS[0] == 0


def test_a_container_that_sleeps_answers_no_requests(one):
    one.apply(pod(containers=[busybox("sleep", "1h", ports=[{"containerPort": 80}])]))
    one.run(seconds=20)
    address = one.document("pod", "web")["status"]["podIP"]
    assert one.network.connect(address, 80) is None


@pytest.mark.parametrize(
    "command",
    [["/bin/bash", "-c", "nodetool status"], ["/bin/bash", "-c", "/ready.sh"], ["/ready.sh"]],
)
def test_a_probe_whose_program_is_not_simulated_asks_the_containers_server(command):
    cluster = Cluster(nodes=1)
    asked = container(
        image="gcr.io/google-samples/cassandra:v14",
        ports=[{"containerPort": 9042}],
        readinessProbe={"exec": {"command": command}, "periodSeconds": 2},
        livenessProbe={"exec": {"command": command}},
        lifecycle={"postStart": {"exec": {"command": command}}},
    )
    cluster.apply(pod(containers=[asked]))
    cluster.run(seconds=120)
    assert list(cluster.get("pods").READY) == ["1/1"] and cluster.get("pods").RESTARTS[0] == 0
    assert "NotSimulated" in set(cluster.log().REASON)
