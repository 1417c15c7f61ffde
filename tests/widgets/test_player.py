"""Time that runs beside the notebook, until it is paused."""

from __future__ import annotations

import asyncio

import pytest

from course_lib import Cluster
from course_lib.widgets import ControlPlane


@pytest.mark.parametrize("make", [lambda: ControlPlane(Cluster.all_in_one())])
def test_time_runs_while_it_is_asked_to(make):
    view = make()

    async def play() -> None:
        before = view.cluster.now
        view.play.click()
        assert view.running and view.play.description == "Pause"
        while view.cluster.now == before:
            await asyncio.sleep(0.01)
        view.play.click()
        paused = view.cluster.now
        await asyncio.sleep(2 * view.frame)
        assert view.cluster.now == paused and view.play.description == "Run"

    asyncio.run(play())
