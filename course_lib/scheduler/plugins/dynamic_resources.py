"""DynamicResources: what the plugin for devices says of Pods that ask for none.

Devices are not simulated (`objects.kinds.kept`), but the plugin is asked in PostFilter for each Pod
that fits nowhere. It finds no notes of its own where another plugin's PreFilter has ended the
attempt, and so no plugin behind it is asked: the message ends in `not found`.
Source: `pkg/scheduler/framework/plugins/dynamicresources` (`PostFilter`).
"""

from __future__ import annotations

from course_lib.scheduler.framework import Plugin, PluginsRunner, PostFilterResult
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.status import Diagnosis


class DynamicResources(Plugin):
    """Ends PostFilter where PreFilter has refused the Pod; DefaultPreemption comes behind it."""

    name = "DynamicResources"

    def post_filter(
        self, pod: PodInfo, nodes: Nodes, diagnosis: Diagnosis, runner: PluginsRunner
    ) -> PostFilterResult | None:
        """An error where its PreFilter was not asked; else it has no device to free."""
        if diagnosis.pre_filter_message:
            return PostFilterResult("not found", final=True)
        return None
