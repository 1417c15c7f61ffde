"""Static Pods from a node's own folder: which manifests are taken."""

from __future__ import annotations

import json

import pytest
import yaml

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from course_lib.node.mirror_pods import MirrorPods
from tests.conftest import pod, service


@pytest.mark.parametrize("form", [dict, json.dumps, yaml.safe_dump, lambda made: [made]])
def test_a_static_pod_is_written_in_any_form_of_a_manifest(form):
    cluster = Cluster(nodes=1)
    cluster.kubelets["node-1"].static.write(form(pod("agent")))
    cluster.run(20)
    assert "agent-node-1" in list(cluster.get("pods").NAME)


@pytest.mark.parametrize(
    "wrong", ["", "agent", [pod("a"), pod("b")], {"kind": "Pod"}, service("a")]
)
def test_what_is_not_one_pod_with_a_name_is_no_static_pod(wrong):
    cluster = Cluster(nodes=1)
    with pytest.raises(CourseError, match="manifest"):
        cluster.kubelets["node-1"].static.write(wrong)
    cluster.run(20)
    assert cluster.get("pods").empty


def test_mirrors_that_are_deleted_together_come_back_together(monkeypatch):
    cluster = Cluster(nodes=1)
    names = [f"agent-{number}-node-1" for number in range(8)]
    for number in range(8):
        cluster.kubelets["node-1"].static.write(pod(f"agent-{number}"))
    cluster.run(20)
    shows = []
    show = MirrorPods.show
    monkeypatch.setattr(MirrorPods, "show", lambda mirrors: (shows.append(1), show(mirrors)))
    for name in names:
        cluster.delete("pod", name)
    cluster.run(2)
    assert list(cluster.get("pods").NAME) == names
    assert len(shows) <= 2  # the one for all of them, and perhaps a heartbeat's


def test_kubelets_of_an_emptied_etcd_do_not_create_and_lose_mirrors_over_and_over():
    cluster = Cluster.single_master(workers=2, seed=1)
    machine = "control-plane-1"
    cluster.run(80)
    cluster.fail_disk(machine)
    cluster.run(520)
    cluster.kill_process(machine, "kube-apiserver")
    cluster.run(210)
    cluster.replace_disk(machine)
    cluster.run(205)
    before = cluster.members().COMMITTED[0]
    cluster.run(15)
    assert cluster.members().COMMITTED[0] - before < 40  # leases, and no mirrors
    assert len(cluster.get("nodes")) == len(cluster.get("pods", "kube-system")) == 0
