"""What a learner does: exercises that check themselves, and a shop that breaks, to be mended."""

from course_lib.course.exercise import exercise, exercises, progress
from course_lib.course.faults import FAULTS, Fault
from course_lib.course.trouble import Trouble

__all__ = ["FAULTS", "Fault", "Trouble", "exercise", "exercises", "progress"]
