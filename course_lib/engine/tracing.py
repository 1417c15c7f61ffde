"""Readable names of what runs: for errors, and for a clock that stands still."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import simpy


def origin(error: Exception) -> str:
    """The module of the part that failed: the first frame outside the engine."""
    trace = error.__traceback__
    while trace is not None:
        name = str(trace.tb_frame.f_globals.get("__name__", ""))
        if not name.startswith(("course_lib.engine", "simpy")):
            return name.removeprefix("course_lib.")
        trace = trace.tb_next
    return "engine"


def names_of_next(env: simpy.Environment) -> list[str]:
    """What the next event sets going: functions and processes, by module and name."""
    callbacks = env._queue[0][3].callbacks or ()
    return [_name(callback) for callback in callbacks]


def _name(callback: object) -> str:
    """A readable name of a callback: what a timer calls, or the generator of a process."""
    while isinstance(callback, partial):
        callback = callback.args[0]
    process = getattr(callback, "__self__", None)
    if isinstance(process, simpy.Process):
        callback = process._generator
        while frame := getattr(callback, "gi_frame", None):
            inner = frame.f_locals.get("process") or frame.f_locals.get("run")
            if inner is None:
                break
            callback = inner
    code = getattr(callback, "gi_code", None) or getattr(callback, "__code__", None)
    room = Path(code.co_filename).stem if code else "course_lib"
    return f"{room}: {getattr(callback, '__qualname__', str(callback)).replace('<locals>.', '')}"
