"""Things to click: ipywidgets over a live cluster."""

from course_lib.widgets.live import LiveCluster

__all__ = ["LiveCluster"]
