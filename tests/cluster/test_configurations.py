"""The four configurations: they start, they are broken, and they do what real ones do."""

from __future__ import annotations

import re

import pytest

import course_lib.cluster.control_plane as face
from course_lib import Cluster
from course_lib.apiserver import APIServer
from course_lib.apiserver.errors import StorageError, Unreachable
from course_lib.apiserver.etcd_store import EtcdStore
from course_lib.cluster.identity_lease import lease_name
from course_lib.cluster.processes import process_id
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.etcd import EtcdCluster
from course_lib.experiments.failures import running
from tests.cluster.planes import answers, leader_of, note
from tests.conftest import container, pod, workload

MAKE = {
    "all-in-one": Cluster.all_in_one,
    "single-master": Cluster.single_master,
    "ha-masters": Cluster.ha_masters,
    "ha-etcd": Cluster.ha_etcd,
    "stacked": lambda **more: Cluster.ha_etcd(stacked=True, **more),
}


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_each_configuration_runs_an_application_under_load(make):
    cluster = make()
    cluster.apply("data/web.yaml")
    cluster.run_until(lambda: cluster.ready("deployment/web"), timeout=60)
    load = cluster.load("web", requests_per_second=20)
    cluster.run(60)
    assert load.failed == 0
    masters = cluster.control_plane.layout.control_planes
    states = cluster.components()
    assert list(states[states.COMPONENT == "kube-apiserver"].STATE) == ["ready"] * len(masters)
    for name in ("kube-scheduler", "kube-controller-manager"):
        assert len(leader_of(cluster, name)) == 1


@pytest.mark.parametrize("members", [1, 3])
def test_a_cluster_has_the_same_history_on_etcd_as_on_the_plain_store(members, monkeypatch):
    """One seed, one history: what lies beneath the API server makes no difference."""

    def on_etcd(sim: Simulation) -> APIServer:
        etcd = EtcdCluster(Simulation(), members)
        etcd.peers.delay = (0.0, 0.0)
        for member in etcd.members.values():
            member.disk.seconds = 0.0
        etcd.elect()
        etcd.follow(sim)
        store = EtcdStore(sim, etcd)
        store.load()
        return APIServer(sim, store)

    def history() -> list[str]:
        cluster = Cluster(nodes=3, seed=7)
        cluster.apply("data/web.yaml")
        cluster.run(60)
        cluster.kubectl("scale deployment/web --replicas=5")
        cluster.run(60)
        cluster.kill_node("node-2")
        cluster.run(500)
        cluster.restore_node("node-2")
        cluster.kubectl("drain node-1")
        cluster.run(200)
        return [line for line in cluster.sim.log.lines() if "\tetcd\t" not in line]

    plain = history()
    monkeypatch.setattr(face, "APIServer", on_etcd)
    assert history() == plain
    assert len(plain) > 50


def test_a_static_pod_runs_from_its_file_and_its_mirror_only_shows_it():
    cluster = Cluster.single_master()
    [mirror] = [
        p for p in cluster.api.list("Pod", "kube-system") if p.name.startswith("kube-scheduler")
    ]
    assert mirror.metadata.annotations["kubernetes.io/config.source"] == "file"
    assert mirror.metadata.owner_references[0].kind == "Node"
    before = leader_of(cluster, "kube-scheduler")
    cluster.delete("pod", mirror.name, "kube-system")
    cluster.run(5)
    again = cluster.api.get("Pod", mirror.name, "kube-system")
    assert again.uid != mirror.uid, "the mirror came back"
    assert leader_of(cluster, "kube-scheduler") == before, "and what it shows never stopped"
    cluster.kubelets["control-plane-1"].static.remove("kube-scheduler")
    cluster.run(60)
    assert cluster.api.find("Pod", mirror.name, "kube-system") is None
    assert leader_of(cluster, "kube-scheduler") == []


def test_any_static_pod_of_ones_own_runs_too():
    cluster = Cluster.single_master(workers=1)
    cluster.kubelets["worker-1"].static.write(pod("agent", containers=[container(image="nginx")]))
    cluster.run(20)
    table = cluster.get("pods", wide=True)
    assert list(table.NAME) == ["agent-worker-1"] and list(table.STATUS) == ["Running"]


def test_a_killed_process_comes_back_and_its_restart_is_counted():
    cluster = Cluster.all_in_one()
    cluster.kill_process("minikube", "kube-apiserver")
    with pytest.raises(Unreachable, match="was refused - did you specify the right host or port"):
        cluster.get("pods")
    cluster.run(30)
    table = cluster.get("pods", "kube-system")
    counts = dict(zip(table.NAME, table.RESTARTS.astype(str), strict=True))
    assert counts["kube-apiserver-minikube"].startswith("1")
    assert counts["etcd-minikube"] == "0"


def test_what_has_power_already_is_not_started_twice():
    cluster = Cluster.ha_etcd()
    before = {name: len(runtime.containers) for name, runtime in cluster.runtimes.items()}
    for machine in cluster.control_plane.layout.machines:
        cluster.restore_node(machine)
    cluster.run(30)
    now = {name: len(runtime.containers) for name, runtime in cluster.runtimes.items()}
    assert now == before and answers(cluster)


@pytest.mark.parametrize("runtime", ["docker", "rkt", "lxd"])
def test_a_control_plane_gets_another_runtime_and_comes_back(runtime):
    cluster = Cluster.single_master(workers=1)
    cluster.swap_runtime("control-plane-1", runtime)
    assert not answers(cluster), "its containers are gone"
    cluster.run(60)
    assert answers(cluster)
    states = cluster.get("pods", "kube-system")
    assert list(states.STATUS) == ["Running"] * 4


def test_kubelets_go_on_without_a_master_and_tell_later():
    cluster = Cluster.single_master()
    cluster.apply("data/web.yaml")
    cluster.run_until(lambda: cluster.ready("deployment/web"), timeout=60)
    cluster.kill_node("control-plane-1")
    name = next(n for n, r in cluster.runtimes.items() for c in r.containers.values()
                if c.spec.name == "web" and c.running)  # fmt: skip
    victim = next(c for c in cluster.runtimes[name].containers.values() if c.running)
    victim.exit(1, "Error")
    cluster.run(30)
    assert running(cluster, "web") == 3, "restarted by its kubelet alone"
    assert not answers(cluster)
    cluster.run(600)
    assert running(cluster, "web") == 3, "nobody evicts anything"
    cluster.restore_node("control-plane-1")
    cluster.run(60)
    table = cluster.get("pods")
    assert sorted(table.RESTARTS.astype(str).str[0]) == ["0", "0", "1"]
    assert list(cluster.get("nodes").STATUS) == ["Ready"] * 4


def test_the_death_of_the_leader_of_etcd_is_an_outage_of_seconds():
    cluster = Cluster.ha_etcd()
    leader = cluster.etcd.leader
    term = leader.raft.current_term
    cluster.kill_node(leader.name)
    with pytest.raises(StorageError, match="etcdserver"):
        cluster.apply(note("now"))
    began = cluster.now
    cluster.run_until(lambda: answers(cluster), timeout=10)
    assert 0.5 < cluster.now - began < 5
    assert cluster.etcd.leader.raft.current_term > term


def test_during_an_election_a_write_is_refused_in_etcd_s_words():
    cluster = Cluster.ha_etcd()
    cluster.apply("data/web.yaml")
    cluster.run(30)
    cluster.kill_node(cluster.etcd.leader.name)
    refusals = []
    for replicas in range(4, 9):
        try:
            patch = {"spec": {"replicas": replicas}}
            cluster.api.patch("Deployment", "web", "default", patch)
        except CourseError as refused:
            refusals.append(refused.what)
        cluster.run(1)
    assert refusals == ["etcdserver: request timed out", "etcdserver: leader changed"]


def test_without_a_quorum_nothing_is_read_or_written_and_pods_run():
    cluster = Cluster.ha_etcd()
    cluster.apply("data/web.yaml")
    cluster.run_until(lambda: cluster.ready("deployment/web"), timeout=60)
    cluster.kill_node("etcd-1")
    cluster.kill_node("etcd-2")
    cluster.run(30)
    for act in (lambda: cluster.get("pods"), lambda: cluster.apply(note("x"))):
        with pytest.raises(Unreachable, match="Unable to connect to the server: EOF"):
            act()
    with pytest.raises(StorageError, match="etcdserver: request timed out"):
        cluster.control_plane.servers["control-plane-1"].server.create(note("x"))
    assert running(cluster, "web") == 3
    cluster.restore_node("etcd-2")
    cluster.run(15)
    assert answers(cluster)


def test_a_stacked_api_server_is_as_good_as_the_member_beside_it():
    cluster = Cluster.ha_etcd(stacked=True)
    cluster.kubelets["control-plane-2"].static.remove("etcd")
    cluster.run(20)
    states = cluster.components()
    rows = states[states.COMPONENT == "kube-apiserver"].set_index("MACHINE").STATE
    assert rows["control-plane-2"] == "no quorum" and rows["control-plane-1"] == "ready"
    assert cluster.control_plane.balancer.rotation["control-plane-2"] is False
    assert answers(cluster)


def test_a_watch_hears_everything_once_whoever_serves_it():
    cluster = Cluster.ha_etcd()
    heard: list[tuple[str, str]] = []
    watcher = cluster.control_plane.connection("watcher")
    watcher.watch("ConfigMap", lambda e: heard.append((e.type, e.object.name)), "default")
    for number, machine in enumerate(["control-plane-1", "control-plane-2", "control-plane-3"] * 3):
        cluster.apply(note(f"n{number}"))
        cluster.kill_process(machine, "kube-apiserver")
        cluster.run(40)
    wanted = [("ADDED", f"n{number}") for number in range(9)]
    assert [each for each in heard if each[1] != "kube-root-ca.crt"] == wanted


def test_a_watch_lists_anew_where_etcd_has_forgotten():
    cluster = Cluster.all_in_one()
    heard: list[tuple[str, str]] = []
    watcher = cluster.control_plane.connection("watcher")
    cluster.apply(note("a"))
    watcher.watch("ConfigMap", lambda e: heard.append((e.type, e.object.name)), "default")
    cluster.run(30)
    cluster.kill_process("minikube", "kube-apiserver")  # its cache begins anew
    server = cluster.control_plane.servers["minikube"]
    cluster.run_until(lambda: server.ready, timeout=60)
    cluster.apply(note("b"))
    cluster.delete("configmap", "a")
    cluster.run(120)
    assert heard == [("DELETED", "a"), ("ADDED", "b")]


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda c: c.kill_process("etcd-1", "nginx"), "there is no such process"),
        (lambda c: c.cut("moon"), "no such machine"),
        (lambda c: c.fail_disk("worker-1"), "no member of etcd lives there"),
        (lambda c: Cluster.ha_etcd(etcd=4), "no better than one fewer"),
        (lambda c: Cluster(nodes=1).components(), "control plane is not simulated"),
    ],
)
def test_mistakes_are_told(act, words):
    cluster = Cluster.ha_etcd(workers=1)
    with pytest.raises(CourseError, match=words):
        act(cluster)


def test_workloads_are_controlled_by_one_manager_at_a_time():
    cluster = Cluster.ha_etcd()
    cluster.apply(workload("Deployment", "app", replicas=4))
    cluster.run_until(lambda: cluster.ready("deployment/app"), timeout=60)
    [first] = leader_of(cluster, "kube-controller-manager")
    cluster.kill_node(first)
    cluster.run(1)
    cluster.kubectl("scale deployment/app --replicas=8")
    cluster.run(5)
    assert len(cluster.get("pods")) == 4, "nobody works"
    cluster.run(30)
    assert len(cluster.get("pods")) == 8
    [second] = leader_of(cluster, "kube-controller-manager")
    assert second != first


def test_the_holder_of_a_lease_is_a_machine_with_an_id_that_is_new_after_each_start():
    cluster = Cluster.single_master(workers=1)
    cluster.run(20)

    def holder() -> str:
        return cluster.document("lease", "kube-scheduler", namespace="kube-system")["spec"][
            "holderIdentity"
        ]

    before = holder()
    assert re.fullmatch(r"control-plane-1_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", before)
    cluster.kill_process("control-plane-1", "kube-scheduler")
    cluster.run(60)
    assert holder() != before and holder().startswith("control-plane-1_")


def test_each_api_server_shows_itself_by_a_lease_whose_holder_is_new_after_each_start():
    def leases(cluster: Cluster) -> dict[str, str]:
        found = cluster.api.list("Lease", "kube-system")
        return {f.name: f.spec.holder_identity for f in found if f.name.startswith("apiserver-")}

    cluster = Cluster.ha_masters(workers=1)
    cluster.run(20)
    before = leases(cluster)
    assert len(before) == 3
    for name, holder in before.items():
        assert re.fullmatch(f"{name}_[0-9a-f-]{{36}}", holder)
    assert lease_name("control-plane-1") == "apiserver-ktnciuvxljjqohol43g65rthde"
    cluster.kill_process("control-plane-1", "kube-apiserver")
    cluster.run(60)
    after = leases(cluster)
    assert after.keys() == before.keys()
    changed = [name for name in before if after[name] != before[name]]
    assert changed == [lease_name("control-plane-1")]


def test_holders_depend_on_the_seed_alone():
    ids = [process_id(seed, "m", "kube-scheduler", 1) for seed in (1, 1, 2)]
    assert ids[0] == ids[1] != ids[2]
