"""What a learner does: shops that break, to be mended."""

from course_lib.course.faults import FAULTS, Fault
from course_lib.course.trouble import Trouble

__all__ = ["FAULTS", "Fault", "Trouble"]
