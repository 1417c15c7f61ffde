"""What a learner has solved, in one small file on their own machine."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import msgspec

from course_lib.course.editions import name_today


class Tries(msgspec.Struct):
    """How often an exercise was tried, and whether one try solved it."""

    tries: int = 0
    solved: bool = False


class _File(msgspec.Struct):
    exercises: dict[str, Tries] = {}


def where_progress_lives() -> Path:
    """`$COURSE_PROGRESS`, or `introduction-to-kubernetes.json` where a user's data are kept.

    Source of the place: the XDG Base Directory Specification (`$XDG_DATA_HOME`).
    """
    if named := os.environ.get("COURSE_PROGRESS"):
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "introduction-to-kubernetes.json"


def _of_today(kept: _File) -> dict[str, Tries]:
    """The tries by today's names; those under an old name and its new one are added up."""
    found: dict[str, Tries] = {}
    for name, entry in kept.exercises.items():
        before = found.get(name_today(name), Tries())
        both = Tries(before.tries + entry.tries, before.solved or entry.solved)
        found[name_today(name)] = both
    return found


class Progress:
    """Which exercises were tried and solved.

    Exercises that had another name in an earlier edition are read under the name of today. A write
    puts a whole new file in the place of the old one. A file that cannot be read is set aside under
    another name, and a new one begun. What is no file, such as a device or a folder, is left alone:
    nothing is read from it, and `record` and `forget` raise `OSError`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Tries]:
        """The tries of each exercise by its name; nothing where there is no file."""
        return self._load().exercises

    def record(self, name: str, solved: bool) -> None:
        """One more try; what is solved once stays solved."""
        kept = self._load()  # again each time: another notebook may have written meanwhile
        entry = kept.exercises.setdefault(name, Tries())
        entry.tries += 1
        entry.solved = entry.solved or solved
        self._save(kept)

    def forget(self, name: str) -> None:
        """Forget the tries of an exercise, and that it was solved."""
        kept = self._load()
        if kept.exercises.pop(name, None) is not None:
            self._save(kept)

    def _load(self) -> _File:
        if self._is_no_file():
            return _File()
        try:
            return _File(_of_today(msgspec.json.decode(self.path.read_bytes(), type=_File)))
        except FileNotFoundError:
            return _File()
        except msgspec.DecodeError:
            self._set_aside()
            return _File()

    def _set_aside(self) -> None:
        number = 1
        while (aside := self.path.with_suffix(f".damaged-{number}.json")).exists():
            number += 1
        self.path.rename(aside)

    def _is_no_file(self) -> bool:
        return self.path.exists() and not self.path.is_file()

    def _save(self, kept: _File) -> None:
        if self._is_no_file():
            raise OSError(f"{self.path} is no file")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(kept)))
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self.path)
        except OSError:
            os.unlink(name)
            raise
