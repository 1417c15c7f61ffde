"""Names that exercises had in earlier editions of the course, so that nobody's points are lost.

An exercise that gets another name is a row of `RENAMED`. An exercise that is no more keeps its
points in the file, and no table shows them.
"""

from __future__ import annotations

from collections.abc import Mapping

# The name of an earlier edition, and the exercise's name today.
RENAMED: dict[str, str] = {}


def name_today(name: str, renamed: Mapping[str, str] = RENAMED) -> str:
    """The name that an exercise has today, however often it was renamed.

    >>> name_today("10-majority", {"10-majority": "10-half", "10-half": "10-quorum"})
    '10-quorum'
    >>> name_today("10-even")
    '10-even'
    """
    while name in renamed:
        name = renamed[name]
    return name
