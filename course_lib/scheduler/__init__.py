"""kube-scheduler: which node each Pod goes to, and why (chapter 04)."""

from course_lib.scheduler.framework import Framework
from course_lib.scheduler.scheduler import Scheduler

__all__ = ["Framework", "Scheduler"]
