"""A cluster's parts: each works with the few things that it names, and none asks for its kind."""

from __future__ import annotations

import inspect
import pydoc

import pytest

from course_lib import Cluster
from course_lib.apiserver import APIServer
from course_lib.client import LocalClient
from course_lib.cluster.bootstrap import furnish
from course_lib.cluster.control_plane import ControlPlane, ManagedControlPlane
from course_lib.cluster.dns import DNS
from course_lib.cluster.faults import Faults
from course_lib.cluster.kubeadm import KubeadmControlPlane
from course_lib.cluster.layout import beside
from course_lib.cluster.maintenance import Maintenance
from course_lib.cluster.workloads import Workloads
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.network import FlatNetwork, Network, PodNetwork
from tests.conftest import workload


@pytest.fixture
def api() -> LocalClient:
    client = LocalClient(APIServer(Simulation()))
    furnish(client)
    return client


def test_workloads_need_a_client_alone(api):
    api.create(workload("Deployment", "web", replicas=1))
    assert not Workloads(api).ready("deployment/web")


def test_dns_without_its_service_says_what_to_do(api):
    with pytest.raises(CourseError, match="no DNS"):
        DNS(api, FlatNetwork()).nslookup("web", "db")


# What an operator can break or repair, with arguments that a real control plane would take.
BREAKING = {
    "kill_process": ("node-1", "etcd"),
    "cut": ("node-1",),
    "heal": (),
    "fail_disk": ("node-1",),
    "components": (),
    "members": (),
    "replace_disk": ("node-1",),
    "etcdctl": ("member list",),
    "limit_etcd": ("1Mi",),
    "save_snapshot": (),
    "restore_snapshot": ("backup.db",),
    "force_new_cluster": ("node-1",),
    "certificates": (),
    "renew_certificates": (),
}


@pytest.mark.parametrize("command", BREAKING)
def test_a_managed_control_plane_cannot_be_broken(command):
    cluster = Cluster(nodes=1)
    with pytest.raises(CourseError, match="control plane is not simulated"):
        getattr(cluster, command)(*BREAKING[command])
    assert len(cluster.log()) == len(Cluster(nodes=1).log())  # and nothing was done


def test_each_command_of_faults_and_maintenance_is_refused_or_is_power():
    power = {"cut_power", "restore_power", "start_kubelet", "stop_kubelet"}
    known = {*BREAKING, *power}
    for part in (Faults, Maintenance):
        commands = {name for name, _ in inspect.getmembers(part, inspect.isfunction)}
        assert {name for name in commands if name[0] != "_"} <= known


def test_a_machine_with_an_unknown_runtime_is_not_added_by_half():
    cluster = Cluster(nodes=1, network="calico")
    with pytest.raises(CourseError):
        cluster.add_node("late", runtime="nosuch")
    assert cluster.add_node("late") == "late"
    cluster.run(30)
    assert list(cluster.get("nodes").STATUS) == ["Ready"] * 2


@pytest.mark.parametrize("wrong", [3, None, [], "nosuch.db"])
def test_what_is_no_snapshot_stops_nothing(wrong):
    cluster = Cluster.all_in_one()
    before = len(cluster.log())
    with pytest.raises(CourseError, match="no such snapshot"):
        cluster.restore_snapshot(wrong)
    assert len(cluster.log()) == before
    assert "down" not in set(cluster.components().STATE)


@pytest.mark.parametrize("quota", ["-1", "0", "-1Gi"])
def test_etcd_takes_a_quota_above_nothing(quota):
    cluster = Cluster.all_in_one()
    with pytest.raises(CourseError, match="quota"):
        cluster.limit_etcd(quota)


@pytest.mark.parametrize("machine", ["etcd-1", "control-plane-1", "worker-1"])
def test_a_machine_loses_power_once_until_it_has_power_again(machine):
    cluster = Cluster.ha_etcd(masters=2, workers=1)
    for _ in range(2):
        cluster.kill_node(node=machine)
    for _ in range(2):
        cluster.restore_node(node=machine)
    said = list(cluster.log(component="power").MESSAGE)
    ends = ["loses power", "has no power already", "has power again", "has power already"]
    assert said == [f"node {machine} {end}" for end in ends]
    with pytest.raises(CourseError, match="no such node"):
        cluster.restore_node("nosuch")


@pytest.mark.parametrize(
    ("command", "title"),
    [
        (lambda c, wrong: c.ready(wrong), "ready"),
        (lambda c, wrong: c.workloads.ready(wrong), "ready"),
        (lambda c, wrong: c.kill_node(wrong), "kill_node"),
        (lambda c, wrong: c.faults.cut_power(wrong), "cut_power"),
        (lambda c, wrong: c.machines.add(wrong), "add"),
        (lambda c, wrong: c.containers.logs(wrong), "logs"),
        (lambda c, wrong: c.dns.nslookup(wrong, "web"), "nslookup"),
        (lambda c, wrong: c.ingress.http(wrong), "http"),
        (lambda c, wrong: c.traffic.trace(wrong, "web"), "trace"),
        (lambda c, wrong: c.maintenance.etcdctl(wrong), "etcdctl"),
    ],
)
def test_a_part_checks_its_arguments_as_the_cluster_does(command, title):
    cluster = Cluster(nodes=1)
    for wrong in (None, 5, ["a"]):
        with pytest.raises(CourseError, match=f"^{title}: an argument of the wrong type"):
            command(cluster, wrong)


def test_a_part_shows_its_commands_and_not_what_it_is_made_of():
    cluster = Cluster(nodes=1)
    shown = [name for name in dir(cluster.faults) if not name.startswith("_")]
    breaking = ["cut", "cut_power", "fail_disk", "heal", "kill_process"]
    assert shown == [*breaking, "restore_power", "start_kubelet", "stop_kubelet"]
    assert [name for name in dir(cluster.dns) if name[0] != "_"] == ["nslookup", "zone"]


@pytest.mark.parametrize("wrong", [3, None, [None], "nosuch"])
def test_a_link_is_cut_between_machines_alone(wrong):
    cluster = Cluster.all_in_one()
    with pytest.raises(CourseError, match="no such machine"):
        cluster.cut(wrong)


def test_help_shows_a_short_form_under_its_own_name():
    shown = pydoc.plain(pydoc.render_doc(Cluster.kill_node))
    assert "kill_node(self, node: " in shown and "cut_power" not in shown
    assert Cluster.add_node.__name__ == "add_node"


@pytest.mark.parametrize(
    ("interface", "implementations"),
    [
        (Network, (FlatNetwork, PodNetwork)),
        (ControlPlane, (ManagedControlPlane, KubeadmControlPlane)),
    ],
)
def test_implementations_have_the_whole_interface(interface, implementations):
    for each in implementations:
        assert issubclass(each, interface) and not each.__abstractmethods__
        for name in interface.__abstractmethods__:
            asked, given = inspect.getattr_static(interface, name), getattr(each, name)
            if inspect.isfunction(asked):
                names = list(inspect.signature(asked).parameters)
                assert list(inspect.signature(given).parameters) == names


def test_nodes_beside_a_control_plane_are_a_layout_too():
    layout = beside(4, ("a", "b"))
    assert layout.nodes == layout.workers == ("node-1", "node-2", "node-3", "node-4")
    assert layout.zones == {"node-1": "a", "node-2": "b", "node-3": "a", "node-4": "b"}
    assert layout.control_planes == layout.etcd == ()


def test_no_further_names_come_to_a_cluster():
    names = [name for name in dir(Cluster) if not name.startswith("_")]
    assert len(names) <= 62
