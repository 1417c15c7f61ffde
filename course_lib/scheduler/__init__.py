"""kube-scheduler: which node each Pod goes to, and why (chapter 04)."""

from course_lib.scheduler.framework import Plugin, PostFilterResult, PreFilterResult
from course_lib.scheduler.handle import Permission
from course_lib.scheduler.registry import SchedulerSource, with_plugins
from course_lib.scheduler.runtime import SchedulingFramework
from course_lib.scheduler.scheduler import Scheduler
from course_lib.scheduler.status import NodeToStatus

__all__ = [
    "NodeToStatus",
    "Permission",
    "Plugin",
    "PostFilterResult",
    "PreFilterResult",
    "Scheduler",
    "SchedulerSource",
    "SchedulingFramework",
    "with_plugins",
]
