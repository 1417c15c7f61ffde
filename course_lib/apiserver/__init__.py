"""The API server: the one place where components meet."""

from course_lib.apiserver.server import APIServer
from course_lib.apiserver.watch_events import WatchEvent

__all__ = ["APIServer", "WatchEvent"]
