"""Profiles: which plugins a scheduler runs, with which weights and arguments.

Read from a `KubeSchedulerConfiguration` (kubescheduler.config.k8s.io/v1), the file that the real
kube-scheduler takes. Source: kubernetes.io "Scheduler Configuration";
`pkg/scheduler/apis/config/v1/default_plugins.go`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from course_lib.errors import CourseError
from course_lib.objects.manifests import Document, Source, read_manifests
from course_lib.scheduler.framework import POINTS, Plugin, Registry, fills
from course_lib.scheduler.handle import SharedLister
from course_lib.scheduler.registry import IN_TREE, SchedulerSetup, SchedulerSource, make_plugin
from course_lib.scheduler.runtime import SchedulingFramework

DEFAULT_SCHEDULER = "default-scheduler"
PERCENTAGE = "percentageOfNodesToScore"
API_VERSION, KIND = "kubescheduler.config.k8s.io/v1", "KubeSchedulerConfiguration"

# The default plugins in upstream's order, with the weights of their scores.
DEFAULT_PLUGINS = {
    "SchedulingGates": 0,
    "PrioritySort": 0,
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
    "DynamicResources": 2,
    "DefaultPreemption": 0,
    "NodeResourcesBalancedAllocation": 1,
    "ImageLocality": 1,
    "DefaultBinder": 0,
}


Percentage = Annotated[int, msgspec.Meta(ge=0, le=100)]
Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]


class _Enabled(msgspec.Struct):
    name: str
    weight: Int32 = 0


class _PluginSet(msgspec.Struct):
    enabled: list[_Enabled] = []
    disabled: list[_Enabled] = []


class _Arguments(msgspec.Struct):
    name: str
    args: Document = {}


class _Profile(msgspec.Struct, rename="camel"):
    scheduler_name: str = DEFAULT_SCHEDULER
    plugins: dict[str, _PluginSet] = {}
    plugin_config: list[_Arguments] = []
    percentage_of_nodes_to_score: Percentage | None = None


class _Configuration(msgspec.Struct, rename="camel"):
    """The shape of a configuration, which a document is held against before it is read."""

    profiles: list[_Profile] = []
    percentage_of_nodes_to_score: Percentage | None = None


def default_framework(lister: SharedLister | None = None) -> SchedulingFramework:
    """The default profile."""
    return frameworks({"apiVersion": API_VERSION, "kind": KIND}, lister)[0]


def frameworks(
    source: SchedulerSource, lister: SharedLister | None = None
) -> list[SchedulingFramework]:
    """The profiles of a configuration (path, text or dict), each as a framework of its own.

    `lister` is what plugins read beside nodes and Pods. Raises `CourseError` for a mistake in the
    configuration.

    >>> made = frameworks({
    ...     "apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration",
    ...     "profiles": [{"schedulerName": "packer", "plugins": {"score": {"disabled": [
    ...         {"name": "PodTopologySpread"}]}}}]})
    >>> made[0].name, [plugin.name for plugin, _ in made[0].scorers][:2]
    ('packer', ['TaintToleration', 'NodeAffinity'])
    """
    setup = source if isinstance(source, SchedulerSetup) else SchedulerSetup(source, IN_TREE)
    document = _document(setup.configuration)
    profiles = document.get("profiles") or [{}]
    made = [_framework(profile, lister, setup.registry) for profile in profiles]
    for framework in made:
        if framework.percentage is None:
            framework.percentage = document.get(PERCENTAGE)
    names = [framework.name for framework in made]
    if len(set(names)) < len(names):
        raise CourseError("each profile needs a schedulerName of its own", found=", ".join(names))
    sorts = [framework.at["queueSort"][0].name for framework in made]
    if len(set(sorts)) > 1:
        raise CourseError("all profiles share one queue", where="queueSort", found=", ".join(sorts))
    return made


def _document(source: Source) -> Document:
    """The configuration's document, once its shape has been checked."""
    kind: object = source if isinstance(source, type) else type(source)
    if isinstance(kind, type) and issubclass(kind, Plugin):
        raise CourseError(
            "a plugin is not a scheduler's configuration",
            found=kind.__name__,
            do=f"scheduler=with_plugins({kind.__name__}), from course_lib.scheduler",
        )
    documents = read_manifests(source)
    if len(documents) != 1:
        raise CourseError(
            "a scheduler takes one configuration",
            expected="one document",
            found=f"{len(documents)} documents",
        )
    (document,) = documents
    if (document.get("apiVersion"), document.get("kind")) != (API_VERSION, KIND):
        raise CourseError(
            "not a scheduler configuration",
            expected=f"apiVersion {API_VERSION}, kind {KIND}",
            found=f"{document.get('apiVersion')}, {document.get('kind')}",
        )
    try:
        msgspec.convert(document, _Configuration)
    except msgspec.ValidationError as problem:
        said, _, path = str(problem).partition(" - at `$.")
        raise CourseError(
            "not a scheduler configuration",
            where=f"{KIND}: {path.removesuffix('`')}",
            expected=said,
            do="see kubernetes.io, kube-scheduler Configuration (v1)",
        ) from None
    return document


def not_acted_on(source: SchedulerSource) -> list[str]:
    """The fields of a configuration that the simulation leaves aside, by path.

    >>> not_acted_on({"profiles": [{"percentageOfNodesToScore": 5}], "parallelism": 16})
    ['parallelism']
    """
    if isinstance(source, SchedulerSetup):
        source = source.configuration
    (document,) = read_manifests(source)
    ignored = sorted(set(document) - {"apiVersion", "kind", "profiles", PERCENTAGE})
    for number, profile in enumerate(document.get("profiles") or ()):
        others = set(profile) - {"schedulerName", "plugins", "pluginConfig", PERCENTAGE}
        ignored += [f"profiles[{number}].{field}" for field in sorted(others)]
    return ignored


def _framework(
    profile: Document, lister: SharedLister | None, registry: Registry
) -> SchedulingFramework:
    sets = profile.get("plugins", {})
    if unknown := set(sets) - set(POINTS) - {"multiPoint"}:
        raise CourseError(
            "no such extension point",
            expected=", ".join(("multiPoint", *POINTS)),
            found=", ".join(sorted(unknown)),
        )
    everywhere = _merged(DEFAULT_PLUGINS, sets.get("multiPoint", {}))
    enabled = {point: _merged(everywhere, sets.get(point, {})) for point in POINTS}
    args = {item["name"]: item.get("args", {}) for item in profile.get("pluginConfig", ())}
    names = dict.fromkeys(name for point in POINTS for name in enabled[point])
    plugins = {name: make_plugin(name, args.get(name), lister, registry) for name in names}
    at = {
        point: [plugins[name] for name in enabled[point] if fills(plugins[name], point)]
        for point in POINTS
    }
    _check(at, sets, plugins)
    name = profile.get("schedulerName", DEFAULT_SCHEDULER)
    return SchedulingFramework(at, enabled["score"], name, profile.get(PERCENTAGE))


def _check(at: dict[str, list[Plugin]], sets: Document, plugins: dict[str, Plugin]) -> None:
    """Raise `CourseError` where plugins stand at points that they do not fill, or are missing."""
    for point in POINTS:
        for item in sets.get(point, {}).get("enabled", ()):
            if not fills(plugins[item["name"]], point):
                raise CourseError(
                    "the plugin does not fill this extension point",
                    where=f"plugins.{point}",
                    found=item["name"],
                )
    if len(at["queueSort"]) != 1 or not at["bind"]:
        raise CourseError(
            "a profile has one QueueSort plugin, and at least one Bind plugin",
            expected="such as PrioritySort and DefaultBinder",
            found=", ".join(p.name for p in (*at["queueSort"], *at["bind"])) or "none",
        )


def _merged(default: dict[str, int], said: Document) -> dict[str, int]:
    """The defaults without what is disabled, with what is enabled (`mergePluginSet`)."""
    disabled = {item["name"] for item in said.get("disabled", ())}
    enabled = {item["name"]: item.get("weight", 0) for item in said.get("enabled", ())}
    kept = {} if "*" in disabled else {n: w for n, w in default.items() if n not in disabled}
    return kept | {name: weight or default.get(name, 0) for name, weight in enabled.items()}
