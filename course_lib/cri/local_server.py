"""The CRI without a socket: a server, and clients that find it by its path in the same process.

A browser has no sockets. The calls are the same messages; what carries them is a function call.
"""

from __future__ import annotations

from course_lib.cri.client import CRIClient, InProcess
from course_lib.cri.shim import Shim
from course_lib.errors import CourseError
from course_lib.runtimes import Runtime

NO_SOCKET = "No sockets in a browser: a function call takes the same messages to the server."
_listening: dict[str, Shim] = {}  # by path


class LocalServer:
    """A runtime's shim, known by a path while the context is open.

    `runtime` answers, `path` is its name. Raises `CourseError` where another server has the path.
    """

    def __init__(self, runtime: Runtime, path: str) -> None:
        self.shim, self.path = Shim(runtime), path

    def __enter__(self) -> LocalServer:
        if self.path in _listening:
            raise CourseError(
                "somebody listens there already", where=self.path, do="choose another path"
            )
        _listening[self.path] = self.shim
        print(NO_SOCKET)
        return self

    def __exit__(self, *problem: object) -> None:
        del _listening[self.path]


def connect(path: str) -> CRIClient:
    """A client of the server at a path; raises `CourseError` where there is none.

    >>> from course_lib.cri.simulated import alone
    >>> with LocalServer(alone("rkt"), "cri.sock"):
    ...     connect("cri.sock").call("Version").runtime_name
    No sockets in a browser: a function call takes the same messages to the server.
    'rkt'
    """
    if path not in _listening:
        raise CourseError("nobody listens there", where=path, expected="the path of a server")
    return CRIClient(InProcess(_listening[path]))
