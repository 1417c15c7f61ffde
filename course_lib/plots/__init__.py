"""Figures: each function takes what was simulated and returns one picture with its alt text."""

from course_lib.plots.load import requests_over_time
from course_lib.plots.nodes import requested_by_node
from course_lib.plots.picture import Picture
from course_lib.plots.timeline import pods_over_time

__all__ = ["Picture", "pods_over_time", "requested_by_node", "requests_over_time"]
