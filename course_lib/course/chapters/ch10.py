"""Exercises of chapter 10: majorities, what survives what, and an operator's work."""

from __future__ import annotations

from typing import Any

from course_lib.cluster import Cluster
from course_lib.cluster.health import health
from course_lib.cluster.packaged import packaged
from course_lib.course.answers import applied, holds, predicts_number, predicts_word, tried
from course_lib.course.forms import counted, described, names_of
from course_lib.course.questions import Mistake, Remark, Remarks, asks
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.etcd import EtcdCluster


def _writes(cluster: Cluster) -> bool:
    seen = health(cluster)
    return seen.can_read and seen.can_write


@predicts_number(
    "10-quorum",
    "How many may fail?",
    """
    etcd has five members. **How many of them may fail** so that the cluster still takes writes?
    """,
    slips={
        3: "with three of five gone two are left, which is no majority: nothing can be written",
        1: "that is for three members; five can lose more",
        4: "one member of five cannot know whether the others decided otherwise",
        0: "a majority of five is three: nobody needs all five",
        5: "with all members gone nobody answers",
    },
    look="more than half of five must be left: how many may go?",
)
def quorum() -> int:
    return _tolerated(5)


@predicts_number(
    "10-even",
    "One more than three",
    """
    Somebody adds a fourth member to an etcd of three. **How many of the four may fail** so that the
    cluster still takes writes?
    """,
    slips={
        2: "two of four are half, and a majority is *more* than half",
        3: "one of four is far from a majority",
        0: "three of four are a majority",
    },
    look="more than half of four must be left: how many may go?",
)
def even() -> int:
    return _tolerated(4)


def _tolerated(members: int) -> int:
    """So many members can be killed until etcd elects no leader any more."""
    sim = Simulation(seed=0)
    etcd = EtcdCluster(sim, members)
    sim.run(5)
    for killed, name in enumerate(list(etcd.members)):
        etcd.members[name].crash()
        sim.run(10)
        if etcd.leader is None:
            return killed
    return members


@asks(
    "10-build",
    "Any one machine",
    """
    **Write a function** `def build(): ...` that returns a cluster (one of `Cluster`'s four
    configurations) whose API survives the loss of any one machine except the load balancer:
    half a minute after that machine loses its power, the API takes writes again.
    """,
)
def build(answer: object) -> Remarks:
    made = tried(answer)
    if not isinstance(made, Cluster):
        raise Mistake(f"it returned {described(made)}", "return Cluster.ha_...(...)")
    try:
        layout = made.control_plane.layout
    except CourseError as error:
        raise Mistake("a plain Cluster() has no machines of a control plane",
                      "use one of the four configurations of the chapter") from error  # fmt: skip
    for machine in dict.fromkeys([*layout.control_planes, *layout.etcd]):
        cluster = tried(answer)
        if not isinstance(cluster, Cluster):
            raise Mistake("its second call returns no cluster", "make a new cluster in each call")
        cluster.run(20)
        cluster.kill_node(machine)
        cluster.run(30)
        hint = "what runs only once there? look at `plots.configuration(...)`"
        if machine in layout.etcd and len(layout.etcd) == 1 and len(layout.control_planes) > 1:
            hint = "there are several API servers, but all of them use the one etcd"
        elif len(layout.etcd) == 2:
            hint = "a majority of two members is two: with two, no member may fail"
        yield holds(_writes(cluster), f"{machine} may fail", f"not without {machine}", hint)


def _no_quorum() -> Cluster:
    cluster = applied(Cluster.ha_etcd(), packaged("web"), 30)
    for name in list(cluster.etcd.members)[:2]:
        cluster.kill_node(name)
    cluster.run(20)
    return cluster


@asks(
    "10-silent",
    "The API is silent",
    """
    `task.cluster` has a clustered etcd, and its API does not answer any more. **Repair it**
    without losing what was stored. At least two members must run at the end.
    """,
    starts=_no_quorum,
)
def silent(cluster: Cluster) -> Remarks:
    cluster.run(30)
    up = int((cluster.members().UP.astype(str).isin(["True", "yes"])).sum())
    hint = "`cluster.restore_node(...)` gives a machine its power back"
    if up >= 2:
        hint = "more than half of the members must run: cluster.members() shows which do not"
    yield holds(_writes(cluster), "it takes writes", "nothing can be written", hint)
    hint = "one member works, but its loss would be the loss of all data"
    said = f"{counted(up, 'members')} running"
    yield holds(up >= 2, said, said, hint)
    names = list(cluster.get("deployments").NAME)
    hint = "the Deployment is gone: a new, empty etcd is not a repair"
    said = f"known are {names_of(names)}"
    yield holds("web" in names, "web is still known", said, hint)


_QUOTA = 200 * 1024  # bytes


def _no_space() -> Cluster:
    cluster = Cluster.single_master(workers=1)
    cluster.limit_etcd(f"{_QUOTA // 1024}Ki")
    note = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "note"}}
    cluster.run(10)
    try:
        for count in range(100):
            cluster.apply(note | {"data": {"text": f"{count} " + "blah " * 4000}})
    except CourseError:
        pass
    cluster.run(10)
    return cluster


@asks(
    "10-no-space",
    "mvcc: database space exceeded",
    """
    etcd of `task.cluster` is full, and refuses every write. **Make room with `etcdctl`, so that it
    can write again** (the quota stays as it is).
    """,
    starts=_no_space,
)
def no_space(cluster: Cluster) -> Remarks:
    cluster.run(30)
    store: Any = cluster.etcd.elect().machine
    raised = store.quota > _QUOTA
    hint = "a larger quota only delays the problem: old revisions fill the store; `task.reset()`"
    yield holds(not raised, "the quota is as it was", "the quota is larger now", hint)
    kept, file = store.in_use / store.quota, store.size / store.quota
    hint = "old revisions fill it: which command removes them? (`compact`)"
    yield holds(kept < 0.8, "old revisions are removed", f"{kept:.0%} of it is in use", hint)
    hint = "what was compacted is free inside the file; `defrag` gives it back"
    yield holds(file < 0.8, "there is room", f"the file has {file:.0%} of the quota", hint)
    hint = "the alarm stays until it is disarmed (`alarm disarm`), however much room there is"
    yield holds(not cluster.etcd.full(), "there is no alarm", "the alarm NOSPACE is raised", hint)
    cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "another"}})
    yield Remark(True, "it takes writes")


@predicts_word(
    "10-master-gone",
    "Without its control plane",
    """
    A cluster has a single control plane node. This machine loses its power. Ten minutes later a
    container on a worker crashes. Is the container `"restarted"`, or does it stay `"dead"`?
    """,
    slips={
        "dead": "who restarts containers? The kubelet, and it needs no permission",
        "stays dead": "who restarts containers? The kubelet, and it needs no permission",
        "moved": "moving it would take a scheduler, which is gone",
    },
    also={"restarted": ["restart", "restarts", "it is restarted"]},
    look="answer with one of the two words, `restarted` or `dead`",
)
def master_gone() -> str:
    cluster = applied(Cluster.single_master(workers=1), packaged("web"), 30)
    cluster.kill_node("control-plane-1")
    cluster.run(600)
    containers = cluster.runtimes["worker-1"].containers
    next(each for each in containers.values() if each.running).exit(1)
    cluster.run(60)
    return "restarted" if sum(each.running for each in containers.values()) == 3 else "dead"
