"""A log over HTTP that is followed: `GET .../pods/NAME/log?follow=true`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from course_lib.apiserver.bodies import Request
from course_lib.apiserver.followed_logs import FollowedLog, runs
from course_lib.apiserver.statuses import HTTPResponse
from course_lib.cluster.session import ServedSession

PAUSE = 0.05  # real s between two readings


class LogStream:
    """What a container says, for one client; `request` asks for its log.

    `served` is the session. It is used on the event loop of the server.
    """

    def __init__(self, served: ServedSession, request: Request) -> None:
        self._served, self._request = served, request
        query = {name: values[0] for name, values in request.query.items() if values}
        self._log, self._over = FollowedLog(query), False

    def answer(self) -> HTTPResponse:
        """The answer to one reading: the log that is new, or a refusal."""
        request = self._request
        query = {name: [text] for name, text in self._log.query.items()}
        asked = Request("GET", request.path, query, request.headers)
        with self._served.lock:
            answer = self._served.face.answer(asked)
            if answer.status == 200 and answer.text is not None:
                answer.text = self._log.new(answer.text)
            self._over = self._over or answer.status != 200 or not self._runs()
        return answer

    async def lines(self) -> AsyncIterator[str]:
        """The lines that are said from the first reading on, until the container has ended."""
        while not self._over:
            await asyncio.sleep(PAUSE)
            answer = self.answer()
            if answer.status == 200 and answer.text:
                yield answer.text

    def end(self) -> None:
        """No more comes: the client has gone."""
        self._over = True

    def _runs(self) -> bool:
        path = self._request.path.removesuffix("/log")
        pod = self._served.face.answer(Request("GET", path)).document
        containers = (pod.get("spec") or {}).get("containers") or [{"name": ""}]
        return runs(pod, self._request.text("container") or containers[0]["name"])
