"""A cluster for kubectl: its API on a port of this machine, with logs and exec (chapter 11).

Simulated time stands still but for `run`, unless a speed is given: then it follows the clock.
Only who has the token is answered; it comes from `secrets`, and changes nothing in the cluster.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time

from course_lib.cluster.session import ServedCluster, ServedSession
from course_lib.errors import CourseError, extra

with extra("serve"):
    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets
    from tornado.web import Application

    from course_lib.cluster.handlers import API
    from course_lib.cluster.pod_streams import PodStreamHandler, PortForwardHandler

TICK = 0.05  # s between two looks at the clock
SLICE = 1.0  # simulated s that run at a time; then clients get their turn
LARGEST_REQUEST = 32 * 2**20  # bytes; a body beyond the API's own limit is refused with a Status


class Served(ServedSession):
    """A cluster's API over HTTP, for this machine only; a context manager.

    `url` is where it listens. A request carries `token`, as `Authorization: Bearer <token>`.
    kubectl sends a token by TLS alone (client-go, `tools/clientcmd/client_config.go`), and there
    are no certificates here: for such clients the path of `server` begins with the token. `port` 0
    takes a free one; `speed` is how many simulated seconds pass in a real one. Raises `CourseError`
    for a port that cannot be had, and for a speed that is none.

    >>> from course_lib import Cluster
    >>> with Served(Cluster(nodes=2)) as served:
    ...     import json, urllib.request
    ...     authorization = {"Authorization": f"Bearer {served.token}"}
    ...     asked = urllib.request.Request(served.url + "/api/v1/nodes", headers=authorization)
    ...     answer = json.load(urllib.request.urlopen(asked))
    >>> [node["metadata"]["name"] for node in answer["items"]]
    ['node-1', 'node-2']
    """

    def __init__(self, cluster: ServedCluster, port: int = 0, speed: float = 0.0) -> None:
        if not 0 <= port <= 65535:
            raise CourseError("no such port", expected="a number from 0 to 65535", found=str(port))
        if not (math.isfinite(speed) and speed >= 0):
            raise CourseError(
                "no such speed",
                expected="simulated seconds in a real one: a number, 0 or more",
                found=str(speed),
            )
        super().__init__(cluster)
        self.speed = speed
        self._thread = threading.Thread(target=self._serve, name="kubectl", daemon=True)
        self._ready = threading.Event()
        try:
            self._sockets = bind_sockets(port, "127.0.0.1")
        except OSError as problem:
            raise CourseError(
                "cannot listen there",
                where=f"127.0.0.1:{port}",
                found=str(problem),
                do="choose another port; 0 takes a free one",
            ) from problem
        self.url = f"http://127.0.0.1:{self._sockets[0].getsockname()[1]}"

    @property
    def paced(self) -> bool:
        """Whether simulated time follows the clock."""
        return self.speed > 0

    def __enter__(self) -> Served:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *problem: object) -> None:
        self.loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        self.remove_files()

    def _serve(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self.loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        own = {"served": self}
        pods = r"(?:/token/[^/]*)?/api/v1/namespaces/([^/]+)/pods/([^/]+)"
        routes = [
            (pods + "/(?:exec|attach)", PodStreamHandler, own),
            (pods + "/portforward", PortForwardHandler, own),
            (".*", API, own),
        ]
        application = Application(routes, log_function=lambda handler: None)
        http = HTTPServer(application, max_body_size=LARGEST_REQUEST)
        http.add_sockets(self._sockets)
        pacing = asyncio.ensure_future(self._pace())
        self._ready.set()
        await self._end.wait()
        pacing.cancel()
        http.stop()
        await http.close_all_connections()

    async def _pace(self) -> None:
        """Have simulated time follow the clock, in slices, so that clients are not kept waiting."""
        began, ran = time.monotonic(), 0.0
        while self.speed:
            await asyncio.sleep(TICK)
            while (behind := (time.monotonic() - began) * self.speed - ran) > 0:
                part = min(behind, SLICE)
                ran += part
                try:
                    self.run(part)
                except Exception:
                    logging.getLogger(__name__).exception("a component failed; time goes on")
                await asyncio.sleep(0)
