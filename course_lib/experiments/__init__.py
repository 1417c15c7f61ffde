"""Experiments: workloads and traces, policies, sweeps, and results as DataFrames (chapter 04)."""

from course_lib.experiments.measures import fragmentation, utilisation
from course_lib.experiments.policies import POLICIES
from course_lib.experiments.runs import Run, pods_table, run, runs_table, sweep
from course_lib.experiments.workloads import DISTRIBUTIONS, Scenario, generate, read_trace

__all__ = [
    "DISTRIBUTIONS",
    "POLICIES",
    "Run",
    "Scenario",
    "fragmentation",
    "generate",
    "pods_table",
    "read_trace",
    "run",
    "runs_table",
    "sweep",
    "utilisation",
]
