"""`crictl` on a node: the same calls of the CRI as the kubelet's, typed by a person.

It works with any runtime that a `CRIClient` reaches: of this process, or on a socket, a real one
too. What is not simulated is refused by its name.
"""

from course_lib.cri.ctl.node import RuntimeHost
from course_lib.cri.ctl.program import run

__all__ = ["RuntimeHost", "run"]
