"""What the HTTP handlers of a served cluster share: the cluster, its lock, and the token."""

from __future__ import annotations

import asyncio
import hmac
import os
import re
import secrets
import threading
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from course_lib.apiserver.errors import NotAuthenticated
from course_lib.apiserver.rest import Face
from course_lib.client.local import ServerClient
from course_lib.cluster.containers import ContainerAccess
from course_lib.errors import CourseError

KUBECONFIG = """apiVersion: v1
kind: Config
clusters: [{{name: course, cluster: {{server: "{server}"}}}}]
contexts: [{{name: course, context: {{cluster: course, user: learner}}}}]
users: [{{name: learner, user: {{token: "{token}"}}}}]
current-context: course
"""
TOKEN_PATH = re.compile(r"/token/([^/]*)(/.*)?")


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

    `url` is where it listens, `lock` is held by the client that uses the cluster, `loop` is the
    event loop of the HTTP server, once it runs.
    """

    url: str
    loop: asyncio.AbstractEventLoop

    def __init__(self, cluster: ServedCluster) -> None:
        self.cluster = cluster
        self.face = Face(cluster.api.reach, cluster.containers.kubelets)
        self.token = secrets.token_urlsafe(24)
        self.lock = threading.RLock()
        self._files: list[tuple[Path, tuple[int, int]]] = []  # written, with device and inode

    def __enter__(self) -> ServedSession:
        raise NotImplementedError

    def __exit__(self, *problem: object) -> None:
        raise NotImplementedError

    @property
    def server(self) -> str:
        """The URL for `kubectl --server`: its path begins with the token."""
        return f"{self.url}/token/{self.token}"

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

    def admit(self, path: str, authorization: str) -> str:
        """The path of a request without the token; raises `NotAuthenticated`.

        The token stands at the beginning of `path`, or in the header `authorization`.
        """
        in_path = TOKEN_PATH.fullmatch(path)
        scheme, _, given = authorization.partition(" ")
        token = in_path[1] if in_path else given.strip() if scheme.lower() == "bearer" else ""
        if not self.trusts(token):
            raise NotAuthenticated("Unauthorized")
        return (in_path[2] or "/") if in_path else path

    def kubeconfig(self, path: str | Path) -> str:
        """Write the file that `kubectl --kubeconfig` and `$KUBECONFIG` take; returns its path.

        Only its owner can read it. A file that is there is not overwritten: `CourseError`. When
        serving ends, the file goes. Raises `CourseError` for a file that is there, or cannot be
        written.
        """
        text = KUBECONFIG.format(server=self.server, token=self.token)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except (OSError, ValueError) as problem:
            there = isinstance(problem, FileExistsError)
            raise CourseError(
                "the kubeconfig is not written: something is there already"
                if there
                else "the kubeconfig cannot be written",
                where=str(path),
                expected="the path of a new file",
                found="" if there else str(problem),
                do="choose another path, or remove what is there",
            ) from None
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            found = os.fstat(descriptor)
        self._files.append((Path(path).absolute(), (found.st_dev, found.st_ino)))
        return str(path)

    def remove_files(self) -> None:
        """Remove each kubeconfig that was written, unless another file has its place."""
        for path, identity in self._files:
            with suppress(OSError):  # it is gone, or cannot be read
                found = path.lstat()
                if (found.st_dev, found.st_ino) == identity:
                    path.unlink()
