"""What survives what: the table against etcd's rule; Monte Carlo against the formula."""

from __future__ import annotations

import pandas as pd
import pytest

from course_lib.experiments.availability import (
    MEMBER,
    NEVER,
    ZONE,
    Reliability,
    availability,
    closed_form,
    placements,
)
from course_lib.experiments.consensus import latency_by_size
from course_lib.experiments.failures import CONFIGURATIONS, cases, failure_table, row

STORED = pd.read_csv("data/failures.csv", keep_default_na=False)
SINGLE, DOUBLE = STORED[STORED.AND == ""], STORED[STORED.AND != ""]
CLUSTERED = "clustered etcd, HA masters"


def test_the_stored_table_of_single_failures_is_what_is_computed():
    assert failure_table().to_csv(index=False) == SINGLE.to_csv(index=False)


@pytest.mark.long
def test_the_stored_table_of_double_failures_is_what_is_computed():
    assert failure_table(double=True).to_csv(index=False) == DOUBLE.to_csv(index=False)


def is_lasting(name: str) -> bool:
    return name.startswith(("disk: etcd", "node: etcd", "link: etcd"))


def test_three_members_survive_one_failure_and_no_two():
    """n members survive (n - 1) / 2 failures (etcd.io, "FAQ"); a killed process comes back."""
    for _, one in SINGLE[(SINGLE.CONFIGURATION == CLUSTERED)].iterrows():
        if "etcd" in one.FAILURE:
            assert one.WRITE != "no" and one.DATA == "safe", one.FAILURE
    met = 0
    for _, two in DOUBLE[DOUBLE.CONFIGURATION == CLUSTERED].iterrows():
        roles = {two.FAILURE.split(": ")[1], two.AND.split(": ")[1]}
        both_members = is_lasting(two.FAILURE) and is_lasting(two.AND)
        if both_members and (roles != {"etcd leader"}):
            assert two.WRITE == "no" and two.READ == "no" and two.DATA == "safe"
            met += 1
    assert met == 15  # 3 x 3 with the leader, 6 of two followers


def test_one_member_survives_nothing_that_lasts():
    for name in ("single etcd, HA masters", "single etcd, single master"):
        part = SINGLE[name == SINGLE.CONFIGURATION].set_index("FAILURE")
        assert part.WRITE["disk: etcd"] == "no" and part.DATA["disk: etcd"] == "lost"
    assert set(SINGLE[SINGLE.DATA == "lost"].FAILURE) == {"disk: etcd"}


def test_pods_run_whatever_becomes_of_the_control_plane():
    beside = SINGLE[~SINGLE.FAILURE.isin(["node: worker", "node: the only node", "zone: one zone"])]
    assert set(beside.PODS) == {"3/3"}


def test_every_kind_of_failure_is_there_once_and_in_every_pair():
    for name in CONFIGURATIONS:
        single = [each for (each,) in cases(name)]
        assert list(SINGLE[name == SINGLE.CONFIGURATION].FAILURE) == single
        kinds = {each.split(":")[0] for each in single}
        assert kinds >= {"process", "node", "disk"}
        pairs = set(cases(name, double=True))
        assert len(pairs) >= len(single) * (len(single) - 1) / 2
        assert {one for pair in pairs for one in pair} == set(single)


def test_a_row_does_not_depend_on_what_was_computed_before():
    wanted = SINGLE[SINGLE.CONFIGURATION == "all-in-one"].iloc[0]
    assert row("all-in-one", (wanted.FAILURE,)) == tuple(wanted)


# Availability


def test_monte_carlo_and_formula_agree_within_the_band():
    table = availability(runs=300)
    inside = (table.LOW <= table.FORMULA) & (table.FORMULA <= table.HIGH)
    # Each band misses one time in twenty: of ten, three or more do so one time in a hundred.
    assert len(table) == 10 and (~inside).sum() <= 2
    wide = 1.5 * (table.HIGH - table.LOW)
    assert (abs(table.SIMULATED - table.FORMULA) < wide).all()


@pytest.mark.parametrize("size", [1, 3, 5, 7])
def test_the_formula_is_the_binomial_one_where_zones_do_not_fail(size):
    spread = placements(size, min(size, 3))
    assert closed_form(spread, MEMBER, NEVER) == pytest.approx(closed_form((size,), MEMBER))


def test_four_members_are_no_better_than_three():
    share = Reliability(99, 1)
    assert closed_form((4,), share) < closed_form((3,), share) < closed_form((5,), share)


def test_two_zones_are_no_better_than_one_and_three_are():
    one, two, three = (closed_form(placements(3, n), MEMBER, ZONE) for n in (1, 2, 3))
    assert abs(two - one) < 0.1 * (1 - one) and 1 - three < 0.2 * (1 - one)


def test_a_member_more_costs_little_near_by_and_a_round_trip_far_away():
    table = latency_by_size(writes=60).set_index(["DISTANCE", "MEMBERS"]).MEDIAN
    assert table["one zone", 7] < 2 * table["one zone", 1]
    assert table["three regions", 3] > 40 > 10 > table["three zones", 3]
