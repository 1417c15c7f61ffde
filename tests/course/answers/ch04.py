"""Chapter 04: answers that are right, and wrong ones with a part of the hint that each gets."""

import math
from fractions import Fraction

import numpy as np

from tests.course.answers.shapes import manifest, number, solution

PACKER, ZONES, TRAIN = "04-configuration", "04-zones", "04-gpu"
ENABLED = "enabled:\n          - {name: NodeResourcesFit, weight: 5}"
CONSTRAINT = solution(ZONES).index("      topologySpread")
TOLERATION = "  tolerations: [{key: gpu, value: only, effect: NoSchedule}]\n"
SELECTOR = '  nodeSelector: {gpu: "yes"}\n'
AFFINITY = """  affinity:
    nodeAffinity:
      %sDuringSchedulingIgnoredDuringExecution:
%s"""
TERM = "{matchExpressions: [{key: gpu, operator: In, values: ['yes']}]}"
REQUIRED = AFFINITY % ("required", f"        nodeSelectorTerms: [{TERM}]\n")
PREFERRED = AFFINITY % ("preferred", f"        - {{weight: 100, preference: {TERM}}}\n")


def used(host, task):
    share = max(1 - host.free_cpu / host.machine.cpu, 1 - host.free_memory / host.machine.memory)
    return Fraction(share)


def used_by_numpy(host, task):
    free = np.array([host.free_cpu / host.machine.cpu, host.free_memory / host.machine.memory])
    return -free.min()


def fullest(host, task):
    return -min(host.free_cpu, host.free_memory / 2)


def most_tasks(host, task):
    return sum(host.tasks.values())


def emptiest(host, task):
    return host.free_cpu


def fewest_tasks(host, task):
    return -host.tasks.get(task.name, 0)


def emptiest_memory(host, task):
    return host.free_memory


def emptiest_share(host, task):
    return np.float64(host.free_cpu / host.machine.cpu)


def few(host, task):
    return Fraction(1, 1 + sum(host.tasks.values()))


def zone_a(host, task):
    return host.free_cpu + 10000 * (host.machine.labels["zone"] == "a")


def coarse(host, task):
    return -(host.free_cpu // 2000)


def constant(host, task):
    return 1


def nan(host, task):
    return math.nan


def text(host, task):
    return "much"


def nothing(host, task):
    host.free_cpu - task.cpu


def fails(host, task):
    return host.free_gpu


def one_argument(host):
    return 1


ANSWERS = {
    "04-policy-pack": (
        [used, used_by_numpy, fullest, most_tasks],
        [
            (emptiest, "should win"),
            (constant, "get the same score"),
            (nan, "NaN is neither"),
            (text, "the highest wins"),
            (nothing, "`return` and a number"),
            (fails, "call your function yourself"),
            (one_argument, "with 2 arguments"),
            (1, "give `check` the function's name"),
        ],
    ),
    "04-policy-zones": (
        [fewest_tasks, emptiest_memory, emptiest_share, few],
        [
            (fullest, "has to fall"),
            (zone_a, "prefer empty hosts"),
            (constant, "get the same score"),
            (coarse, "fall"),
            (nan, "NaN is neither"),
            (nothing, "`return` and a number"),
        ],
    ),
    PACKER: (
        [
            *manifest(PACKER),
            solution(PACKER, ("weight: 5", "weight: 100")),
            solution(PACKER, ("- schedulerName: default-scheduler\n    plugins", "- plugins")),
        ],
        {
            solution(PACKER, ("MostAllocated", "LeastAllocated")): "prefers full",
            solution(PACKER, ("MostAllocated", "FullestFirst")): "NodeResourcesFit",
            solution(PACKER, (ENABLED, "enabled: []")): "with a weight",
            solution(PACKER, ("KubeSchedulerConfiguration", "Pod")): "KubeSchedulerConfiguration`",
            solution(
                PACKER, ("profiles:", "profiles:\n  - schedulerName: first")
            ): "the first profile",
        },
    ),
    "04-who-fits": (
        number(1, "nodes"),
        {4: "not what a Pod uses", 3: "cordoned", 2: "1400m", 0: "empty node", 5: "each node"},
    ),
    ZONES: (
        [
            *manifest(ZONES),
            solution(ZONES, ("maxSkew: 1", "maxSkew: 1\n          minDomains: 2")),
            solution(ZONES, ("maxSkew: 1", "matchLabelKeys: [pod-template-hash]\n"
                                  "          maxSkew: 1")),
        ],
        {
            solution(ZONES, ("topology.kubernetes.io/zone", "kubernetes.io/hostname")): "by node",
            solution(ZONES, ("DoNotSchedule", "ScheduleAnyway")): "may be broken",
            solution(ZONES)[:CONSTRAINT]: "template's spec",
            solution(
                ZONES, ("          labelSelector: {matchLabels: {app: web}}\n", "")
            ): "counts no",
            solution(ZONES, ("maxSkew: 1", "maxSkew: 3")): "maxSkew: 1",
            solution(
                ZONES,
                ("labelSelector: {matchLabels: {app: web", "labelSelector: {matchLabels: {app: x"),
            ): "the Pods' own labels",
            solution(ZONES, ("replicas: 6", "replicas: 5")): "`replicas: 6`",
        },
    ),
    TRAIN: (
        [
            *manifest(TRAIN),
            solution(TRAIN, (TOLERATION, "  tolerations: [{key: gpu, operator: Exists}]\n")),
            solution(TRAIN, (TOLERATION, "  tolerations: [{operator: Exists}]\n")),
            solution(TRAIN, (SELECTOR, REQUIRED)),
        ],
        {
            solution(TRAIN, (SELECTOR, "")): "only allows",
            solution(TRAIN, (TOLERATION, "")): "keeps the Pod away",
            solution(TRAIN, (SELECTOR, "  nodeName: node-gpu\n")): "names one machine",
            solution(TRAIN, (SELECTOR, PREFERRED)): "may ignore",
            solution(TRAIN, ("value: only", "value: 'yes'")): "its taint has",
            solution(TRAIN, ('{gpu: "yes"}', "{gpu: yes}")): "nodeSelector",
            solution(TRAIN, ('{gpu: "yes"}', '{gpu: "no"}')): 'label is `gpu: "yes"`',
        },
    ),
    "04-engine": (
        ["Nomad", "nomad", "hashicorp nomad", "`HashiCorp Nomad`", ("Nomad",)],
        {
            "Docker Swarm": "spreads",
            "swarm": "spreads",
            "Kubernetes": "one of the two names",
            "both": "one of the two names",
            4: "in quotes",
        },
    ),
}  # fmt: skip
