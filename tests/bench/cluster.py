"""What a whole cluster costs, from YAML to ready Pods: `make bench` prints the table.

    python -m tests.bench.cluster                    the table, at sizes that take some minutes
    python -m tests.bench.cluster --full             with 5,000 nodes and 150,000 Pods
    python -m tests.bench.cluster ready 500 10000    one measurement: its name, nodes, Pods

Each measurement runs in a process of its own, on one core, after a small cluster that imports
all modules. Beside a figure stands the one that is wanted, and then how far it might go. One with
a star is wanted of 5,000 nodes and 150,000 Pods; `--full` measures these.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from course_lib.engine import Simulation
from tests.bench.measurements import MEASUREMENTS, Figures, ready
from tests.bench.scheduling import machine

RUNS = 3
Size = tuple[int, int]  # nodes, Pods
SMALL, LARGE, FULL = (50, 1000), (500, 10_000), (5000, 150_000)
REAL = "with the clients' limits of a real cluster, simulated"


class Row(NamedTuple):
    """A line of the table: what is measured, of which size, and what is wanted.

    `shown` makes the figure from what was measured and the size. A row of no size is measured at
    `LARGE`, or with `--full` at `FULL`: its goals are meant for that.
    """

    work: str
    name: str
    size: Size | None
    shown: Callable[[Figures, Size], str]
    wanted: str = ""
    stretch: str = ""
    runs: int = 1


def each_pod(found: Figures, size: Size) -> str:
    """CPU for each Pod."""
    return f"{found['seconds'] / size[1] * 1e3:.2f} ms"


def beside_small(found: Figures, size: Size) -> str:
    """CPU for each Pod, and how much more that is than in a small cluster."""
    small = measured("ready", *SMALL, RUNS)["seconds"] / SMALL[1]
    return f"{each_pod(found, size)}, {found['seconds'] / size[1] / small:.2f} times"


def whole(found: Figures, size: Size) -> str:
    """CPU seconds, and the memory that the process holds."""
    return f"{found['seconds']:,.1f} s, {found['held'] / 2**30:.2f} GiB"


def memory(found: Figures, size: Size) -> str:
    """Memory for each Pod."""
    return f"{found['bytes'] / size[1] / 1024:.1f} KiB"


def called(found: Figures, size: Size) -> str:
    """Calls for each Pod."""
    return f"{found['calls'] / size[1]:,.0f}"


def milliseconds_of(what: str) -> Callable[[Figures, Size], str]:
    """One of several figures, in milliseconds."""
    return lambda found, size: f"{found[what]:,.2f} ms"


def seconds_of(what: str) -> Callable[[Figures, Size], str]:
    """One of several figures, in seconds."""
    return lambda found, size: f"{found[what]:,.0f} s"


GOALS = [
    Row("CPU for each Pod, YAML to ready", "ready", SMALL, each_pod, "1 ms", "0.5 ms", RUNS),
    Row("Python calls for each Pod", "calls", SMALL, called, "8,000", "4,000"),
    Row("CPU for each Pod", "ready", LARGE, beside_small, "1.2 times", "1 time"),
    Row("memory for each Pod", "ready", LARGE, memory, "12 KiB", "6 KiB"),
    Row("YAML to all ready", "ready", None, whole, "180 s, 2.5 GiB", "75 s, 2 GiB"),
    Row("one simulated hour at rest", "rest", None, whole, "60 s", "10 s"),
    Row("rolling update of one Deployment", "rollout", (500, 5000), whole, "15 s", "5 s"),
    Row("a fifth of the nodes dies: all Pods elsewhere", "zone", None, whole, "90 s", "30 s"),
    Row(
        "one endpoint of 10,000 Services changes",
        *("services", (100, 100_000), milliseconds_of("change"), "10 ms", "1 ms"),
    ),
    Row("%kubectl get pods", "commands", SMALL, milliseconds_of("get pods"), "100 ms", "50 ms"),
    Row("the least that a command of kubectl takes", "commands", SMALL,
        milliseconds_of("least"), "5 ms", "2 ms"),
    Row("a notebook's cell: the cluster too", "cell", SMALL, whole, "1.5 s", "0.5 s", RUNS),
]  # fmt: skip
AT_FULL_SIZE = [
    Row("CPU for each Pod", "ready", FULL, beside_small, "1.2 times", "1 time"),
    Row("memory for each Pod", "ready", FULL, memory, "12 KiB", "6 KiB"),
]
BESIDE = [
    Row("nodes alone", "build", None, whole),
    Row("%kubectl get pods -o wide", "commands", SMALL, milliseconds_of("get pods -o wide")),
    Row("%kubectl get pods -o yaml", "commands", SMALL, milliseconds_of("get pods -o yaml")),
    Row("that endpoint's rule, written into one kernel", "services", (100, 100_000),
        milliseconds_of("kernel")),
    Row(f"YAML to ready, {REAL}", "real_time", SMALL, seconds_of("first"), "real: 52 s"),
    Row(f"as many Pods again, {REAL}", "real_time", SMALL, seconds_of("next"), "real: 51 s"),
    *(
        Row(what, "looks", None, milliseconds_of(what))
        for what in (
            *("get nodes", "get pods", "get events", "describe node", "describe pod"),
            *("describe service", "log", "LiveCluster", "one step of it"),
            *("plots.requested_by_node", "plots.pods_over_time", "plots.utilisation_over_time"),
        )
    ),
]  # fmt: skip


@cache
def measured(name: str, nodes: int, pods: int, runs: int = 1) -> Figures:
    """The medians of several runs, each in a fresh process."""
    command = [sys.executable, "-m", "tests.bench.cluster", name, str(nodes), str(pods)]
    found = []
    for _ in range(runs):
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise SystemExit(f"{' '.join(command[2:])}\n{ended.stderr}")
        found.append(json.loads(ended.stdout))
    return {key: statistics.median(each[key] for each in found) for key in found[0]}


def line(work: str, size: str, figure: str, wanted: str, stretch: str) -> None:
    print(f"{work:<74}{size:>15}{figure:>21}{wanted:>17}{stretch:>14}", flush=True)


def write(row: Row, full: bool) -> None:
    """Measure one row, and print it."""
    size = row.size or (FULL if full else LARGE)
    star = "" if row.size or full else "*"
    figure = row.shown(measured(row.name, *size, row.runs), size)
    goals = [goal + star if goal else "" for goal in (row.wanted, row.stretch)]
    line(row.work, "{:,}, {:,}".format(*size), figure, *goals)


def main(arguments: list[str]) -> None:
    if arguments and arguments[0] in MEASUREMENTS:
        name, nodes, pods = arguments[0], int(arguments[1]), int(arguments[2])
        Simulation.strict = True
        ready(3, 3)  # all modules are imported, and caches of constants filled
        print(json.dumps(MEASUREMENTS[name](nodes, pods)))
        return
    full = "--full" in arguments
    print(machine())
    line("work", "nodes, Pods", "figure", "wanted", "stretch")
    for row in [*GOALS, *(AT_FULL_SIZE if full else []), *BESIDE]:
        write(row, full)
    if not full:
        print("* wanted of 5,000 nodes and 150,000 Pods: --full")


if __name__ == "__main__":
    main(sys.argv[1:])
