"""Progress survives: crashes in the middle, damage, two notebooks at once."""

from __future__ import annotations

import os

import pytest

from course_lib.course import exercise, progress
from course_lib.course.progress import Progress, Tries, where_progress_lives


@pytest.fixture
def kept(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "deep" / "progress.json"))
    return Progress(where_progress_lives())


def test_what_is_solved_once_stays_solved_and_tries_are_counted(kept):
    task = exercise("10-quorum")
    for answer in (4, 2, 3):
        task.check(answer)
    assert kept.read() == {"10-quorum": Tries(3, True)}


def test_the_table_has_a_row_for_each_chapter_and_names_what_is_open(kept):
    exercise("10-quorum").check(2)
    table = progress()
    assert list(table.CHAPTER) == [f"{n:02d}" for n in range(12)]
    ten = table.iloc[10]
    assert ten.SOLVED.startswith("1 of") and "10-quorum" not in ten.OPEN and ten.TRIED == 1


def test_asking_without_an_answer_leaves_no_file(kept):
    exercise("10-quorum").check(...)
    assert not kept.path.exists()


@pytest.mark.parametrize("damage", [b"", b"{", b'{"exercises": 3}', b"\xff\xfe"])
def test_a_damaged_file_is_set_aside_and_never_lost(kept, damage):
    kept.path.parent.mkdir()
    for number in (1, 2):
        kept.path.write_bytes(damage)
        kept.record("10-quorum", True)
        assert kept.read()["10-quorum"].solved
        assert kept.path.with_suffix(f".damaged-{number}.json").read_bytes() == damage


def test_what_is_no_file_is_left_alone(monkeypatch, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for place in (pipe, tmp_path):
        monkeypatch.setenv("COURSE_PROGRESS", str(place))
        assert "could not be kept" in repr(exercise("10-quorum").check(2))
        assert Progress(place).read() == {}
    assert pipe.is_fifo() and list(tmp_path.iterdir()) == [pipe]


def test_a_write_that_fails_half_way_leaves_the_old_file(kept, monkeypatch):
    kept.record("10-quorum", True)

    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError):
        kept.record("01-deaf", True)
    assert "could not be kept: no space" in repr(exercise("10-even").check(1))
    assert list(kept.read()) == ["10-quorum"]
    assert len(list(kept.path.parent.iterdir())) == 1


def test_two_notebooks_do_not_lose_each_others_progress(kept):
    other = Progress(kept.path)
    kept.record("10-quorum", True)
    other.record("01-deaf", False)
    assert set(kept.read()) == {"10-quorum", "01-deaf"}
