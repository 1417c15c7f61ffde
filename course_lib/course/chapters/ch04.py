"""Exercises of chapter 04: constraints, scores, policies of one's own."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from course_lib.cluster import Cluster
from course_lib.course.answers import applied, document, holds, number, tried, word
from course_lib.course.exercise import Findings, Mistake, asks
from course_lib.course.manifests import deployment
from course_lib.orchestrators import Kubernetes, Machine, Workload, compare
from course_lib.orchestrators.model import Host

Policy = Callable[[Host, Workload], float]
MACHINES = [Machine(f"m{n + 1}", 4000, 8192, {"zone": "abc"[n % 3]}) for n in range(6)]


def place(policy: Policy, workload: Workload) -> list[str]:
    """Each task on the machine, of those with room, that the policy scores highest."""
    hosts, chosen = [Host(machine) for machine in MACHINES], []
    for _ in range(workload.count):
        scored = []
        for number_, host in enumerate(hosts):
            if host.fits(workload):
                score = tried(policy, host, workload)
                if isinstance(score, bool) or not isinstance(score, int | float):
                    raise Mistake(f"the score is {score!r}", "return a number: the highest wins")
                scored.append((score, -number_, host))
        best = max(scored, key=lambda each: each[:2])[2]
        best.take(workload)
        chosen.append(best.name)
    return chosen


@asks(
    "04-policy-pack",
    "A policy that packs",
    """
    Six machines of 4 cores; twelve tasks of 1 core. **Write a policy**
    `def score(host, task): ...` that returns a number for a host with room; the highest wins. It is
    to use as few machines as possible.

    A host has `free_cpu`, `free_memory` (thousandths of a core, MiB), `machine.cpu`,
    `machine.memory`, `machine.labels`, and `tasks` (how many run there, by workload).
    """,
)
def policy_pack(answer: Any) -> Findings:
    used = len(set(place(answer, Workload("batch", 12, 1000, 512))))
    hint = "which of two hosts should win: the one with more free, or the one with less?"
    if used in (4, 5):
        hint = "a policy that is often indifferent lets the first host win, and not the fullest"
    yield holds(used == 3, "three machines", f"{used} machines are used; three are enough", hint)
    mixed = place(answer, Workload("wide", 6, 500, 4096))
    hint = "here memory runs out first: look at the resource of which there is least left"
    few = len(set(mixed)) == 3
    yield holds(few, "and three where memory is scarce", f"{len(set(mixed))} for wide tasks", hint)


@asks(
    "04-policy-zones",
    "A policy that spreads",
    """
    The six machines of the exercise before stand in the zones a, b, c. **Write a policy** that
    spreads six small tasks so that each zone has two, and each machine one.
    """,
)
def policy_zones(answer: Any) -> Findings:
    workload = Workload("web", 6, 500, 512)
    chosen = place(answer, workload)
    zone = {machine.name: machine.labels["zone"] for machine in MACHINES}
    each = {name: [zone[m] for m in chosen].count(name) for name in "abc"}
    hint = "a policy sees one host at a time: the zone is even if every host is; prefer empty ones"
    if len(set(chosen)) == 1:
        hint = "all went to one machine: the score has to fall with each task that is there already"
    yield holds(set(each.values()) == {2}, "two in each zone", f"tasks by zone: {each}", hint)
    yield holds(len(set(chosen)) == 6, "one on each machine", "some machine has several", hint)


@asks(
    "04-configuration",
    "Fill nodes up",
    """
    **Write a KubeSchedulerConfiguration** (its first profile counts) with which eight Pods of 1
    core and 1 GiB go onto as few of the six machines (4 cores, 8 GiB) as possible.
    """,
)
def configuration(answer: Any) -> Findings:
    if not isinstance(answer, str | dict):
        raise Mistake("a configuration is asked for", "write it as YAML between triple quotes")
    engine = Kubernetes(answer)
    work = Workload("batch", 8, 1000, 1024)
    placed = engine.place([work], MACHINES, random.Random(0))
    used = len({task.machine for task in placed})
    text = str(answer)
    hint = "NodeResourcesFit has a `scoringStrategy`: which `type` likes full nodes?"
    if "MostAllocated" in text:
        hint = "the strategy is right; does it weigh anything? NodeResourcesFit has to be enabled"
    yield holds(used == 2, "two machines", f"{used} machines are used; two are enough", hint)


@asks(
    "04-who-fits",
    "Who is left",
    """
    Four nodes of 2 cores; on `node-1` Pods ask for 1500m, on `node-2` for 600m, `node-3` is
    cordoned, `node-4` is empty. A new Pod asks for 1500m, and uses 100m. **How many nodes pass the
    filters?** (Nothing else runs there.)
    """,
)
def who_fits(answer: Any) -> Findings:
    cluster = Cluster(nodes=4, cpu="2")
    for node, cpu in (("node-1", "1500m"), ("node-2", "600m")):
        taken = deployment(node, 1, resources={"requests": {"cpu": cpu}})
        taken["spec"]["template"]["spec"]["nodeName"] = node
        cluster.apply(taken)
    cluster.cordon("node-3")
    cluster.run(30)
    new = deployment("new", 1, resources={"requests": {"cpu": "1500m"}})
    applied(cluster, new, 1)
    name = cluster.get("pods", selector="app=new").NAME.iloc[0]
    explained = cluster.explain(name)
    fits = int((explained["REFUSED BY"] == "").sum())
    slips = {
        4: "what counts is what a Pod asks for, not what it uses; and a cordon is a taint",
        3: "one of them is cordoned, and 2 cores less 600m are not 1500m",
        2: "2000m - 600m = 1400m: what is left of node-2 is not enough",
        0: "an empty node has 2 cores for Pods here",
    }
    yield number(answer, fits, slips, unit="nodes")


@asks(
    "04-zones",
    "Even over zones",
    """
    Four nodes, two in each of the zones `a` and `b`. **Write a Deployment** `web` with six replicas
    that are spread over the zones so evenly that the numbers never differ by more than one, and
    rather wait than break that.
    """,
)
def zones(answer: Any) -> Findings:
    wanted = document(answer, "Deployment", "web")
    spread = wanted["spec"]["template"]["spec"].get("topologySpreadConstraints") or []
    hint = "`topologySpreadConstraints`, in the Pod template's spec"
    yield holds(bool(spread), "there is a constraint", "there is no constraint", hint)
    keys = [each.get("topologyKey") for each in spread]
    hint = "`kubernetes.io/hostname` counts by node; zones have `topology.kubernetes.io/zone`"
    said = f"the keys are {keys}"
    yield holds("topology.kubernetes.io/zone" in keys, "it counts by zone", said, hint)
    rule = next(each for each in spread if each["topologyKey"] == "topology.kubernetes.io/zone")
    hint = "without a `labelSelector` it counts no Pods at all"
    yield holds(bool(rule.get("labelSelector")), "it counts the Pods", "it counts nothing", hint)
    hint = "`ScheduleAnyway` is a wish; a rule is `DoNotSchedule`"
    firm = rule.get("whenUnsatisfiable") == "DoNotSchedule"
    yield holds(firm, "it is a rule", "it is only a wish", hint)
    cluster = Cluster(nodes=4, zones=("a", "b"))
    cluster.cordon("node-2")
    cluster.cordon("node-4")  # all of zone b
    applied(cluster, wanted, 40)
    waiting = int((cluster.get("pods").STATUS == "Pending").sum())
    hint = "`maxSkew: 1`, and `replicas: 6`"
    said = f"with zone b closed, {waiting} Pods wait"
    yield holds(waiting == 5, said, f"{said}; five should", hint)


@asks(
    "04-gpu",
    "Only there, and allowed to",
    """
    `node-gpu` has the label `gpu: "yes"` and the taint `gpu=only:NoSchedule`. **Write a Pod**
    `train` (any image) that runs there, and nowhere else.
    """,
)
def gpu(answer: Any) -> Findings:
    wanted = document(answer, "Pod", "train")
    hint = "a node's name ties the Pod to one machine for good: choose by its label"
    by_name = "nodeName" in wanted["spec"]
    yield holds(not by_name, "the scheduler chooses", "nodeName passes by the scheduler", hint)
    spots = []
    for with_gpu in (True, False):
        cluster = Cluster(nodes=2)
        taint = [{"key": "gpu", "value": "only", "effect": "NoSchedule"}]
        if with_gpu:
            cluster.add_node("node-gpu", labels={"gpu": "yes"}, taints=taint)
        applied(cluster, wanted, 30)
        spots.append(cluster.get("pods", wide=True).NODE.iloc[0])
    hint = "a toleration allows; it does not attract: add a `nodeSelector`"
    elsewhere = str(spots[1]).startswith("node")
    yield holds(
        not elsewhere, "it goes nowhere else", f"without the GPU it runs on {spots[1]}", hint
    )
    hint = "a selector wants the node; the taint keeps it away without a `toleration`"
    there = spots[0] == "node-gpu"
    yield holds(there, "it runs on node-gpu", f"with the GPU there its node is {spots[0]}", hint)


@asks(
    "04-engine",
    "Who fills machines up?",
    """
    Four equal empty machines, and eight small jobs of one task each, one after the other. Of
    `"Docker Swarm"` and `"HashiCorp Nomad"`, with their defaults, **which uses fewer machines?**
    """,
)
def engine(answer: Any) -> Findings:
    placed = compare([Workload(f"job-{n}", 1, 500, 512) for n in range(8)], MACHINES[:4])
    names = ("Docker Swarm", "HashiCorp Nomad")
    fewest = min(names, key=lambda name: len({task.machine for task in placed[name]}))
    slips = {
        "Docker Swarm": "Swarm spreads: the node with the fewest tasks is next",
        "Nomad": "write the whole name, as in the question",
    }
    yield word(answer, fewest, slips)
