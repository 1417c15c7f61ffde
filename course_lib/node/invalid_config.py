"""A container that cannot be configured."""

from __future__ import annotations

from course_lib.errors import CourseError


class InvalidConfig(CourseError):
    """A container that cannot be configured; its text is the kubelet's."""
