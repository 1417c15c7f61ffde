"""How often etcd has its quorum: by formula, and by years of simulated time.

Members fail and are repaired, each by itself; so do zones, with all that stands in them. Times to
failure and to repair are exponential. The formula needs no time at all: a member works for the
share MTBF / (MTBF + MTTR) of it, and the quorum is a matter of counting.
Source: the binomial distribution of k-out-of-n systems (any textbook of reliability).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product
from math import comb, prod
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from course_lib.cluster.arguments import count, number
from course_lib.experiments.arguments import made_by, several

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

HOURS = 24 * 365.25  # of a year
BAND = 1.96  # standard errors on each side: 95 %
SHORTEST, LONGEST = 1.0, 1e6  # hours between two failures; a century and more
MOST_ZONES = 10  # the formula goes through all sets of them: 2 ** zones
MOST_MEMBERS = 100  # as in `course_lib.cluster.layout`
MOST_YEARS, MOST_RUNS = 1000, 100_000


class Reliability(msgspec.Struct, frozen=True):
    """Mean time between failures and to repair, in hours.

    `mtbf` is infinite for what never fails. Raises `CourseError` for times out of bounds.
    """

    mtbf: float
    mttr: float

    def __post_init__(self) -> None:
        if self.mtbf != float("inf"):
            number(self.mtbf, "mtbf", SHORTEST, LONGEST, do="hours; infinite: it never fails")
        number(self.mttr, "mttr", 0, LONGEST, do="hours")

    @property
    def availability(self) -> float:
        """The share of time in which it works.

        >>> round(Reliability(mtbf=990, mttr=10).availability, 3)
        0.99
        """
        return 1.0 if self.mtbf == float("inf") else self.mtbf / (self.mtbf + self.mttr)


MEMBER = Reliability(mtbf=30 * 24, mttr=4)  # a machine that fails once a month, for four hours
ZONE = Reliability(mtbf=365 * 24, mttr=6)
NEVER = Reliability(mtbf=float("inf"), mttr=1)


def placements(size: int, zones: int) -> tuple[int, ...]:
    """How many of the members stand in each zone, as evenly as may be.

    >>> placements(5, 3), placements(3, 2)
    ((2, 2, 1), (2, 1))
    """
    return tuple(size // zones + (place < size % zones) for place in range(zones))


def closed_form(
    spread: Sequence[int], member: Reliability = MEMBER, zone: Reliability = NEVER
) -> float:
    """The share of time in which more than half of the members work.

    `spread` are the members by zone; `member` and `zone` say how often one fails, and how long it
    takes to repair. For each set of zones that work, the members in them count.

    >>> [round(closed_form((size,), Reliability(99, 1)), 6) for size in (1, 3)]
    [0.99, 0.999702]
    """
    spread = several(spread, "spread", partial(count, most=MOST_MEMBERS))
    count(len(spread), "zones in spread", 1, MOST_ZONES)
    count(sum(spread), "members in spread", 1, MOST_MEMBERS)
    share = made_by(member, "member", Reliability).availability
    quorum = sum(spread) // 2 + 1
    works = made_by(zone, "zone", Reliability).availability
    total = 0.0
    for state in product((True, False), repeat=len(spread)):
        here = prod(works if up else 1 - works for up in state)
        present = sum(members for members, up in zip(spread, state, strict=True) if up)
        total += here * _at_least(quorum, present, share)
    return total


def _at_least(wanted: int, among: int, share: float) -> float:
    """The probability that at least so many of a number work, each for a share of time."""
    up, down = share, 1 - share
    return sum(comb(among, k) * up**k * down ** (among - k) for k in range(wanted, among + 1))


def simulate(
    spread: tuple[int, ...],
    member: Reliability = MEMBER,
    zone: Reliability = NEVER,
    years: float = 20.0,
    runs: int = 400,
    seed: int = 0,
) -> NDArray[np.float64]:
    """The share of time with a quorum of members by zone (`spread`), in each of `runs` histories of
    so many `years`, drawn with `seed`; `member` and `zone` fail and are repaired.
    """
    rng = np.random.default_rng([seed, sum(spread), len(spread)])
    hours = years * HOURS
    return np.array([_run(spread, member, zone, hours, rng) for _ in range(runs)])


def _run(
    spread: tuple[int, ...],
    member: Reliability,
    zone: Reliability,
    hours: float,
    rng: np.random.Generator,
) -> float:
    """One history: all changes in order of time, and the time during which enough work."""
    changes: list[tuple[NDArray[np.float64], NDArray[np.int64], int]] = []
    for place, members in enumerate(spread):
        if zone.mtbf != float("inf"):
            changes.append((*_history(zone, hours, rng), -1 - place))
        changes += [(*_history(member, hours, rng), place) for _ in range(members)]
    times = np.concatenate([t for t, _, _ in changes])
    steps = np.concatenate([s for _, s, _ in changes])
    whose = np.concatenate([np.full(len(t), who) for t, _, who in changes])
    order = np.argsort(times, kind="stable")
    times, steps, whose = times[order], steps[order], whose[order]
    working = np.zeros(len(times), dtype=np.int64)
    for place, members in enumerate(spread):
        up = members + np.cumsum(np.where(whose == place, steps, 0))
        power = 1 + np.cumsum(np.where(whose == -1 - place, steps, 0))
        working += up * power
    lasting = np.diff(np.append(times, hours))
    quorum = sum(spread) // 2 + 1
    good = times[0] if len(times) else hours  # all work until the first failure
    return float((good + lasting[working >= quorum].sum()) / hours)


def _history(
    part: Reliability, hours: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """When one part fails (-1) and is repaired (+1); it starts as it would be found at any time."""
    cycles = max(4, int(2 * hours / (part.mtbf + part.mttr)) + 20)
    spans = np.empty(2 * cycles)
    spans[0::2] = rng.exponential(part.mtbf, cycles)
    spans[1::2] = rng.exponential(part.mttr, cycles)
    if rng.random() >= part.availability:  # it begins in the middle of a repair
        spans[0] = 0.0
    times = np.cumsum(spans)
    keep = times < hours
    steps = np.tile(np.array([-1, 1], dtype=np.int64), cycles)
    return times[keep], steps[keep]


def availability(
    sizes: Sequence[int] = (1, 3, 5, 7),
    zones: Sequence[int] = (1, 2, 3),
    member: Reliability = MEMBER,
    zone: Reliability = ZONE,
    years: float = 20.0,
    runs: int = 400,
    seed: int = 0,
) -> pd.DataFrame:
    """Availability by etcd's size and by the zones that its members are spread over.

    MEMBERS, ZONES, FORMULA, SIMULATED (mean of all runs), LOW and HIGH (the 95 % band of that
    mean), DOWN (minutes a year without a quorum, by the formula).

    `sizes` are numbers of members, `zones` numbers of zones; `member` and `zone` say how often one
    fails; the simulation has `runs` histories of so many `years`, drawn with `seed`. More zones
    than members give no row.
    """
    import pandas as pd

    members = several(sizes, "sizes", partial(count, least=1, most=MOST_MEMBERS))
    places = several(zones, "zones", partial(count, least=1, most=MOST_ZONES))
    count(min(places), "zones", 1, max(members), do="each zone has a member")
    number(years, "years", 0.1, MOST_YEARS)
    count(runs, "runs", 2, MOST_RUNS, do="a band needs two histories")
    count(seed, "seed")
    rows = []
    for size, across in product(members, places):
        if across > size:
            continue
        spread = placements(size, across)
        exact = closed_form(spread, member, zone)
        found = simulate(spread, member, zone, years, runs, seed)
        mean, error = found.mean(), found.std(ddof=1) / np.sqrt(runs)
        low, high = mean - BAND * error, mean + BAND * error
        rows.append((size, across, exact, mean, low, high, (1 - exact) * HOURS * 60))
    columns = ["MEMBERS", "ZONES", "FORMULA", "SIMULATED", "LOW", "HIGH", "DOWN"]
    return pd.DataFrame(rows, columns=columns)
