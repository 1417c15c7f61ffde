"""Policies by name: each is a `KubeSchedulerConfiguration`, as one would give kube-scheduler."""

from __future__ import annotations

from collections.abc import Mapping

from course_lib.experiments.arguments import named
from course_lib.objects.manifests import Document
from course_lib.scheduler.plugins.gpu_share import MILLI, GpuShare
from course_lib.scheduler.profiles import API_VERSION, frameworks
from course_lib.scheduler.runtime import SchedulingFramework

RESOURCES = [{"name": n, "weight": w} for n, w in (("cpu", 1), ("memory", 1), (MILLI, 4))]
NO_SCORES = {"score": {"disabled": [{"name": "*"}]}}


def configuration(strategy: Document, score: list[Document]) -> Document:
    """One profile that scores by the named plugins alone, with NodeResourcesFit's strategy."""
    args = {"scoringStrategy": strategy | {"resources": RESOURCES}}
    return {
        "apiVersion": API_VERSION,
        "kind": "KubeSchedulerConfiguration",
        "profiles": [
            {
                "plugins": {"score": {"disabled": [{"name": "*"}], "enabled": score}},
                "pluginConfig": [
                    {"name": "NodeResourcesFit", "args": args},
                    {"name": "NodeResourcesBalancedAllocation", "args": {"resources": RESOURCES}},
                ],
            }
        ],
    }


FIT = {"name": "NodeResourcesFit", "weight": 1}
BALANCE = {"name": "NodeResourcesBalancedAllocation", "weight": 1}
BEND = [{"utilization": 0, "score": 0}, {"utilization": 80, "score": 10}]
BEND += [{"utilization": 100, "score": 4}]
POLICIES: dict[str, Document] = {
    "default": {"apiVersion": API_VERSION, "kind": "KubeSchedulerConfiguration"},
    "spread": configuration({"type": "LeastAllocated"}, [FIT]),
    "pack": configuration({"type": "MostAllocated"}, [FIT]),
    "balance": configuration({"type": "LeastAllocated"}, [BALANCE]),
    "pack to 80 %": configuration(
        {"type": "RequestedToCapacityRatio", "requestedToCapacityRatio": {"shape": BEND}}, [FIT]
    ),
    "random": configuration({"type": "LeastAllocated"}, []),
}


def framework_of(policy: str | Document) -> SchedulingFramework:
    """The framework of a policy, by name or as a configuration; GPU shares are understood.

    Raises `CourseError` for another name.
    """
    if not isinstance(policy, Mapping):
        policy = POLICIES[named(policy, "policy", POLICIES, "policy")]
    made = frameworks(policy)[0]
    made.add(GpuShare())
    return made
