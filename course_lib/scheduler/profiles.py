"""Profiles: which plugins a scheduler runs, with which weights and arguments.

Read from a `KubeSchedulerConfiguration` (kubescheduler.config.k8s.io/v1), the file that the real
kube-scheduler takes. Source: kubernetes.io "Scheduler Configuration";
`pkg/scheduler/apis/config/v1/default_plugins.go`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from course_lib.errors import CourseError
from course_lib.objects.manifests import Source, read_manifests
from course_lib.objects.pod import NodeAffinity as NodeAffinityTerms
from course_lib.objects.pod import TopologySpreadConstraint
from course_lib.scheduler.default_selector import default_selector
from course_lib.scheduler.framework import Framework, Plugin
from course_lib.scheduler.plugins import (
    ImageLocality,
    InterPodAffinity,
    NodeAffinity,
    NodeName,
    NodePorts,
    NodeResourcesBalancedAllocation,
    NodeResourcesFit,
    NodeUnschedulable,
    NodeVolumeLimits,
    PodTopologySpread,
    TaintToleration,
    VolumeBinding,
    VolumeRestrictions,
    VolumeZone,
)
from course_lib.scheduler.plugins.node_resources_fit import CPU_AND_MEMORY, Shape
from course_lib.scheduler.plugins.pod_topology_spread import SYSTEM_DEFAULTS
from course_lib.scheduler.plugins.volume_binding import Lister

DEFAULT_SCHEDULER = "default-scheduler"
API_VERSION = "kubescheduler.config.k8s.io/v1"
Document = dict[str, Any]
Factory = Callable[[Document, Lister | None], Plugin]

# The default plugins in upstream's order, with the weights of their scores.
DEFAULT_PLUGINS = {
    "NodeUnschedulable": 0,
    "NodeName": 0,
    "TaintToleration": 3,
    "NodeAffinity": 2,
    "NodePorts": 0,
    "NodeResourcesFit": 1,
    "VolumeRestrictions": 0,
    "NodeVolumeLimits": 0,
    "VolumeBinding": 1,
    "VolumeZone": 0,
    "PodTopologySpread": 2,
    "InterPodAffinity": 2,
    "DefaultPreemption": 0,
    "NodeResourcesBalancedAllocation": 1,
    "ImageLocality": 1,
}
# Part of every scheduler here, in the queue and in the binding: they cannot be switched off.
ALWAYS = ("PrioritySort", "SchedulingGates", "DefaultBinder")
PREEMPTION = "DefaultPreemption"
ACTED_ON = {"multiPoint", "filter", "score", "postFilter"}
POINTS = ("multiPoint", "preFilter", "filter", "postFilter", "preScore", "score")


class _Enabled(msgspec.Struct):
    name: str
    weight: int = 0


class _PluginSet(msgspec.Struct):
    enabled: list[_Enabled] = []
    disabled: list[_Enabled] = []


class _Arguments(msgspec.Struct):
    name: str
    args: dict[str, Any] = {}


class _Profile(msgspec.Struct, rename="camel"):
    scheduler_name: str = DEFAULT_SCHEDULER
    plugins: dict[str, _PluginSet] = {}
    plugin_config: list[_Arguments] = []


class _Configuration(msgspec.Struct):
    """The shape of a configuration, which a document is held against before it is read."""

    profiles: list[_Profile] = []


def _fit(args: Document, _: Lister | None) -> Plugin:
    strategy = args.get("scoringStrategy", {})
    return NodeResourcesFit(
        strategy.get("type", "LeastAllocated"),
        _weights(strategy),
        _shape(strategy.get("requestedToCapacityRatio", {})),
        frozenset(args.get("ignoredResources", ())),
    )


def _shape(args: Document) -> Shape:
    return tuple((point["utilization"], point.get("score", 0)) for point in args.get("shape", ()))


def _weights(args: Document) -> dict[str, int]:
    said = {item["name"]: item.get("weight") or 1 for item in args.get("resources", ())}
    return said or dict(CPU_AND_MEMORY)


def _spread(args: Document, lister: Lister | None) -> Plugin:
    said = args.get("defaultConstraints", [])
    own = msgspec.convert(said, list[TopologySpreadConstraint])
    listed = args.get("defaultingType", "System") == "List"
    selects = partial(default_selector, lister=lister) if lister is not None else None
    return PodTopologySpread(own if listed else SYSTEM_DEFAULTS, selects)


def _affinity(args: Document, _: Lister | None) -> Plugin:
    return NodeAffinity(msgspec.convert(args.get("addedAffinity", {}), NodeAffinityTerms))


def _inter_pod(args: Document, _: Lister | None) -> Plugin:
    ignore = args.get("ignorePreferredTermsOfExistingPods", False)
    return InterPodAffinity(args.get("hardPodAffinityWeight", 1), ignore)


FACTORIES: dict[str, Factory] = {
    "NodeUnschedulable": lambda args, lister: NodeUnschedulable(),
    "NodeName": lambda args, lister: NodeName(),
    "TaintToleration": lambda args, lister: TaintToleration(),
    "NodeAffinity": _affinity,
    "NodePorts": lambda args, lister: NodePorts(),
    "NodeResourcesFit": _fit,
    "VolumeRestrictions": lambda args, lister: VolumeRestrictions(lister),
    "NodeVolumeLimits": lambda args, lister: NodeVolumeLimits(lister),
    "VolumeBinding": lambda args, lister: VolumeBinding(lister, _shape(args)),
    "VolumeZone": lambda args, lister: VolumeZone(lister),
    "PodTopologySpread": _spread,
    "InterPodAffinity": _inter_pod,
    "NodeResourcesBalancedAllocation": (
        lambda args, lister: NodeResourcesBalancedAllocation(_weights(args))
    ),
    "ImageLocality": lambda args, lister: ImageLocality(),
}


def make_plugin(name: str, args: Document | None = None, lister: Lister | None = None) -> Plugin:
    """One plugin with its arguments, as a profile's `pluginConfig` gives them.

    >>> make_plugin("NodeResourcesFit", {"scoringStrategy": {"type": "MostAllocated"}}).name
    'NodeResourcesFit'
    """
    if name not in FACTORIES:
        raise CourseError("no such plugin", expected=f"one of {', '.join(FACTORIES)}", found=name)
    try:
        return FACTORIES[name](args or {}, lister)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as problem:
        raise CourseError(
            f"the arguments of {name} are not what it takes",
            where=f"pluginConfig: {name}",
            found=str(problem),
            do="see kubernetes.io, kube-scheduler Configuration (v1)",
        ) from None


def default_framework(lister: Lister | None = None) -> Framework:
    """The default profile."""
    return frameworks({"apiVersion": API_VERSION, "kind": "KubeSchedulerConfiguration"}, lister)[0]


def frameworks(source: Source, lister: Lister | None = None) -> list[Framework]:
    """The profiles of a configuration (path, text or dict), each as a framework of its own.

    >>> made = frameworks({
    ...     "apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration",
    ...     "profiles": [{"schedulerName": "packer", "plugins": {"score": {"disabled": [
    ...         {"name": "PodTopologySpread"}]}}}]})
    >>> made[0].name, [plugin.name for plugin, _ in made[0].scorers][:2]
    ('packer', ['TaintToleration', 'NodeAffinity'])
    """
    documents = read_manifests(source)
    if len(documents) != 1:
        raise CourseError(
            "a scheduler takes one configuration",
            expected="one document",
            found=f"{len(documents)} documents",
        )
    (document,) = documents
    if (document.get("apiVersion"), document.get("kind")) != (
        API_VERSION,
        "KubeSchedulerConfiguration",
    ):
        raise CourseError(
            "not a scheduler configuration",
            expected=f"apiVersion {API_VERSION}, kind KubeSchedulerConfiguration",
            found=f"{document.get('apiVersion')}, {document.get('kind')}",
        )
    try:
        msgspec.convert(document, _Configuration)
    except msgspec.ValidationError as problem:
        said, _, path = str(problem).partition(" - at `$.")
        raise CourseError(
            "not a scheduler configuration",
            where=f"KubeSchedulerConfiguration: {path.removesuffix('`')}",
            expected=said,
            do="see kubernetes.io, kube-scheduler Configuration (v1)",
        ) from None
    made = [_framework(profile, lister) for profile in document.get("profiles") or [{}]]
    names = [framework.name for framework in made]
    if len(set(names)) < len(names):
        raise CourseError("each profile needs a schedulerName of its own", found=", ".join(names))
    return made


def not_acted_on(source: Source) -> list[str]:
    """The fields of a configuration that the simulation leaves aside, by path.

    >>> not_acted_on({"profiles": [{"percentageOfNodesToScore": 5}], "parallelism": 16})
    ['parallelism', 'profiles[0].percentageOfNodesToScore']
    """
    (document,) = read_manifests(source)
    found = sorted(set(document) - {"apiVersion", "kind", "profiles"})
    for number, profile in enumerate(document.get("profiles") or ()):
        here = f"profiles[{number}]"
        others = set(profile) - {"schedulerName", "plugins", "pluginConfig"}
        found += [f"{here}.{field}" for field in sorted(others)]
        points = set(profile.get("plugins", {})) - ACTED_ON
        found += [f"{here}.plugins.{point}" for point in sorted(points)]
    return found


def _framework(profile: Document, lister: Lister | None) -> Framework:
    points = profile.get("plugins", {})
    if unknown := set(points) - set(POINTS) - {"queueSort", "reserve", "permit", "bind"}:
        raise CourseError(
            "no such extension point", expected=", ".join(POINTS), found=", ".join(sorted(unknown))
        )
    everywhere = _merged(DEFAULT_PLUGINS, points.get("multiPoint", {}))
    filters = _merged(everywhere, points.get("filter", {}))
    scores = _merged(everywhere, points.get("score", {}))
    args = {item["name"]: item.get("args", {}) for item in profile.get("pluginConfig", ())}
    names = dict.fromkeys([*filters, *scores])
    names.pop(PREEMPTION, None)
    plugins = {name: make_plugin(name, args.get(name), lister) for name in names}
    return Framework(
        [plugins[name] for name in filters if name in plugins],
        [(plugins[name], weight or 1) for name, weight in scores.items() if name in plugins],
        profile.get("schedulerName", DEFAULT_SCHEDULER),
        preempts=PREEMPTION in _merged(everywhere, points.get("postFilter", {})),
    )


def _merged(default: dict[str, int], said: Document) -> dict[str, int]:
    """The defaults without what is disabled, with what is enabled (`mergePluginSet`)."""
    disabled = {item["name"] for item in said.get("disabled", ())}
    enabled = {item["name"]: item.get("weight", 0) for item in said.get("enabled", ())}
    enabled = {name: weight for name, weight in enabled.items() if name not in ALWAYS}
    kept = {} if "*" in disabled else {n: w for n, w in default.items() if n not in disabled}
    return kept | {name: weight or default.get(name, 0) for name, weight in enabled.items()}
