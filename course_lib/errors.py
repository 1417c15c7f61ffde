"""The errors a learner can meet: each says what, where, expected, found, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class CourseError(Exception):
    """Something the learner can put right.

    `what` went wrong, `where` (a document and a field path), what was `expected`, what was
    `found`, and what to `do` next; parts that do not apply stay empty.

    >>> print(CourseError("bad value", where="Pod web: spec.x", expected="int", found="'two'"))
    bad value
      where:    Pod web: spec.x
      expected: int
      found:    'two'
    """

    def __init__(
        self, what: str, *, where: str = "", expected: str = "", found: str = "", do: str = ""
    ) -> None:
        self.what, self.where, self.expected, self.found, self.do = what, where, expected, found, do
        rows = (("where", where), ("expected", expected), ("found", found), ("do", do))
        lines = [f"  {name + ':':<9} {text}" for name, text in rows if text]
        super().__init__("\n".join([what, *lines]))


class InvalidManifest(CourseError):
    """A manifest that the API server would refuse (HTTP 400 or 422)."""


class WrongType(InvalidManifest):
    """A manifest that does not fit the types of its kind's fields (HTTP 400)."""


class SimulationTimeout(CourseError):
    """`run_until` waited its whole time-out; the message lists what was still pending."""


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Imports that need the package's extra `name`: `with extra("serve"): import tornado`.

    Raises `CourseError` with the command that installs the extra when a module is missing.
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        package = str(missing.name).partition(".")[0]
        raise CourseError(
            f"{package} is not installed", do=f"pip install 'course-lib[{name}]'"
        ) from missing
