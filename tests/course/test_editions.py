"""Progress of an earlier edition is read: no exercise loses its points with its name."""

from __future__ import annotations

import pytest

from course_lib.course import editions, exercise, exercises, progress
from course_lib.course.progress import Progress, Tries, where_progress_lives

# The names of edition 0.1.0, as learners' files have them.
NAMES = """
00-deleted-pod 00-dead-node 00-scale 00-misspelled 00-first-pod
01-exit-code 01-deaf 01-back-off 01-memory-limit 01-once
02-full-name 02-push-again 02-cache 02-registry-away 02-typo
03-most-pods 03-autoscaler 03-ready 03-budget 03-service 03-wasted
04-policy-pack 04-policy-zones 04-configuration 04-who-fits 04-zones 04-gpu 04-engine
05-calls 05-by-hand 05-image-service 05-daemon 05-swap
06-silent-node 06-static 06-guaranteed 06-slow-start 06-evicted 06-restart-policy
07-probability 07-dns-questions 07-refused 07-source 07-headless 07-no-endpoints
08-nodes 08-full-node 08-host-port 08-only-front 08-deny 08-bridge
09-mtu 09-ipip 09-routes 09-two-subnets 09-firewall
10-quorum 10-even 10-build 10-silent 10-no-space 10-master-gone
11-order 11-path 11-conflict 11-merge-patch 11-application 11-two-faults 11-version
"""
FIRST = NAMES.split()


@pytest.fixture
def kept(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    return Progress(where_progress_lives())


@pytest.fixture
def renamed(monkeypatch):
    """An edition in which 10-quorum was 10-half, and before that 10-majority."""
    monkeypatch.setitem(editions.RENAMED, "10-majority", "10-half")
    monkeypatch.setitem(editions.RENAMED, "10-half", "10-quorum")


def test_every_exercise_of_the_first_edition_is_one_of_today_perhaps_by_another_name():
    assert len(set(FIRST)) == 69
    assert {editions.name_today(name) for name in FIRST} <= set(exercises())


def test_a_renamed_exercise_has_a_new_name_and_no_exercise_has_its_old_one():
    assert not set(editions.RENAMED) & set(exercises())
    assert {editions.name_today(name) for name in editions.RENAMED} <= set(exercises())


def test_points_under_an_old_name_count_for_the_new_one(kept, renamed):
    kept.path.write_text('{"exercises": {"10-majority": {"tries": 2, "solved": true}}}')
    assert kept.read() == {"10-quorum": Tries(2, True)}
    row = progress().iloc[10]
    assert row.SOLVED.startswith("1 of") and row.TRIED == 2 and "10-quorum" not in row.OPEN


def test_points_under_both_names_are_added_up_and_stored_under_the_new_one(kept, renamed):
    both = '{"10-half": {"tries": 1, "solved": true}, "10-quorum": {"tries": 2}, "10-even": {}}'
    kept.path.write_text(f'{{"exercises": {both}}}')
    kept.record("10-quorum", False)
    assert kept.read() == {"10-quorum": Tries(4, True), "10-even": Tries()}
    assert "10-half" not in kept.path.read_text()


def test_an_exercise_of_an_earlier_edition_that_is_no_more_keeps_its_points(kept):
    kept.path.write_text('{"exercises": {"99-gone": {"tries": 3, "solved": true}}}')
    kept.record("10-even", True)
    assert kept.read()["99-gone"] == Tries(3, True)


def test_an_old_name_is_still_understood(kept, renamed):
    assert exercise("10-majority").exercise.name == "10-quorum"
