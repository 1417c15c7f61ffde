"""Chapter 10: reference solutions, and wrong answers."""

import json

from course_lib import Cluster


def restore_one(cluster):
    cluster.restore_node(next(iter(cluster.etcd.members)))


def begin_anew(cluster):
    restore_one(cluster)
    cluster.run(20)
    cluster.delete("deployment", "web")


def one_is_enough(cluster):
    cluster.force_new_cluster(list(cluster.etcd.members)[2])


def etcdctl(*commands):
    def repair(cluster):
        text = cluster.etcdctl("get /registry -w json")
        revision = json.loads(text)["header"]["revision"]
        for command in commands:
            cluster.etcdctl(command.format(revision=revision))

    return repair


ANSWERS = {
    "10-quorum": (2, {3: "no majority", 1: "that is three", 4: "cannot know"}),
    "10-even": (1, {2: "*more*", 3: "far from", 0: "three of four"}),
    "10-build": (
        Cluster.ha_etcd,
        {
            Cluster.single_master: "only once",
            Cluster.ha_masters: "one etcd",
            Cluster: "four configurations",
            lambda: Cluster.ha_etcd(etcd=2): "call it yourself",
            lambda: None: "return Cluster",
        },
    ),
    "10-silent": (
        restore_one,
        {
            lambda c: None: "given it back",
            one_is_enough: "its loss",
            begin_anew: "not a repair",
        },
    ),
    "10-no-space": (
        etcdctl("compact {revision}", "defrag", "alarm disarm"),
        {
            etcdctl("compact {revision}", "defrag"): "until it is disarmed",
            lambda c: None: "old revisions",
            etcdctl("compact {revision}", "alarm disarm"): "gives it back",
        },
    ),
    "10-master-gone": ("restarted", {"dead": "kubelet", "moved": "scheduler"}),
}
