"""`python -m course_lib ...`: what of the course works outside a notebook."""

from course_lib.cli.main import main

__all__ = ["main"]
