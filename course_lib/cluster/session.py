"""What the HTTP handlers of a served cluster share: the cluster, its lock, and the token."""

from __future__ import annotations

import asyncio
import hmac
import secrets
import threading
from typing import Protocol

from course_lib.apiserver.rest import Face
from course_lib.client.local import ServerClient
from course_lib.cluster.containers import ContainerAccess


class ServedCluster(Protocol):
    """What is asked of a cluster that is served."""

    api: ServerClient
    containers: ContainerAccess

    @property
    def now(self) -> float:
        """Simulated seconds."""

    def run(self, seconds: float) -> None:
        """Let simulated time pass."""


class ServedSession:
    """A cluster that clients use one at a time; only those with the `token` are answered.

    `lock` is held by the client that uses it, `loop` is the event loop of the HTTP server, once it
    runs.
    """

    loop: asyncio.AbstractEventLoop

    def __init__(self, cluster: ServedCluster) -> None:
        self.cluster = cluster
        self.face = Face(cluster.api.reach, cluster.containers.kubelets)
        self.token = secrets.token_urlsafe(24)
        self.lock = threading.RLock()

    @property
    def paced(self) -> bool:
        """Whether simulated time passes by itself."""
        return False

    def run(self, seconds: float) -> None:
        """Let simulated time pass; clients that watch hear of the changes."""
        with self.lock:
            self.cluster.run(seconds)

    def trusts(self, token: str) -> bool:
        """Whether this is the token."""
        return hmac.compare_digest(token.encode(), self.token.encode())
