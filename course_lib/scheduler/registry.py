"""The registry: how each plugin is made from its arguments; and plugins of your own.

Source: `pkg/scheduler/framework/plugins/registry.go`; `app.WithPlugin` in `cmd/kube-scheduler`.
"""

from __future__ import annotations

from functools import partial

import msgspec

from course_lib.errors import CourseError
from course_lib.objects.kinds.pod import NodeAffinity, TopologySpreadConstraint
from course_lib.objects.manifests import Document, Source
from course_lib.scheduler.default_selector import default_selector
from course_lib.scheduler.framework import Factory, Plugin, Registry
from course_lib.scheduler.handle import SharedLister
from course_lib.scheduler.plugins.default_binder import DefaultBinder
from course_lib.scheduler.plugins.default_preemption import DefaultPreemption
from course_lib.scheduler.plugins.dynamic_resources import DynamicResources
from course_lib.scheduler.plugins.image_locality import ImageLocality
from course_lib.scheduler.plugins.inter_pod_affinity import InterPodAffinity
from course_lib.scheduler.plugins.node_affinity import NodeAffinityPlugin
from course_lib.scheduler.plugins.node_name import NodeName
from course_lib.scheduler.plugins.node_ports import NodePorts
from course_lib.scheduler.plugins.node_resources_balanced_allocation import (
    NodeResourcesBalancedAllocation,
)
from course_lib.scheduler.plugins.node_resources_fit import CPU_AND_MEMORY, NodeResourcesFit, Shape
from course_lib.scheduler.plugins.node_unschedulable import NodeUnschedulable
from course_lib.scheduler.plugins.node_volume_limits import NodeVolumeLimits
from course_lib.scheduler.plugins.pod_topology_spread import SYSTEM_DEFAULTS, PodTopologySpread
from course_lib.scheduler.plugins.priority_sort import PrioritySort
from course_lib.scheduler.plugins.scheduling_gates import SchedulingGates
from course_lib.scheduler.plugins.taint_toleration import TaintToleration
from course_lib.scheduler.plugins.volume_binding import BIND_TIMEOUT, VolumeBinding
from course_lib.scheduler.plugins.volume_restrictions import VolumeRestrictions
from course_lib.scheduler.plugins.volume_zone import VolumeZone


def _fit(args: Document, _: SharedLister | None) -> Plugin:
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


def _spread(args: Document, lister: SharedLister | None) -> Plugin:
    said = args.get("defaultConstraints", [])
    own = msgspec.convert(said, list[TopologySpreadConstraint])
    listed = args.get("defaultingType", "System") == "List"
    selects = partial(default_selector, lister=lister) if lister is not None else None
    return PodTopologySpread(own if listed else SYSTEM_DEFAULTS, selects)


def _node_affinity(args: Document, _: SharedLister | None) -> Plugin:
    return NodeAffinityPlugin(msgspec.convert(args.get("addedAffinity", {}), NodeAffinity))


def _inter_pod(args: Document, _: SharedLister | None) -> Plugin:
    ignore = args.get("ignorePreferredTermsOfExistingPods", False)
    return InterPodAffinity(args.get("hardPodAffinityWeight", 1), ignore)


IN_TREE: dict[str, Factory] = {
    "SchedulingGates": lambda args, lister: SchedulingGates(),
    "PrioritySort": lambda args, lister: PrioritySort(),
    "NodeUnschedulable": lambda args, lister: NodeUnschedulable(),
    "NodeName": lambda args, lister: NodeName(),
    "TaintToleration": lambda args, lister: TaintToleration(),
    "NodeAffinity": _node_affinity,
    "NodePorts": lambda args, lister: NodePorts(),
    "NodeResourcesFit": _fit,
    "VolumeRestrictions": lambda args, lister: VolumeRestrictions(lister),
    "NodeVolumeLimits": lambda args, lister: NodeVolumeLimits(lister),
    "VolumeBinding": lambda args, lister: VolumeBinding(
        lister, _shape(args), args.get("bindTimeoutSeconds", BIND_TIMEOUT)
    ),
    "VolumeZone": lambda args, lister: VolumeZone(lister),
    "PodTopologySpread": _spread,
    "InterPodAffinity": _inter_pod,
    "DynamicResources": lambda args, lister: DynamicResources(),
    "DefaultPreemption": lambda args, lister: DefaultPreemption(lister),
    "NodeResourcesBalancedAllocation": (
        lambda args, lister: NodeResourcesBalancedAllocation(_weights(args))
    ),
    "ImageLocality": lambda args, lister: ImageLocality(),
    "DefaultBinder": lambda args, lister: DefaultBinder(),
}


def make_plugin(
    name: str,
    args: Document | None = None,
    lister: SharedLister | None = None,
    registry: Registry = IN_TREE,
) -> Plugin:
    """One plugin with its arguments, as a profile's `pluginConfig` gives them.

    Raises `CourseError` for a plugin that the registry does not have, for bad arguments, and for
    any error of its constructor. `name` is the plugin's, `args` are its arguments, `lister` reads
    other objects for it.

    >>> make_plugin("NodeResourcesFit", {"scoringStrategy": {"type": "MostAllocated"}}).name
    'NodeResourcesFit'
    """
    if name not in registry:
        raise CourseError("no such plugin", expected=f"one of {', '.join(registry)}", found=name)
    try:
        return registry[name](args or {}, lister)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as problem:
        raise CourseError(
            f"the arguments of {name} are not what it takes",
            where=f"pluginConfig: {name}",
            found=str(problem),
            do="see kubernetes.io, kube-scheduler Configuration (v1)",
        ) from None
    except Exception as problem:
        raise CourseError(
            f"the constructor of plugin {name} raises an error",
            found=f"{type(problem).__name__}: {problem}",
        ) from problem


class SchedulerSetup(msgspec.Struct, frozen=True, eq=False):
    """A scheduler's configuration together with plugins of your own (see `with_plugins`)."""

    configuration: Source
    registry: Registry


SchedulerSource = Source | SchedulerSetup


def with_plugins(*plugins: type[Plugin], configuration: Source | None = None) -> SchedulerSetup:
    """Register plugins of your own with a scheduler: `Cluster(scheduler=with_plugins(Mine))`.

    `plugins` are subclasses of `Plugin`; what a profile's `pluginConfig` gives for one are its
    constructor's arguments. `configuration` (path, text or dict) enables them by their names, as
    any other plugin; without it the default profile runs them at all points that they fill.
    A Bind plugin comes after DefaultBinder, which binds every Pod: a `configuration` that uses
    another one has `bind: {disabled: [{name: DefaultBinder}]}`.
    Raises `CourseError` for a class without a name, or with the name of another plugin.

    >>> from course_lib.scheduler.plugins.gpu_share import GpuShare
    >>> "GpuShare" in with_plugins(GpuShare).registry
    True
    """
    registry = dict(IN_TREE)
    for plugin in plugins:
        if not isinstance(plugin, type) or not issubclass(plugin, Plugin) or not plugin.name:
            raise CourseError(
                "not a scheduling plugin",
                expected="a subclass of course_lib.scheduler.Plugin with a name",
                found=repr(plugin)[:60],
            )
        if plugin.name in registry:
            raise CourseError(
                "there is a plugin of that name already", found=plugin.name, do="choose another"
            )
        registry[plugin.name] = _constructor(plugin)
    return SchedulerSetup(configuration or _everywhere(plugins), registry)


def _constructor(plugin: type[Plugin]) -> Factory:
    return lambda args, lister: plugin(**args)


def _everywhere(plugins: tuple[type[Plugin], ...]) -> Document:
    """The default profile with these plugins; of QueueSort there can be one only."""
    sorts = any(plugin.queue_sort is not Plugin.queue_sort for plugin in plugins)
    enabled = [{"name": plugin.name} for plugin in plugins]
    disabled = [{"name": PrioritySort.name}] if sorts else []
    return {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "profiles": [{"plugins": {"multiPoint": {"enabled": enabled, "disabled": disabled}}}],
    }
