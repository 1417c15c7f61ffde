"""Marathon on Mesos: offers at two levels, shared out by dominant resource fairness.

Mesos decides which framework is offered a machine's free resources; the framework, here Marathon,
decides what to start on them, within its constraints.
Sources: Ghodsi and others, "Dominant Resource Fairness" (NSDI 2011); mesos.apache.org
"Architecture"; mesosphere.github.io/marathon "Constraints".
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from course_lib.errors import CourseError
from course_lib.orchestrators.model import ZONE, Host, Machine, Placed, Workload, task_names

Constraint = tuple[str, ...]  # field, operator, and for most operators a value


class Framework(msgspec.Struct):
    """A framework that Mesos serves: what it holds, and the tasks that it wants to run."""

    name: str
    wants: Workload
    left: int
    cpu: int = 0
    memory: int = 0

    def dominant_share(self, cpu: int, memory: int) -> float:
        """The largest share of any resource of the whole cluster that it holds."""
        return max(self.cpu / cpu, self.memory / memory)


def share_out(frameworks: Sequence[Framework], cpu: int, memory: int) -> list[str]:
    """DRF by itself, on one pool: who starts a task next, until nobody's next task fits.

    >>> a = Framework("A", Workload("a", 9, cpu=1000, memory=4), 9)
    >>> b = Framework("B", Workload("b", 9, cpu=3000, memory=1), 9)
    >>> share_out([a, b], cpu=9000, memory=18)  # the example of the paper
    ['A', 'B', 'A', 'B', 'A']
    """
    order = []
    used_cpu = used_memory = 0
    waiting = list(frameworks)
    while waiting:
        first = min(waiting, key=lambda f: f.dominant_share(cpu, memory))
        work = first.wants
        if not first.left or used_cpu + work.cpu > cpu or used_memory + work.memory > memory:
            waiting.remove(first)
            continue
        first.cpu += work.cpu
        first.memory += work.memory
        first.left -= 1
        used_cpu += work.cpu
        used_memory += work.memory
        order.append(first.name)
    return order


class App(msgspec.Struct, frozen=True):
    """A Marathon app."""

    id: str
    instances: int
    cpu: int
    memory: int
    constraints: tuple[Constraint, ...] = ()

    def workload(self) -> Workload:
        """What its tasks take."""
        return Workload(self.id, self.instances, self.cpu, self.memory)


class Marathon:
    """Marathon, as the only framework of its cluster."""

    name = "Mesos Marathon"
    calls_it = "app"

    def words(self, workload: Workload) -> str:
        """An app definition."""
        app = self.translate(workload)
        rules = json.dumps([list(rule) for rule in app.constraints])
        head = f'"id": "/{app.id}", "instances": {app.instances}'
        size = f'"cpus": {app.cpu / 1000:g}, "mem": {app.memory}'
        return f'{{\n  {head},\n  {size},\n  "constraints": {rules}\n}}'

    def translate(self, workload: Workload) -> App:
        """The workload as an app."""
        rules: list[Constraint] = [
            (key, "CLUSTER", value) for key, value in workload.only_on.items()
        ]
        if workload.apart:
            rules.append(("hostname", "UNIQUE"))
        if workload.zones:
            # Without the number Marathon knows of no zone before a task runs there, and stays.
            rules.append((ZONE, "GROUP_BY", str(workload.zones)))
        return App(workload.name, workload.count, workload.cpu, workload.memory, tuple(rules))

    def place(
        self, workloads: Sequence[Workload], machines: Sequence[Machine], lots: random.Random
    ) -> list[Placed]:
        """Offers come machine by machine, in an order that Mesos draws anew each round."""
        hosts = [Host(machine) for machine in machines]
        placed: list[Placed] = []
        for workload in workloads:
            app = self.translate(workload)
            names = task_names(workload)
            found = accept(app, hosts, lots)
            why = "the first offer with room that meets the constraints"
            placed += [Placed(n, h.name, why) for n, h in zip(names, found, strict=False)]
            said = "no offer matched: " + unmatched(app, hosts, found)
            placed += [Placed(name, "", said) for name in names[len(found) :]]
        return placed


def accept(app: App, hosts: Sequence[Host], lots: random.Random) -> list[Host]:
    """The hosts of the tasks that were started, in rounds of offers, until a round starts none."""
    work, running = app.workload(), list[Host]()
    while len(running) < app.instances:
        offers = list(hosts)
        lots.shuffle(offers)
        before = len(running)
        for host in offers:
            # One offer may serve several tasks of the app.
            while len(running) < app.instances and host.fits(work):
                if not all(meets(rule, host, running) for rule in app.constraints):
                    break
                host.take(work)
                running.append(host)
        if len(running) == before:
            break
    return running


def unmatched(app: App, hosts: Sequence[Host], running: Sequence[Host]) -> str:
    """Why offers were declined."""
    work = app.workload()
    short = sum(not host.fits(work) for host in hosts)
    other = sum(
        host.fits(work) and not all(meets(rule, host, running) for rule in app.constraints)
        for host in hosts
    )
    said = ((short, "insufficient resources"), (other, "unfulfilled constraint"))
    return "; ".join(f"{text} in {count} offers" for count, text in said if count)


def meets(rule: Constraint, host: Host, running: Sequence[Host]) -> bool:
    """Whether one more task on a host keeps a constraint, given where the others run.

    A host without the field meets UNLIKE alone.
    """
    field, operator, *rest = rule
    argument = rest[0] if rest else ""
    value = host.label(field)
    if value is None:
        return operator == "UNLIKE"
    groups = Counter(other.label(field) for other in running)
    if operator == "UNIQUE":
        return groups[value] == 0
    if operator == "CLUSTER":
        return value == argument if argument else set(groups) <= {value}
    if operator == "GROUP_BY":
        least = int(argument or 0)  # so many groups are known to exist
        smallest = min(groups.values(), default=0)
        return value not in groups or (len(groups) >= least and groups[value] == smallest)
    if operator == "LIKE":
        return re.fullmatch(argument, value) is not None
    if operator == "UNLIKE":
        return re.fullmatch(argument, value) is None
    if operator == "MAX_PER":
        return groups[value] < int(argument)
    raise CourseError(
        "no such operator",
        expected="UNIQUE, CLUSTER, GROUP_BY, LIKE, UNLIKE or MAX_PER",
        found=operator,
    )
