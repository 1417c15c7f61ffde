"""kube-scheduler: which node each Pod goes to, and why (chapter 04)."""

from course_lib.scheduler.framework import Plugin
from course_lib.scheduler.registry import SchedulerSource, with_plugins
from course_lib.scheduler.runtime import SchedulingFramework
from course_lib.scheduler.scheduler import Scheduler

__all__ = ["Plugin", "Scheduler", "SchedulerSource", "SchedulingFramework", "with_plugins"]
