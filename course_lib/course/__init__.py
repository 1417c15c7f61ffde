"""What a learner does: exercises that check themselves, and a broken shop to repair."""

from course_lib.course.exercise import Task, exercise, exercises, progress
from course_lib.course.faults import FAULTS, Fault
from course_lib.course.trouble import Trouble

__all__ = ["FAULTS", "Fault", "Task", "Trouble", "exercise", "exercises", "progress"]
