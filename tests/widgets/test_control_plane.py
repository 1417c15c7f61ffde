"""The widget of chapter 10, its diagram, and the pictures of what survives what."""

from __future__ import annotations

import pytest

from course_lib import Cluster, experiments, plots
from course_lib.widgets import ControlPlane
from course_lib.widgets.control_plane import BUILD


def test_killing_two_members_of_three_is_noticed_and_restoring_one_mends_it():
    view = ControlPlane(Cluster.ha_etcd())
    view.step(5)
    assert view.answers[-1] == (True, True)
    for machine in ("etcd-1", "etcd-2"):
        view.machine.value = machine
        view.kill.click()
    view.step(10)
    assert view.answers[-1] == (False, False)
    assert "1 of 3 members run, 2 are needed" in view.picture.value
    assert "the API answers nobody" in view.picture.value
    view.restore.click()
    view.step(20)
    assert view.answers[-1] == (True, True)
    assert "2 of 3 members run" in view.picture.value


def test_a_process_is_killed_and_a_link_cut_by_buttons():
    view = ControlPlane(Cluster.ha_etcd())
    view.machine.value = "control-plane-2"
    assert view.process.options[0] == "kube-apiserver"
    view.kill_process.click()
    assert "kube-apiserver: down" in view.picture.value
    view.cut.click()
    assert 'class="machine cut"><h4>control-plane-2: cut off' in view.picture.value
    view.heal.click()
    view.step(20)
    assert 'class="machine cut"' not in view.picture.value
    view.kill.click()
    assert 'class="machine down"><h4>control-plane-2: no power' in view.picture.value


def test_only_what_a_configuration_has_can_be_chosen():
    view = ControlPlane(Cluster.ha_etcd())
    assert not view.masters.disabled and not view.etcd.disabled
    view.kind.value = "all-in-one"
    assert view.masters.disabled and view.etcd.disabled
    view.machine.options = ["nobody"]
    assert view.process.options == () and view.kill_process.disabled


@pytest.mark.parametrize("kind", BUILD)
def test_every_configuration_can_be_built(kind):
    view = ControlPlane(Cluster.all_in_one())
    view.kind.value = kind
    view.etcd.value = 5
    view.build.click()
    view.step(4)
    assert view.answers[-1] == (True, True)
    members = 5 if kind == "clustered etcd, HA masters" else None
    assert members is None or len(view.cluster.etcd.members) == members


def test_what_cannot_be_done_is_said():
    view = ControlPlane(Cluster.all_in_one())
    view.kind.value = "clustered etcd, stacked"
    view.masters.value = 2
    view.build.click()
    assert "no better than one fewer" in view.message.value


def test_the_diagram_tells_the_same_in_words():
    cluster = Cluster.ha_masters()
    cluster.kill_node("etcd-1")
    cluster.run(10)
    drawn = plots.configuration(cluster)
    assert "the API answers nobody" in drawn.alt and "etcd-1: etcd down" in drawn.alt
    assert drawn.svg() == plots.configuration(cluster).svg()


def test_the_pictures_of_availability_and_latency_have_words_too():
    table = experiments.availability(sizes=(1, 3), runs=20)
    assert "two zones are no better" in plots.availability_by_size(table).alt
    assert "three regions" in plots.latency_by_size(experiments.latency_by_size(writes=20)).alt
