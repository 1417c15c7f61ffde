"""Cases for kube-scheduler's plugins, drawn at random: only the inputs; the real plugins answer.

Small clusters, few labels and few sizes, so that ties, misses and edges come often.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from tests.peers.scheduler_volume_cases import claims, disks

Case = dict[str, Any]
ZONES, DISKS, APPS = ("a", "b", "c"), ("ssd", "hdd"), ("web", "db")
ZONE, HOST, DISK = "topology.kubernetes.io/zone", "kubernetes.io/hostname", "disk"
NAMESPACES = [
    {"metadata": {"name": "default", "labels": {"team": "one"}}},
    {"metadata": {"name": "other", "labels": {"team": "two"}}},
]
MI = 2**20


def draw(lots: random.Random, plugin: str, point: str, number: int) -> Case:
    """One case of a plugin and extension point."""
    case: Case = {
        "id": f"{plugin.lower()}-{point}-{number:04d}",
        "plugin": plugin,
        "extension_point": point,
        "namespaces": NAMESPACES,
        "nodes": [node(lots, i) for i in range(lots.randint(1, 5))],
        "pod": pod(lots, "incoming"),
    }
    names = [n["metadata"]["name"] for n in case["nodes"]]
    case["existing_pods"] = [
        pod(lots, f"existing-{i}", lots.choice(names)) for i in range(lots.randint(0, 6))
    ]
    if point == "score" and lots.random() < 0.4:
        case["candidates"] = sorted(lots.sample(names, lots.randint(1, len(names))))
    SHAPERS[plugin](lots, case)
    return case


def draw_whole(lots: random.Random, number: int) -> Case:
    """A case for all plugins together: what several of them look at, at once."""
    case = draw(lots, "ImageLocality", "score", number)
    case.pop("candidates", None)
    case |= {"id": f"whole-{number:04d}", "plugin": "", "extension_point": "total"}
    names = [name for name in SHAPERS if name not in ALONE]
    for name in [n for n in names if lots.random() < 0.3]:
        SHAPERS[name](lots, case)
    case.pop("args", None)
    return case


def draw_preemption(lots: random.Random, number: int) -> Case:
    """A full cluster, an important Pod, and budgets that guard some of the others."""
    nodes = [node(lots, i) for i in range(lots.randint(1, 4))]
    for one in nodes:
        one["status"]["allocatable"] = {"cpu": "2", "memory": "4Gi", "pods": "110"}
    existing = []
    for one in nodes:
        for _ in range(lots.randint(2, 4)):
            found = _ranked(lots, f"existing-{len(existing)}", ["500m", "700m"], [0, 5, 10, 20])
            found["spec"]["nodeName"] = one["metadata"]["name"]
            start = f"2026-01-01T00:00:{lots.randint(0, 59):02d}Z"
            found["status"] = {"startTime": start, "phase": "Running"}
            existing.append(found)
    incoming = _ranked(lots, "incoming", ["1", "1500m", "2"], [7, 15, 30])
    if lots.random() < 0.3:
        away = {"topologyKey": HOST, "labelSelector": {"matchLabels": {"app": lots.choice(APPS)}}}
        required = {"requiredDuringSchedulingIgnoredDuringExecution": [away]}
        incoming["spec"]["affinity"] = {"podAntiAffinity": required}
    if lots.random() < 0.1:
        incoming["spec"]["preemptionPolicy"] = "Never"
    budgets = [
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": f"guard-{app}", "namespace": "default"},
            "spec": {"selector": {"matchLabels": {"app": app}}},
            "status": {
                "disruptionsAllowed": lots.randint(0, 2),
                "currentHealthy": 9,
                "desiredHealthy": 7,
                "expectedPods": 9,
            },
        }
        for app in APPS
        if lots.random() < 0.4
    ]
    return {
        "id": f"preemption-{number:04d}",
        "plugin": "",
        "extension_point": "preemption",
        "namespaces": NAMESPACES,
        "nodes": nodes,
        "existing_pods": existing,
        "pod": incoming,
        "objects": budgets,
    }


def _ranked(lots: random.Random, name: str, sizes: list[str], priorities: list[int]) -> Case:
    requests = {"requests": {"cpu": lots.choice(sizes), "memory": "100Mi"}}
    return {
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": name,
            "labels": {"app": lots.choice(APPS)},
        },
        "spec": {
            "containers": [{"name": "c0", "image": "course/app:1", "resources": requests}],
            "priority": lots.choice(priorities),
        },
    }


def node(lots: random.Random, number: int) -> Case:
    labels = {HOST: f"n{number}"}
    if lots.random() < 0.8:
        labels[ZONE] = lots.choice(ZONES)
    if lots.random() < 0.6:
        labels[DISK] = lots.choice(DISKS)
    if lots.random() < 0.5:
        labels["cores"] = lots.choice(["4", "16", "many"])
    given = {
        "cpu": lots.choice(["1", "2", "3500m"]),
        "memory": lots.choice(["1Gi", "2Gi", "3000Mi"]),
        "pods": lots.choice(["3", "110"]),
    }
    if lots.random() < 0.4:
        given["example.com/gpu"] = lots.choice(["1", "4"])
    return {
        "metadata": {"name": f"n{number}", "labels": labels},
        "spec": {},
        "status": {"capacity": given, "allocatable": given},
    }


def pod(lots: random.Random, name: str, on: str = "") -> Case:
    containers = [container(lots, i) for i in range(lots.randint(1, 2))]
    found = {
        "metadata": {
            "name": name,
            "namespace": "default" if lots.random() < 0.8 else "other",
            "labels": {"app": lots.choice(APPS)} if lots.random() < 0.8 else {},
        },
        "spec": {"containers": containers},
    }
    if lots.random() < 0.2:
        init = container(lots, 9) | {"name": "init"}
        if lots.random() < 0.5:
            init["restartPolicy"] = "Always"
        found["spec"]["initContainers"] = [init]
    if on:
        found["spec"]["nodeName"] = on
    return found


def container(lots: random.Random, number: int) -> Case:
    asked = {}
    if lots.random() < 0.7:
        asked["cpu"] = lots.choice(["50m", "100m", "333m", "1"])
    if lots.random() < 0.7:
        asked["memory"] = lots.choice(["64Mi", "200Mi", "700Mi"])
    if lots.random() < 0.2:
        asked["example.com/gpu"] = lots.choice(["1", "2"])
    image = lots.choice(["course/small:1", "course/large:1", "course/other:2"])
    return {"name": f"c{number}", "image": image, "resources": {"requests": asked, "limits": {}}}


# What each plugin looks at


def _taints(lots: random.Random, case: Case) -> None:
    effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"]

    def taint() -> Case:
        value = lots.choice(["", "x"])
        return {"key": lots.choice("ab"), "value": value, "effect": lots.choice(effects)}

    def toleration() -> Case:
        found: Case = {"operator": lots.choice(["Equal", "Exists"])}
        if lots.random() < 0.85:
            found["key"] = lots.choice("ab")
        else:
            found["operator"] = "Exists"
        if found["operator"] == "Equal":
            found["value"] = lots.choice(["", "x"])
        if lots.random() < 0.6:
            found["effect"] = lots.choice(effects)
        return found

    for one in case["nodes"]:
        one["spec"]["taints"] = [taint() for _ in range(lots.randint(0, 3))]
    case["pod"]["spec"]["tolerations"] = [toleration() for _ in range(lots.randint(0, 2))]


def _unschedulable(lots: random.Random, case: Case) -> None:
    for one in case["nodes"]:
        one["spec"]["unschedulable"] = lots.random() < 0.5
    if lots.random() < 0.4:
        key = {"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}
        if lots.random() < 0.5:
            key["effect"] = lots.choice(["NoSchedule", "NoExecute"])
        case["pod"]["spec"]["tolerations"] = [key]


def _name(lots: random.Random, case: Case) -> None:
    case["pod"]["spec"]["nodeName"] = lots.choice(["", "n0", "n1", "elsewhere"])


def _ports(lots: random.Random, case: Case) -> None:
    for one in [case["pod"], *case["existing_pods"]]:
        for c in one["spec"]["containers"]:
            c["ports"] = [
                {
                    "containerPort": 80,
                    "hostPort": lots.choice([0, 8080, 8081]),
                    "protocol": lots.choice(["TCP", "UDP"]),
                    "hostIP": lots.choice(["", "0.0.0.0", "127.0.0.1", "10.0.0.1"]),
                }
                for _ in range(lots.randint(0, 2))
            ]


def _images(lots: random.Random, case: Case) -> None:
    sizes = {"course/small:1": 40 * MI, "course/large:1": 1500 * MI, "course/other:2": 300 * MI}
    for one in case["nodes"]:
        held = lots.sample(sorted(sizes), lots.randint(0, 3))
        images = [{"names": [name], "sizeBytes": sizes[name]} for name in held]
        one["status"]["images"] = images


def _expression(lots: random.Random, bounds: tuple[str, ...]) -> Case:
    key = lots.choice([ZONE, DISK, "cores", "none"])
    values = [*ZONES, *DISKS, "4", "16"]
    operator = lots.choice(["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"])
    found = {"key": key, "operator": operator}
    if operator in ("In", "NotIn"):
        found["values"] = lots.sample(values, lots.randint(1, 3))
    elif operator in ("Gt", "Lt"):
        found["values"] = [lots.choice(bounds)]
    return found


def _node_term(lots: random.Random, bounds: tuple[str, ...] = ("3", "10")) -> Case:
    term: Case = {}
    if lots.random() < 0.9:
        term["matchExpressions"] = [_expression(lots, bounds) for _ in range(lots.randint(1, 2))]
    if lots.random() < 0.2:
        operator = lots.choice(["In", "NotIn"])
        term["matchFields"] = [{"key": "metadata.name", "operator": operator, "values": ["n1"]}]
    return term


def _node_affinity(lots: random.Random, case: Case) -> None:
    affinity: Case = {}
    if lots.random() < 0.7:
        terms = [_node_term(lots, ("3", "10", "x")) for _ in range(lots.randint(1, 2))]
        affinity["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": terms}
    if lots.random() < 0.7:
        affinity["preferredDuringSchedulingIgnoredDuringExecution"] = [
            {"weight": lots.choice([1, 10, 50]), "preference": _node_term(lots)}
            for _ in range(lots.randint(1, 3))
        ]
    case["pod"]["spec"]["affinity"] = {"nodeAffinity": affinity}
    if lots.random() < 0.3:
        case["pod"]["spec"]["nodeSelector"] = {DISK: lots.choice(DISKS)}
    if lots.random() < 0.2:
        terms = [{"matchExpressions": [{"key": DISK, "operator": "Exists"}]}]
        added = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
        case["args"] = {"addedAffinity": added}


def _fit(lots: random.Random, case: Case) -> None:
    resources = [{"name": "cpu", "weight": lots.choice([1, 3])}, {"name": "memory", "weight": 1}]
    if lots.random() < 0.5:
        resources.append({"name": "example.com/gpu", "weight": lots.choice([1, 5])})
    kind = lots.choice(["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"])
    strategy: Case = {"type": kind, "resources": resources}
    if kind == "RequestedToCapacityRatio":
        shapes = [[(0, 0), (100, 10)], [(0, 10), (100, 0)], [(10, 2), (40, 9), (90, 1)]]
        points = [{"utilization": x, "score": y} for x, y in lots.choice(shapes)]
        strategy["requestedToCapacityRatio"] = {"shape": points}
    case["args"] = {"scoringStrategy": strategy}
    if lots.random() < 0.2:
        case["args"]["ignoredResources"] = ["example.com/gpu"]


def _balance(lots: random.Random, case: Case) -> None:
    resources = [{"name": "cpu", "weight": 1}, {"name": "memory", "weight": 1}]
    if lots.random() < 0.5:
        resources.append({"name": "example.com/gpu", "weight": 1})
    case["args"] = {"resources": resources}


def _pod_term(lots: random.Random) -> Case:
    term: Case = {"topologyKey": lots.choice([ZONE, HOST, DISK])}
    if lots.random() < 0.9:
        term["labelSelector"] = _selector(lots)
    if lots.random() < 0.2:
        term["namespaces"] = ["other"]
    if lots.random() < 0.2:
        term["namespaceSelector"] = lots.choice([{}, {"matchLabels": {"team": "two"}}])
    return term


def _selector(lots: random.Random) -> Case:
    if lots.random() < 0.6:
        return {"matchLabels": {"app": lots.choice(APPS)}}
    if lots.random() < 0.2:
        return {}
    operator = lots.choice(["Exists", "NotIn"])
    values = {"values": ["db"]} if operator == "NotIn" else {}
    return {"matchExpressions": [{"key": "app", "operator": operator} | values]}


def _pod_affinity(lots: random.Random, chance: float) -> Case:
    found: Case = {}
    for side in ("podAffinity", "podAntiAffinity"):
        said: Case = {}
        if lots.random() < chance:
            terms = [_pod_term(lots) for _ in range(lots.randint(1, 2))]
            said["requiredDuringSchedulingIgnoredDuringExecution"] = terms
        if lots.random() < chance:
            wishes = [
                {"weight": lots.choice([1, 5, 50]), "podAffinityTerm": _pod_term(lots)}
                for _ in range(lots.randint(1, 2))
            ]
            said["preferredDuringSchedulingIgnoredDuringExecution"] = wishes
        if said:
            found[side] = said
    return found


def _inter_pod(lots: random.Random, case: Case) -> None:
    for one in [case["pod"], *case["existing_pods"]]:
        one["spec"]["affinity"] = _pod_affinity(lots, 0.5 if one is case["pod"] else 0.25)
    if lots.random() < 0.5:
        case["args"] = {"hardPodAffinityWeight": lots.choice([0, 1, 10])}
        if lots.random() < 0.5:
            case["args"]["ignorePreferredTermsOfExistingPods"] = True


def _spread(lots: random.Random, case: Case) -> None:
    for one in case["existing_pods"]:
        if lots.random() < 0.15:
            one["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    if lots.random() < 0.15:
        selector = {"app": case["pod"]["metadata"]["labels"].get("app", "web")}
        space = case["pod"]["metadata"]["namespace"]
        head = {"apiVersion": "v1", "kind": "Service"}
        meta = {"name": "svc", "namespace": space}
        case["objects"] = [head | {"metadata": meta, "spec": {"selector": selector}}]
        return
    when = lots.choice(["DoNotSchedule", "ScheduleAnyway"])
    constraints = []
    for key in lots.sample([ZONE, HOST, DISK], lots.randint(1, 2)):
        one = {"maxSkew": lots.randint(1, 2), "topologyKey": key, "whenUnsatisfiable": when}
        one["labelSelector"] = _selector(lots)
        if when == "DoNotSchedule" and lots.random() < 0.3:
            one["minDomains"] = lots.randint(1, 3)
        if lots.random() < 0.3:
            one["nodeAffinityPolicy"] = lots.choice(["Honor", "Ignore"])
            one["nodeTaintsPolicy"] = lots.choice(["Honor", "Ignore"])
        if lots.random() < 0.2:
            one["matchLabelKeys"] = ["app"]
        constraints.append(one)
    case["pod"]["spec"]["topologySpreadConstraints"] = constraints
    if lots.random() < 0.3:
        case["pod"]["spec"]["nodeSelector"] = {DISK: lots.choice(DISKS)}
    if lots.random() < 0.3:
        _taints(lots, case)


SHAPERS: dict[str, Callable[[random.Random, Case], None]] = {
    "NodeUnschedulable": _unschedulable,
    "NodeName": _name,
    "TaintToleration": _taints,
    "NodeAffinity": _node_affinity,
    "NodePorts": _ports,
    "NodeResourcesFit": _fit,
    "NodeResourcesBalancedAllocation": _balance,
    "ImageLocality": _images,
    "InterPodAffinity": _inter_pod,
    "PodTopologySpread": _spread,
    "VolumeBinding": claims,
    "VolumeZone": claims,
    "VolumeRestrictions": disks,
    "NodeVolumeLimits": claims,
}
# Not drawn together: their arguments would be needed, or they set what others need.
ALONE = ("NodeName", "VolumeBinding", "VolumeZone", "VolumeRestrictions", "NodeVolumeLimits")
POINTS = [
    *(
        (plugin, "filter")
        for plugin in SHAPERS
        if plugin not in ("NodeResourcesBalancedAllocation", "ImageLocality")
    ),
    *(
        (plugin, "score")
        for plugin in (
            "TaintToleration",
            "NodeAffinity",
            "NodeResourcesFit",
            "NodeResourcesBalancedAllocation",
            "ImageLocality",
            "InterPodAffinity",
            "PodTopologySpread",
            "VolumeBinding",
        )
    ),
]
