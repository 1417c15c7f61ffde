"""Time that runs while it is asked to, and leaves the notebook free."""

from __future__ import annotations

import asyncio

import ipywidgets as widgets

from course_lib.widgets.drawing import button


class Player:
    """A part of widgets over a simulation: a button that runs and pauses it."""

    frame = 0.1  # s of real time between two pictures
    play: widgets.Button
    _task: asyncio.Task[None] | None = None

    def make_play(self, tip: str) -> widgets.Button:
        """The button; its text says what pressing it would do."""
        self.play = button("Run", "play", tip)
        self.play.on_click(lambda _: self.toggle())
        return self.play

    def tick(self) -> None:
        """One frame."""
        raise NotImplementedError

    @property
    def running(self) -> bool:
        """Whether time runs now."""
        return self._task is not None

    def toggle(self) -> None:
        """Run, or pause."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        else:
            self._task = asyncio.get_event_loop().create_task(self._run())
        self.play.description = "Pause" if self.running else "Run"
        self.play.icon = "pause" if self.running else "play"

    async def _run(self) -> None:
        while True:
            self.tick()
            await asyncio.sleep(self.frame)
