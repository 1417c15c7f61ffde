"""Runs and sweeps: policy × workload × seed on all cores, with results as tidy tables.

One row a run, and one row a Pod. Results are kept on disk under a hash of all that went into
them, so that a sweep that is run again is read, not computed.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import msgspec

from course_lib import __version__
from course_lib.cluster.arguments import count
from course_lib.engine.browser import IN_BROWSER
from course_lib.experiments.arguments import made_by, named, several
from course_lib.experiments.cores import processes
from course_lib.experiments.measures import RESOURCES, fragmentation, shapes_of, utilisation
from course_lib.experiments.policies import POLICIES, framework_of
from course_lib.experiments.workloads import Scenario
from course_lib.objects.manifests import Document
from course_lib.scheduler.batch import place_all
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import PodInfo
from course_lib.scheduler.runtime import SchedulingFramework

if TYPE_CHECKING:
    import pandas as pd
    from tqdm.auto import tqdm

MOST_WORKERS = 1000  # processes
CHECKPOINTS = 20  # of the fragmentation curve, evenly over the queue


class Run(msgspec.Struct):
    """What became of one workload under one policy and seed."""

    policy: str
    workload: str
    seed: int
    measures: dict[str, float]
    nodes: list[str]  # of each Pod; empty where it found none
    curve: list[tuple[float, float]]  # share of Pods tried, fragmentation (of `measures`' first)

    def row(self) -> dict[str, str | float]:
        """One row of the table of runs."""
        row: dict[str, str | float] = {"policy": self.policy, "workload": self.workload}
        return row | {"seed": self.seed} | self.measures


def run(
    policy: str, scenario: Scenario, seed: int = 0, configuration: Document | None = None
) -> Run:
    """Place a whole workload, and measure.

    Measures: `placed` and `pending` Pods; `nodes_used`; for cpu, memory and gpu `…_mean` and
    `…_spread` of utilisation and `…_fragmentation` (shares, 0 to 1); `seconds` of real time to
    place (the only one that differs between machines).

    `policy` is the name of a policy, or the label of the `configuration` (a
    KubeSchedulerConfiguration) that is given; `scenario` is the workload with its nodes; `seed`
    breaks ties. Raises `CourseError` for another name, and for a workload without Pods or nodes.

    >>> from course_lib.experiments.workloads import generate
    >>> run("spread", generate("equal", pods=10, nodes=3)).measures["nodes_used"]
    3
    """
    framework = framework_of(configuration or policy)
    made_by(scenario, "scenario", Scenario)
    nodes, pods = scenario.snapshot(), scenario.queue()
    count(len(nodes), "nodes in scenario", 1)
    count(len(pods), "Pods in scenario", 1)
    shapes = shapes_of(pods)
    rng = random.Random(f"{seed}/{policy}")
    watched = "gpu" if nodes.capacity(RESOURCES["gpu"]).any() else "cpu"
    step = max(1, -(-len(pods) // CHECKPOINTS))
    rows: list[int] = []
    curve, seconds = [], 0.0
    for start in range(0, len(pods), step):
        began = time.perf_counter()
        rows += place_all(framework, pods[start : start + step], nodes, rng)
        seconds += time.perf_counter() - began
        lost = fragmentation(framework, nodes, shapes, RESOURCES[watched])
        curve.append((len(rows) / len(pods), lost))
    measures = _measures(framework, nodes, shapes, rows) | {"seconds": seconds}
    names = [nodes.names[row] if row >= 0 else "" for row in rows]
    return Run(policy, scenario.name, seed, measures, names, curve)


def _measures(
    framework: SchedulingFramework, nodes: Nodes, shapes: Sequence[PodInfo], rows: Sequence[int]
) -> dict[str, float]:
    """How many Pods were placed (`rows`: on which node), how full the nodes are, what is lost."""
    measures: dict[str, float] = {
        "placed": sum(row >= 0 for row in rows),
        "pending": sum(row < 0 for row in rows),
        "nodes_used": len({row for row in rows if row >= 0}),
    }
    for name, resource in RESOURCES.items():
        if nodes.capacity(resource).any():
            mean, spread = utilisation(nodes, resource)
            measures |= {f"{name}_mean": mean, f"{name}_spread": spread}
            lost = fragmentation(framework, nodes, shapes, resource)
            measures[f"{name}_fragmentation"] = lost
    return measures


def sweep(
    policies: Sequence[str] | Mapping[str, Document],
    scenarios: Sequence[Scenario],
    seeds: Sequence[int] = (0,),
    cache: str | Path | None = None,
    progress: bool = True,
    workers: int | None = None,
) -> list[Run]:
    """Every policy with every workload and seed, on all cores; in that order.

    `policies` are names, or configurations by name, each with all `scenarios` and `seeds`; `cache`
    is a folder for finished runs; `progress` shows a bar; `workers` processes run (default: cores).
    """
    known = policies if isinstance(policies, Mapping) else POLICIES
    names = several(policies, "policies", partial(named, known=known, what="policy"))
    workloads = several(scenarios, "scenarios", partial(made_by, kind=Scenario))
    draws = several(seeds, "seeds", partial(count, least=-(2**31)))
    if workers is not None:
        count(workers, "workers", 1, MOST_WORKERS)
    if cache is not None:
        made_by(cache, "cache", (str, Path), "a folder")
    jobs = [
        (name, scenario, seed, dict(made_by(known[name], f"policies: {name}", dict)))
        for name in names
        for scenario in workloads
        for seed in draws
    ]
    folder = Path(cache) if cache is not None else None
    found = [_read(folder, job) for job in jobs]
    missing = [number for number, known in enumerate(found) if known is None]
    if missing:
        made = _compute([jobs[number] for number in missing], progress, workers)
        for number, one in zip(missing, made, strict=True):
            found[number] = one
            _write(folder, jobs[number], one)
    return [one for one in found if one is not None]


Job = tuple[str, Scenario, int, Document]


def _compute(jobs: list[Job], progress: bool, workers: int | None) -> list[Run]:
    from tqdm.auto import tqdm

    if IN_BROWSER:
        tqdm.monitor_interval = 0  # what watches a bar is a thread
    with tqdm(total=len(jobs), disable=not progress, unit="run") as bar:
        if len(jobs) == 1 or workers == 1:
            return [_run_one(job, bar) for job in jobs]
        with processes(workers) as pool:
            futures = [pool.submit(run, *job) for job in jobs]
            for future in futures:
                future.add_done_callback(lambda _: bar.update())
            return [future.result() for future in futures]


def _run_one(job: Job, bar: tqdm[NoReturn]) -> Run:
    made = run(*job)
    bar.update()
    return made


def _path(folder: Path, job: Job) -> Path:
    policy, scenario, seed, document = job
    content = json.dumps([__version__, policy, document, scenario.digest, seed], sort_keys=True)
    return folder / f"{hashlib.sha256(content.encode()).hexdigest()[:32]}.json"


def _read(folder: Path | None, job: Job) -> Run | None:
    if folder is None or not (path := _path(folder, job)).exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Run)
    except msgspec.DecodeError:
        return None  # damaged, or from another version: it is computed and written again


def _write(folder: Path | None, job: Job, made: Run) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        path = _path(folder, job)
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(msgspec.json.encode(made))
        unfinished.replace(path)


def runs_table(runs: Sequence[Run]) -> pd.DataFrame:
    """One row a run: policy, workload, seed, and the measures."""
    import pandas as pd

    return pd.DataFrame([one.row() for one in several(runs, "runs", partial(made_by, kind=Run))])


def pods_table(runs: Sequence[Run], scenarios: Sequence[Scenario]) -> pd.DataFrame:
    """One row a Pod: policy, workload, seed, pod, node (empty while it waits).

    `scenarios` are the workloads of the `runs`; raises `CourseError` where one is missing.
    """
    import pandas as pd

    workloads = several(scenarios, "scenarios", partial(made_by, kind=Scenario))
    pods = {s.name: [document["metadata"]["name"] for document in s.pods] for s in workloads}
    for place, one in enumerate(several(runs, "runs", partial(made_by, kind=Run))):
        where = f"workload of runs[{place}]"
        same = len(pods[named(one.workload, where, pods, "workload")])
        count(len(one.nodes), f"Pods of {where}", same, same, do="give the scenario that was run")
    columns = ["policy", "workload", "seed", "pod", "node"]
    rows = [
        (one.policy, one.workload, one.seed, pod, node)
        for one in runs
        for pod, node in zip(pods[one.workload], one.nodes, strict=True)
    ]
    return pd.DataFrame(rows, columns=columns)
