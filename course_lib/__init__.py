"""A Kubernetes cluster that runs inside a notebook: `from course_lib import Cluster`.

The rooms, from the ground up: `engine` and `objects`; `images`, `network` and `etcd`; `apiserver`
and `runtimes`; `client` and `cri`; `scheduler`, `controllers` and `node`; `cluster` and
`orchestrators`; `experiments`; `plots` and `widgets`; `course`; `cli`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course_lib.cluster import Cluster as Cluster
    from course_lib.engine.table import Table as Table
    from course_lib.errors import CourseError as CourseError

__all__ = ["Cluster", "CourseError", "Table"]
__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    """Import the large parts when they are first used, so that `import course_lib` stays light."""
    if name == "Cluster":
        from course_lib.cluster import Cluster

        return Cluster
    if name == "CourseError":
        from course_lib.errors import CourseError

        return CourseError
    if name == "Table":
        from course_lib.engine.table import Table

        return Table
    raise AttributeError(f"module 'course_lib' has no attribute {name!r}")
