"""kubectl in Python: on an API server in this process, or on any over HTTP.

It does what the real one does, by the same requests; it knows no cluster, only a connection and,
where it waits, a way to let time pass.
"""

from course_lib.kubectl.kubectl import Kubectl

__all__ = ["Kubectl"]
