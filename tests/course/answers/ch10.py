"""Chapter 10: answers that are right, and wrong ones with a part of the hint that each gets."""

import functools
import json

from course_lib import Cluster
from tests.course.answers.shapes import number


def restore(*which):
    def repair(cluster):
        for n in which:
            cluster.restore_node(list(cluster.etcd.members)[n])

    return repair


def one_by_one(cluster):
    restore(1)(cluster)
    cluster.run(30)
    restore(0)(cluster)


def begin_anew(cluster):
    restore(0)(cluster)
    cluster.run(20)
    cluster.delete("deployment", "web")


def one_is_enough(cluster):
    cluster.force_new_cluster(list(cluster.etcd.members)[2])


def etcdctl(*commands):
    def repair(cluster):
        text = cluster.etcdctl("get /registry -w json").stdout
        revision = json.loads(text)["header"]["revision"]
        for command in commands:
            cluster.etcdctl(command.format(revision=revision))

    return repair


def stacked():
    return Cluster.ha_etcd(stacked=True)


def with_seed():
    return Cluster.ha_etcd(stacked=True, seed=3, workers=1)


class Factory:
    def __call__(self):
        return stacked()


ANSWERS = {
    "10-quorum": (
        number(2, "members")[:7],
        {3: "no majority", 1: "that is for three", 4: "cannot know", 0: "all five", 5: "nobody"},
    ),
    "10-even": (
        number(1),
        {2: "*more*", 3: "far from", 0: "three of four", 4: "more than half", "half": "a number"},
    ),
    "10-build": (
        [stacked, with_seed, Factory(), functools.partial(Cluster.ha_etcd, stacked=True)],
        [
            (Cluster.single_master, "only once"),
            (Cluster.ha_masters, "one etcd"),
            (Cluster.all_in_one, "only once"),
            (Cluster, "four configurations"),
            (lambda: Cluster.ha_etcd(etcd=2), "call your function yourself"),
            (lambda: None, "return Cluster"),
            (lambda name: Cluster.ha_etcd(), "with no arguments"),
            ("ha_etcd", "without ()"),
        ],
    ),
    "10-silent": (
        [restore(0), restore(1), restore(0, 1), one_by_one],
        {
            lambda c: None: "its power back",
            one_is_enough: "its loss",
            begin_anew: "not a repair",
            lambda c: c.run(300): "its power back",
            lambda c: (restore(0)(c), c.run(30), c.kill_node(next(iter(c.etcd.members)))): "power",
        },
    ),
    "10-no-space": (
        [
            etcdctl("compact {revision}", "defrag", "alarm disarm"),
            etcdctl("compact {revision}", "alarm list", "defrag", "alarm disarm"),
            etcdctl("get /registry", "compact {revision}", "defrag", "alarm disarm"),
            lambda c: (etcdctl("compact {revision}")(c), c.run(60),
                       etcdctl("defrag", "alarm disarm")(c)),
        ],
        {
            lambda c: None: "old revisions",
            etcdctl("alarm disarm"): "old revisions",
            etcdctl("compact {revision}", "defrag"): "until it is disarmed",
            etcdctl("compact {revision}", "alarm disarm"): "gives it back",
            etcdctl("compact {revision}"): "gives it back",
            lambda c: c.limit_etcd("2Mi"): "a larger quota",
        },
    ),
    "10-master-gone": (
        ["Restarted", "restart", "It is restarted.", ["restarted"], "'restarted'"],
        {
            "dead": "kubelet",
            "stays dead": "kubelet",
            "moved": "scheduler",
            "pending": "one of the two words",
            True: "in quotes",
        },
    ),
}  # fmt: skip
