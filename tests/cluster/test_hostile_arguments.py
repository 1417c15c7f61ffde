"""No public command ends in a traceback: what cannot be meant is refused in words."""

from __future__ import annotations

import inspect
import math

import pytest

from course_lib.cluster import Cluster
from course_lib.cluster.layout import all_in_one
from course_lib.errors import CourseError

HOSTILE = [None, -1, math.nan, math.inf, "", "nosuch", "a b", [], {}, ["x"], True, "\ud800",
           object(), 10**30]  # fmt: skip
USUAL = {
    "node": "node-1",
    "name": "deployment/web",
    "kind": "pods",
    "service": "web",
    "requests_per_second": 5,
    "seconds": 1,
    "condition": lambda: True,
    "source": "data/web.yaml",
    "replicas": 2,
    "image": "nginx:1.27",
    "command": ["ls"],
    "runtime": "docker",
    "port": 80,
}
COMMANDS = [
    (name, parameter)
    for name, method in inspect.getmembers(Cluster, inspect.isfunction)
    if not name.startswith("_") and name != "serve"
    for parameter in list(inspect.signature(method).parameters.values())[1:]
    if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
]


@pytest.fixture(scope="module")
def web() -> Cluster:
    cluster = Cluster(nodes=2)
    cluster.apply("data/web.yaml")
    cluster.run(20)
    return cluster


@pytest.mark.parametrize(("name", "parameter"), COMMANDS, ids=lambda v: getattr(v, "name", v))
def test_each_argument_of_each_command_is_taken_or_refused(web, name, parameter):
    command = getattr(web, name)
    pod = web.get("pods").NAME[0] if len(web.get("pods")) else "web"
    given = {
        other.name: (USUAL | {"pod": pod}).get(other.name, "web")
        for other in inspect.signature(command).parameters.values()
        if other.default is other.empty and other.kind is other.POSITIONAL_OR_KEYWORD
    }
    for value in HOSTILE:
        try:
            command(**given | {parameter.name: value})
        except CourseError as problem:
            assert str(problem)


def test_after_all_that_the_cluster_runs_on(web):
    web.run(5)


@pytest.mark.parametrize(
    "settings",
    [
        {"nodes": -1}, {"nodes": 2.5}, {"nodes": "3"}, {"cpu": "-1"}, {"cpu": 0},
        {"cpu": "many"}, {"cpu": None}, {"memory": "-1Gi"}, {"memory": "1e9999"}, {"zones": 5},
        {"zones": "zone-a"}, {"labels": ["x"]}, {"labels": {"a b": "c"}}, {"seed": "x"},
        {"scheduler": 5}, {"runtime": "podman"}, {"runtime": []}, {"layout": "ha"},
        {"certificates": -1}, {"network": "nosuch"}, {"network": None}, {"proxy": "nosuch"},
        {"proxy": None}, {"policies": "yes"}, {"cloud": 1}, {"start": math.inf}, {"start": 1e300},
        {"network": "flannel-vxlan", "colour": "blue"}, {"network": "calico", "cidr": "hello"},
        {"nodes": 65534}, {"pod_cidr": 7}, {"pod_cidr": "all"}, {"network": "calico", "subnets": 0},
        {"network": "calico", "subnets": 65}, {"network": "calico", "subnets": "two"},
        {"nodez": 3},
    ],
    ids=str,
)  # fmt: skip
def test_a_cluster_that_cannot_be_is_refused(settings):
    with pytest.raises(CourseError):
        Cluster(**{"nodes": 1} | settings)


@pytest.mark.parametrize(
    ("make", "settings"),
    [
        (Cluster.ha_etcd, {"masters": 0}),
        (Cluster.ha_etcd, {"etcd": 2}),
        (Cluster.ha_etcd, {"etcd": None}),
        (Cluster.ha_masters, {"workers": -1}),
        (Cluster.ha_masters, {"workers": math.nan}),
        (Cluster.single_master, {"workers": "3"}),
    ],
)
def test_a_layout_that_cannot_be_is_refused(make, settings):
    with pytest.raises(CourseError):
        make(**settings)


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (Cluster.single_master, "workers"),
        (Cluster.ha_masters, "workers"),
        (Cluster.ha_masters, "masters"),
        (Cluster.ha_etcd, "masters"),
        (Cluster.ha_etcd, "workers"),
        (Cluster.ha_etcd, "etcd"),
    ],
)
def test_a_number_that_no_layout_has_is_refused_by_the_name_of_its_argument(make, argument):
    with pytest.raises(CourseError) as refused:
        make(**{argument: 101})
    assert refused.value.where == argument


@pytest.mark.parametrize("settings", [{"nodes": 5}, {"nodes": 1}, {"zones": ["a", "b"]}], ids=str)
def test_what_a_layout_says_itself_is_refused_beside_it(settings):
    with pytest.raises(CourseError) as refused:
        Cluster(layout=all_in_one(), **settings)
    assert refused.value.where == next(iter(settings))


def test_the_largest_number_of_an_int32_is_taken():
    flags = {"large-cluster-size-threshold": 2**31 - 1}
    limits = {"kube-scheduler": (50, 2**31 - 1)}
    assert len(Cluster(nodes=1, controller_flags=flags, client_limits=limits).get("nodes")) == 1


def test_numbers_of_other_kinds_are_numbers():
    import numpy as np

    cluster = Cluster(nodes=np.int64(1), cpu=2, memory="4Gi")
    cluster.run(np.float64(1.5))
    assert cluster.now == 1.5
