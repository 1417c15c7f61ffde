"""How components and people reach the API: clients, leader election, event recorders."""

from course_lib.client.interface import Client
from course_lib.client.local import LocalClient

__all__ = ["Client", "LocalClient"]
