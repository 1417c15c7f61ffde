"""Simulated time, seeded randomness and the event log: one seed, one history."""

from course_lib.engine.lifetime import Lifetime
from course_lib.engine.log import EventLog, LogEntry
from course_lib.engine.simulation import Simulation
from course_lib.engine.ticker import FOR_EVER, SOON, Ticker
from course_lib.engine.timestamps import timestamp

__all__ = [
    "FOR_EVER",
    "SOON",
    "EventLog",
    "Lifetime",
    "LogEntry",
    "Simulation",
    "Ticker",
    "timestamp",
]
