"""Simulated time, seeded randomness and the event log: one seed, one history."""

from course_lib.engine.lifetime import Lifetime
from course_lib.engine.log import EventLog, LogEntry
from course_lib.engine.simulation import Simulation, timestamp

__all__ = ["EventLog", "Lifetime", "LogEntry", "Simulation", "timestamp"]
