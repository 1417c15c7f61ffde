"""Exercises of chapter 04: constraints, scores, policies of one's own."""

from __future__ import annotations

import numbers
import random
from decimal import Decimal
from typing import Any

from course_lib.cluster import Cluster
from course_lib.course.answers import (
    applied,
    document,
    holds,
    or_unknown,
    predicts_number,
    predicts_word,
    tried,
)
from course_lib.course.forms import as_documents, counted, described
from course_lib.course.manifests import deployment
from course_lib.course.questions import Mistake, Remarks, asks
from course_lib.objects.manifests import Document
from course_lib.orchestrators import Kubernetes, Machine, Workload, compare
from course_lib.orchestrators.model import Agent

MACHINES = [Machine(f"m{n + 1}", 4000, 8192, {"zone": "abc"[n % 3]}) for n in range(6)]


def place(policy: object, workload: Workload, rng: random.Random) -> list[str]:
    """Each task on the machine, of those with room, that the policy scores highest.

    Ties are broken at random, as Kubernetes breaks them: a policy that scores all hosts alike
    decides nothing.
    """
    hosts, chosen = [Agent(machine) for machine in MACHINES], []
    for _ in range(workload.count):
        fitting = [host for host in hosts if host.fits(workload)]
        scores = [_score(tried(policy, host, workload)) for host in fitting]
        best = rng.choice(
            [h for h, score in zip(fitting, scores, strict=True) if score == max(scores)]
        )
        best.take(workload)
        chosen.append(best.name)
    return chosen


def _score(score: Any) -> Any:
    """What a policy returned, which must be a number that can be compared."""
    kind = type(score).__name__
    if isinstance(score, bool) or not isinstance(score, numbers.Real | Decimal):
        hint = "return a number: the highest wins"
        if score is None:
            hint = "your function returns nothing: it ends with `return` and a number"
        raise Mistake(f"the score is {described(score)}, of the type {kind}", hint)
    if score != score:
        raise Mistake(
            "the score is NaN", "NaN is neither more nor less than others: return a number"
        )
    return score


def _runs(policy: object, workload: Workload) -> list[list[str]]:
    """The same tasks placed several times, each time with other ties."""
    return [place(policy, workload, random.Random(seed)) for seed in range(4)]


def _indifferent(policy: object, workload: Workload) -> bool:
    """Whether a policy gives an empty host and one with a task the same score."""
    empty, used = Agent(MACHINES[0]), Agent(MACHINES[0])
    used.take(workload)
    return bool(tried(policy, empty, workload) == tried(policy, used, workload))


@asks(
    "04-policy-pack",
    "A policy that packs",
    """
    There are six machines of 4 cores, and twelve tasks of 1 core. **Write a policy**
    `def score(host, task): ...` that uses as few machines as possible. It returns a number for each
    host with room. The host with the highest number wins, and ties are broken at random.

    A host has `free_cpu`, `free_memory` (thousandths of a core, MiB), `machine.cpu`,
    `machine.memory`, `machine.labels`, and `tasks` (how many run there, by workload).
    """,
)
def policy_pack(answer: object) -> Remarks:
    batch = Workload("batch", 12, 1000, 512)
    used = max(len(set(chosen)) for chosen in _runs(answer, batch))
    hint = "which of two hosts should win: the one with more free, or the one with less?"
    if _indifferent(answer, batch):
        hint = (
            "an empty host and one with a task get the same score, and ties are broken at random: "
            "let the score rise as `free_cpu` and `free_memory` fall"
        )
    elif used in (4, 5):
        hint = (
            "many hosts get the same score, and ties are broken at random: let each task change it"
        )
    yield holds(used == 3, "three machines", f"{used} machines are used; three are enough", hint)
    mixed = max(len(set(chosen)) for chosen in _runs(answer, Workload("wide", 6, 500, 4096)))
    hint = "here memory runs out first: look at the resource of which there is least left"
    yield holds(mixed == 3, "and three where memory is scarce", f"{mixed} for wide tasks", hint)


@asks(
    "04-policy-zones",
    "A policy that spreads",
    """
    The six machines of the exercise before are in the zones a, b and c. **Write a policy** that
    spreads six small tasks: two in each zone, one on each machine.
    """,
)
def policy_zones(answer: object) -> Remarks:
    workload = Workload("web", 6, 500, 512)
    zone = {machine.name: machine.labels["zone"] for machine in MACHINES}
    runs = _runs(answer, workload)
    worst = min(runs, key=lambda chosen: len(set(chosen)))
    each = {name: [zone[m] for m in worst].count(name) for name in "abc"}
    hint = "prefer empty hosts: if each machine has one task, each zone has two"
    if len(set(worst)) == 1:
        hint = "all went to one machine: the score has to fall with each task that is there already"
    elif _indifferent(answer, workload):
        hint = (
            "an empty host and one with a task get the same score, and ties are broken at random: "
            "let the score fall with each task that is there already"
        )
    said = ", ".join(f"{count} in {name}" for name, count in each.items())
    yield holds(set(each.values()) == {2}, "two in each zone", f"tasks by zone: {said}", hint)
    yield holds(len(set(worst)) == 6, "one on each machine", "some machine has several", hint)


@asks(
    "04-configuration",
    "Fill nodes up",
    """
    **Write a KubeSchedulerConfiguration** (its first profile counts). With it, eight Pods of 1 core
    and 1 GiB must use as few of the six machines (4 cores, 8 GiB) as possible.
    """,
)
def configuration(answer: object) -> Remarks:
    (wanted, *more) = as_documents(answer)
    kind = wanted.get("kind")
    if more or kind != "KubeSchedulerConfiguration":
        said = f"the kind is {kind}" if not more else "there are several documents"
        raise Mistake(said, "one document with `kind: KubeSchedulerConfiguration` is asked for")
    engine = Kubernetes(wanted)
    work = Workload("batch", 8, 1000, 1024)
    placed = engine.place([work], MACHINES, random.Random(0))
    used = len({task.machine for task in placed})
    first = str(wanted["profiles"][0]) if wanted.get("profiles") else ""
    hint = "NodeResourcesFit has a `scoringStrategy`: which `type` prefers full nodes?"
    if "MostAllocated" in first or "RequestedToCapacityRatio" in first:
        hint = (
            "the strategy is right; is NodeResourcesFit below `plugins.score.enabled`, with a "
            "weight, and are the plugins that spread Pods disabled?"
        )
    elif "MostAllocated" in str(wanted):
        hint = "the first profile counts here: put the strategy into that one"
    yield holds(used == 2, "two machines", f"{used} machines are used; two are enough", hint)


@predicts_number(
    "04-who-fits",
    "Which nodes fit",
    """
    Four nodes have 2 cores each. The Pods on `node-1` request 1500m, those on `node-2` 600m.
    `node-3` is cordoned, `node-4` is empty. A new Pod requests 1500m, and uses 100m. **How many
    nodes pass the filters?** (Nothing else runs there.)
    """,
    slips={
        4: "the request counts, not what a Pod uses; and a cordoned node takes no new Pods",
        3: "one of them is cordoned, and 2000m - 600m is less than 1500m",
        2: "2000m - 600m = 1400m: what is left of node-2 is not enough",
        0: "an empty node has 2 cores for Pods here",
    },
    unit="nodes",
    look="check each node: is it cordoned, and are 1500m of its 2000m not requested?",
)
def who_fits() -> int:
    cluster = Cluster(nodes=4, cpu="2")
    for node, cpu in (("node-1", "1500m"), ("node-2", "600m")):
        taken = deployment(node, 1, resources={"requests": {"cpu": cpu}})
        taken["spec"]["template"]["spec"]["nodeName"] = node
        cluster.apply(taken)
    cluster.kubectl("cordon node-3").checked()
    cluster.run(30)
    new = deployment("new", 1, resources={"requests": {"cpu": "1500m"}})
    applied(cluster, new, 1)
    name = cluster.get("pods", selector="app=new").NAME.iloc[0]
    return int((cluster.explain(name)["REFUSED BY"] == "").sum())


@asks(
    "04-zones",
    "Even over zones",
    """
    There are four nodes, two in each of the zones `a` and `b`. **Write a Deployment** `web` with
    six replicas, spread over the zones. The numbers in the two zones must never differ by more
    than one. A Pod that would break this rule must wait.
    """,
)
def zones(answer: object) -> Remarks:
    wanted = document(answer, "Deployment", "web")
    template = wanted["spec"]["template"]
    spread = template["spec"].get("topologySpreadConstraints") or []
    hint = or_unknown(wanted, "`topologySpreadConstraints`, in the Pod template's spec")
    yield holds(bool(spread), "there is a constraint", "there is no constraint", hint)
    keys = [each.get("topologyKey") for each in spread]
    hint = "`kubernetes.io/hostname` counts by node; zones have `topology.kubernetes.io/zone`"
    said = f"the keys are {', '.join(map(str, keys))}"
    yield holds("topology.kubernetes.io/zone" in keys, "it counts by zone", said, hint)
    rule = next(e for e in spread if e.get("topologyKey") == "topology.kubernetes.io/zone")
    hint = "without a `labelSelector` it counts no Pods at all"
    yield holds(bool(rule.get("labelSelector")), "it counts the Pods", "it counts nothing", hint)
    hint = "with `ScheduleAnyway` the rule may be broken: use `DoNotSchedule`"
    firm = rule.get("whenUnsatisfiable") == "DoNotSchedule"
    yield holds(firm, "it is a rule", "it is only a wish", hint)
    replicas = wanted["spec"].get("replicas", 1)
    yield holds(replicas == 6, "six are wanted", f"{replicas} wanted", "write `replicas: 6`")
    cluster = Cluster(nodes=4, zones=("a", "b"))
    cluster.kubectl("cordon node-2").checked()
    cluster.kubectl("cordon node-4").checked()  # all of zone b
    applied(cluster, wanted, 40)
    waiting = int((cluster.get("pods").STATUS == "Pending").sum())
    labels = template["metadata"]["labels"]
    hint = f"its `labelSelector` has to select the Pods' own labels, {labels}"
    if rule.get("maxSkew") != 1:
        hint = "the numbers may differ by one, and no more: `maxSkew: 1`"
    said = f"with zone b closed, {counted(waiting, 'Pods')} waiting"
    yield holds(waiting == 5, said, f"{said}; five should", or_unknown(wanted, hint))


@asks(
    "04-gpu",
    "A Pod for one node",
    """
    `node-gpu` has the label `gpu: "yes"` and the taint `gpu=only:NoSchedule`. **Write a Pod**
    `train` (any image) that can run on this node, and on no other.
    """,
)
def gpu(answer: object) -> Remarks:
    wanted = document(answer, "Pod", "train")
    hint = "`nodeName` names one machine: choose the node by its label"
    by_name = "nodeName" in wanted["spec"]
    yield holds(not by_name, "the scheduler chooses", "nodeName passes by the scheduler", hint)
    there, elsewhere = _spot(wanted, True), _spot(wanted, False)
    hint = "a toleration only allows the node: add a `nodeSelector` to choose it"
    if not wanted["spec"].get("tolerations"):
        hint = "add a toleration of the taint, and a `nodeSelector`"
    elif "affinity" in wanted["spec"]:
        hint = (
            "the scheduler may ignore a preferred affinity: use "
            "`requiredDuringSchedulingIgnoredDuringExecution`"
        )
    said = f"without the GPU it runs on {elsewhere}"
    yield holds(not elsewhere, "it goes nowhere else", said, or_unknown(wanted, hint))
    hint = "the selector chooses the node, but its taint keeps the Pod away: add a toleration"
    if wanted["spec"].get("tolerations"):
        hint = (
            'compare with the node: its label is `gpu: "yes"`, its taint has the key gpu, the '
            "value only, the effect NoSchedule"
        )
    said = f"with the GPU there its node is {there or 'none'}"
    yield holds(there == "node-gpu", "it runs on node-gpu", said, hint)


def _spot(wanted: Document, with_gpu: bool) -> str:
    """The node that a Pod gets; an empty text where it waits."""
    cluster = Cluster(nodes=2)
    if with_gpu:
        taint = [{"key": "gpu", "value": "only", "effect": "NoSchedule"}]
        cluster.add_node("node-gpu", labels={"gpu": "yes"}, taints=taint)
    applied(cluster, wanted, 30)
    node = str(cluster.get("pods", wide=True).NODE.iloc[0])
    return node if node.startswith("node") else ""


@predicts_word(
    "04-engine",
    "Who fills machines up?",
    """
    Four equal empty machines, and eight small jobs of one task each, one after the other. Of
    `"Docker Swarm"` and `"HashiCorp Nomad"`, with their defaults, **which uses fewer machines?**
    """,
    slips=dict.fromkeys(
        ("Docker Swarm", "Swarm", "SwarmKit"),
        "Swarm spreads: the node with the fewest tasks is next",
    ),
    also={"Docker Swarm": ["Swarm"], "HashiCorp Nomad": ["Nomad"]},
    look="answer with one of the two names, `Docker Swarm` or `HashiCorp Nomad`",
)
def engine() -> str:
    placed = compare([Workload(f"job-{n}", 1, 500, 512) for n in range(8)], MACHINES[:4])
    names = ("Docker Swarm", "HashiCorp Nomad")
    return min(names, key=lambda name: len({task.machine for task in placed[name]}))
