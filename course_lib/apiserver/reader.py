"""What the parts of an API server may ask of the objects that it serves."""

from __future__ import annotations

from typing import Protocol

from course_lib.engine import Simulation
from course_lib.objects.kind import Kind, Kinds
from course_lib.objects.meta import ObjectT


class ObjectLister(Protocol):
    """Whatever serves kinds and lists their objects: the API server, or a client's cache."""

    @property
    def kinds(self) -> Kinds:
        """The kinds that are served."""

    def list(self, kind: type[ObjectT] | str | Kind, namespace: str = "") -> list[ObjectT]:
        """All objects of a kind, in a namespace or in all."""


class Reader(ObjectLister, Protocol):
    """Objects by name and by kind, and the simulation for its time and its random streams."""

    @property
    def sim(self) -> Simulation:
        """The simulation that the API server is a part of."""

    def find(
        self, kind: type[ObjectT] | str | Kind, name: str, namespace: str = ""
    ) -> ObjectT | None:
        """The object of that name, or None."""
