"""Cases in the format of the scheduler oracles: one Pod, some nodes, what a plugin must say.

A case: `id`, `plugin`, `extension_point` (filter or score), `source`, `args`, `namespaces`,
`nodes`, `existing_pods`, `pod`, `candidates` (the nodes that are scored), `objects` (claims,
volumes, classes, Services) and `expect` (`scores`, or `feasible` and `codes`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.objects.decode import decode
from course_lib.objects.kinds import kind_named
from course_lib.objects.kinds.pod_disruption_budget import PodDisruptionBudget
from course_lib.scheduler.framework import everywhere
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.plugins.node_resources_balanced_allocation import evenness
from course_lib.scheduler.pod_info import COMMON, PodInfo
from course_lib.scheduler.preemption import Preemption, harm
from course_lib.scheduler.profiles import default_framework
from course_lib.scheduler.registry import make_plugin
from course_lib.scheduler.runtime import SchedulingFramework
from course_lib.scheduler.status import SUCCESS, UNRESOLVABLE, UNSCHEDULABLE, Diagnosis

ROOT = Path(__file__).parent.parent.parent
FOLDER = Path(os.environ.get("ORACLES_DIR", ROOT.parent / "shared/oracles"))
OWN = Path(__file__).parent / "cases"
CODES = {
    SUCCESS: "Success",
    UNSCHEDULABLE: "Unschedulable",
    UNRESOLVABLE: "UnschedulableAndUnresolvable",
}
Case = dict[str, Any]
SPACE = {"namespace": "default"}


def cases(folder: Path, room: str) -> Iterator[Case]:
    """All cases of a folder's sub-folder."""
    for path in sorted((folder / room).glob("*.json")):
        yield from json.loads(path.read_text())


class Objects:
    """The claims, volumes and so on of a case, to be found by the plugins."""

    def __init__(self, documents: list[Case]) -> None:
        self.views = [view(d["kind"], d | {"metadata": SPACE | d["metadata"]}) for d in documents]

    def find(self, kind: type, name: str, namespace: str = "") -> Any:
        same = [v for v in self.list(kind, namespace) if v.name == name]
        return same[0] if same else None

    def list(self, kind: type, namespace: str = "") -> list[Any]:
        namespaced = kind_named(kind.__name__).namespaced and namespace
        found = [v for v in self.views if isinstance(v, kind)]
        return [v for v in found if not namespaced or (v.namespace or "default") == namespace]

    def by_index(self, kind: type, function: Any, value: str) -> list[Any]:
        return [v for v in self.views if isinstance(v, kind) and value in function(v)]


def view(kind: str, document: Case) -> Any:
    known = kind_named(kind)
    return decode({"apiVersion": known.api_version, "kind": kind} | document, known)


def pod_info(document: Case, number: int) -> PodInfo:
    """Some Pods of the cases have neither name nor containers, and share what they have."""
    meta = {"namespace": "default"} | document.get("metadata", {}) | {"uid": f"pod-{number}"}
    spec = {"containers": []} | document.get("spec", {})
    spec["containers"] = [{"name": f"c{i}"} | c for i, c in enumerate(spec["containers"])]
    return PodInfo.of(view("Pod", spaced(document | {"metadata": meta, "spec": spec})))


def spaced(value: Any) -> Any:
    """Terms in the cases call the default namespace by an empty name."""
    if isinstance(value, list):
        return [spaced(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        k: [n or "default" for n in v] if k == "namespaces" else spaced(v) for k, v in value.items()
    }


def picture(case: Case) -> Nodes:
    spaces = {
        s["metadata"]["name"]: s["metadata"].get("labels", {}) for s in case.get("namespaces", ())
    }
    existing = [pod_info(document, i) for i, document in enumerate(case["existing_pods"], start=1)]
    return Nodes([view("Node", node) for node in case["nodes"]], existing, spaces)


def decision(case: Case) -> Case:
    """What all plugins together say: the sums of the nodes that fit, or why none does."""
    nodes, pod = picture(case), pod_info(case["pod"], 0)
    framework = default_framework(Objects(case.get("objects", [])))
    found = framework.filter(pod, nodes)
    if not found.fits.any():
        return {"scores": {}, "message": Diagnosis.of(found).message()}
    total = framework.total(pod, nodes, found.fits)
    named = zip(nodes.names, total.tolist(), strict=True)
    return {"scores": {name: int(score) for name, score in named if score >= 0}, "message": ""}


def preemption(case: Case) -> tuple[dict[str, list[str]], str]:
    """The nodes that preemption may choose (equals are chosen by chance), with their victims; and
    what FailedScheduling says when there is none.
    """
    nodes, pod = picture(case), pod_info(case["pod"], 0)
    lister = Objects(case["objects"])
    framework = default_framework(lister)
    found = framework.filter(pod, nodes)
    asked = Preemption(framework)
    diagnosis = Diagnosis.of(found)
    if found.fits.any():
        return {}, ""
    if why := asked.ineligible(pod, nodes):
        diagnosis.post_filter_message = f"preemption: {why}"
        return {}, diagnosis.message()
    budgets = lister.list(PodDisruptionBudget)
    candidates, _ = asked.candidates(pod, nodes, diagnosis, budgets)
    diagnosis.post_filter_message = f"preemption: {asked.find(pod, nodes, diagnosis, budgets)[1]}"
    least = min(map(harm, candidates), default=None)
    best = [candidate for candidate in candidates if harm(candidate) == least]
    return {c.node: sorted(info.pod.name for info in c.victims) for c in best}, diagnosis.message()


def answer(case: Case) -> Case:
    """What the course's plugin says, in the form of `expect`."""
    nodes, pod = picture(case), pod_info(case["pod"], 0)
    lister = Objects(case.get("objects", []))
    plugin = make_plugin(case["plugin"], case.get("args"), lister)
    before = (case.get("release") or "1.32") == "1.32"  # cases without a release are older
    if before and hasattr(plugin, "rounds"):
        plugin.rounds = False  # scores of spreading were cut off before, and are rounded now
    if case["extension_point"] == "filter":
        return _filtered(plugin, pod, nodes)
    wanted = case.get("candidates", nodes.names)
    fits = np.array([name in wanted for name in nodes.names])
    if case["plugin"] == "VolumeBinding":  # scores what its own filter has found
        fits &= SchedulingFramework(everywhere([plugin])).filter(pod, nodes).fits
        wanted = [name for name, fit in zip(nodes.names, fits, strict=True) if fit]
    raw = plugin.score(pod, nodes, fits) if plugin.pre_score(pod, nodes, fits) else None
    if before and case["plugin"] == "NodeResourcesBalancedAllocation":
        # Before 1.36 the score was how even the node would be, not how much more even.
        counted = [r for r in plugin.resources if r in COMMON or pod.requests.get(r)]
        raw = evenness(nodes, counted, pod.requests)
    scores = nodes.zeros() + (0 if raw is None else plugin.normalize_score(raw, fits))
    named = zip(nodes.names, scores.tolist(), strict=True)
    return {"scores": {name: int(score) for name, score in named if name in wanted}}


def _filtered(plugin: Any, pod: PodInfo, nodes: Nodes) -> Case:
    diagnosis = Diagnosis.of(SchedulingFramework(everywhere([plugin])).filter(pod, nodes))
    codes = dict(zip(nodes.names, map(CODES.get, diagnosis.codes.tolist()), strict=True))
    why = diagnosis.pre_filter_message
    reasons = {name: [why] for name in nodes.names} if why else {}
    reasons |= {nodes.names[row]: list(said) for row, said in diagnosis.reasons.items()}
    feasible = [name for name, code in codes.items() if code == "Success"]
    return {"feasible": feasible, "codes": codes, "reasons": reasons}
