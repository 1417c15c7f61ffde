"""Things to click: ipywidgets over a live cluster, placement engines, and the CRI."""

from course_lib.widgets.live import LiveCluster
from course_lib.widgets.sequence import CallSequence
from course_lib.widgets.swap import RuntimeSwap
from course_lib.widgets.workbench import PackingWorkbench

__all__ = ["CallSequence", "LiveCluster", "PackingWorkbench", "RuntimeSwap"]
