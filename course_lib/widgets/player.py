"""Time that runs while it is asked to, and leaves the notebook free."""

from __future__ import annotations

import asyncio

import ipywidgets as widgets

from course_lib.widgets.drawing import button


class Runner:
    """A part of widgets over a simulation: runs frame by frame, and pauses."""

    frame = 0.1  # s of real time between two pictures
    _task: asyncio.Task[None] | None = None

    async def advance(self) -> None:
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

    async def _run(self) -> None:
        while True:
            await self.advance()
            await asyncio.sleep(self.frame)


class Player(Runner):
    """A runner with a button, whose text says what pressing it would do."""

    play: widgets.Button

    def make_play(self, tip: str) -> widgets.Button:
        """The button."""
        self.play = button("Run", "play", tip)
        self.play.on_click(lambda _: self.toggle())
        return self.play

    def tick(self) -> None:
        """One frame."""
        raise NotImplementedError

    async def advance(self) -> None:
        """One frame, all at once."""
        self.tick()

    def toggle(self) -> None:
        """Run, or pause; and say so."""
        super().toggle()
        self.play.description = "Pause" if self.running else "Run"
        self.play.icon = "pause" if self.running else "play"
