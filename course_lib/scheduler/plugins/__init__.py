"""The plugins of the default profile, one module each; `course_lib.scheduler.registry` has them."""
