"""Things to click: ipywidgets over a live cluster, and over placement engines."""

from course_lib.widgets.live import LiveCluster
from course_lib.widgets.workbench import PackingWorkbench

__all__ = ["LiveCluster", "PackingWorkbench"]
