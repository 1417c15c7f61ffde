"""What the five engines share: machines, a workload in neutral words, and what became of it."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeVar

import msgspec

if TYPE_CHECKING:
    import pandas as pd

ZONE = "zone"  # the label by which machines are told to be in one failure domain


class Machine(msgspec.Struct, frozen=True):
    """A host: CPU in thousandths of a core, memory in MiB, and labels (among them its zone)."""

    name: str
    cpu: int
    memory: int
    labels: dict[str, str] = {}


class Workload(msgspec.Struct, frozen=True):
    """So many equal tasks; CPU (thousandths of a core) and memory (MiB) of each.

    `only_on` are labels that a machine must have; `apart` wants each task on a machine of its
    own; `zones` wants so many zones used evenly. Each engine says this in its own words.
    """

    name: str
    count: int
    cpu: int
    memory: int
    only_on: dict[str, str] = {}
    apart: bool = False
    zones: int = 0


class Placed(msgspec.Struct, frozen=True):
    """One task, its machine (empty while it waits), and why, in the engine's words."""

    task: str
    machine: str
    why: str


class Engine(ABC):
    """A placement engine; `calls_it` is its documentation's name for a workload."""

    name: ClassVar[str]
    calls_it: ClassVar[str]

    @abstractmethod
    def words(self, workload: Workload) -> str:
        """The workload as one writes it for this orchestrator."""

    @abstractmethod
    def place(
        self, workloads: Sequence[Workload], machines: Sequence[Machine], rng: random.Random
    ) -> list[Placed]:
        """Place all tasks of `workloads`, in order, on empty `machines`; `rng` breaks ties."""


class Definition(msgspec.Struct, frozen=True):
    """A workload as one system defines it. The first four fields, under that system's names, are
    the workload's name, how many tasks it has, and CPU and memory of each.
    """

    @classmethod
    def sized(cls, workload: Workload, *rules: object) -> Self:
        """A definition with the sizes of a workload, and this system's placement rules."""
        return cls(workload.name, workload.count, workload.cpu, workload.memory, *rules)

    @property
    def work(self) -> Workload:
        """What its tasks take, in neutral words."""
        return Workload(*msgspec.structs.astuple(self)[:4])


D = TypeVar("D", bound=Definition)


class AgentEngine(Engine, Generic[D]):
    """An engine that knows of each machine what its agent reports."""

    @abstractmethod
    def translate(self, workload: Workload) -> D:
        """The workload as this system defines it."""

    @abstractmethod
    def schedule(self, definition: D, agents: list[Agent], rng: random.Random) -> list[Placed]:
        """Place the tasks of a `definition` on `agents`, the machines in use; `rng` breaks ties."""

    def place(
        self, workloads: Sequence[Workload], machines: Sequence[Machine], rng: random.Random
    ) -> list[Placed]:
        """Place all tasks, one workload after the other; ties are broken by `rng`."""
        agents = [Agent(machine) for machine in machines]
        definitions = map(self.translate, workloads)
        return [task for each in definitions for task in self.schedule(each, agents, rng)]


class Agent:
    """A machine, and what runs there: a Swarm node, Mesos agent, ECS instance or Nomad client."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.name = machine, machine.name
        self.free_cpu, self.free_memory = machine.cpu, machine.memory
        self.tasks: dict[str, int] = {}  # by workload

    def fits(self, workload: Workload) -> bool:
        """Whether there is room for one more task."""
        return workload.cpu <= self.free_cpu and workload.memory <= self.free_memory

    def take(self, workload: Workload) -> None:
        """One more task runs here."""
        self.free_cpu -= workload.cpu
        self.free_memory -= workload.memory
        self.tasks[workload.name] = self.tasks.get(workload.name, 0) + 1

    def count(self, workload: Workload) -> int:
        """How many tasks of a workload run here."""
        return self.tasks.get(workload.name, 0)

    @property
    def total(self) -> int:
        """How many tasks run here."""
        return sum(self.tasks.values())

    def label(self, key: str) -> str | None:
        """The value of a label; a machine's name is one too."""
        return self.name if key in ("hostname", "instanceId") else self.machine.labels.get(key)


def task_names(workload: Workload) -> list[str]:
    """A name for each task."""
    return [f"{workload.name}.{number}" for number in range(1, workload.count + 1)]


def in_order(work: Workload, hosts: Sequence[Agent], why: str, why_not: str) -> list[Placed]:
    """The first tasks of `work` on these `hosts`, one each, and `why`; `why_not` the rest wait."""
    names = task_names(work)
    placed = [Placed(name, host.name, why) for name, host in zip(names, hosts, strict=False)]
    return placed + [Placed(name, "", why_not) for name in names[len(hosts) :]]


def table(placed: Sequence[Placed]) -> pd.DataFrame:
    """One row a task: TASK, MACHINE, WHY."""
    import pandas as pd

    rows = [(p.task, p.machine or "(waits)", p.why) for p in placed]
    return pd.DataFrame(rows, columns=["TASK", "MACHINE", "WHY"])
