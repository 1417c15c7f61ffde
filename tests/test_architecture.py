"""The page about the package names what there is."""

from __future__ import annotations

import re

from tests import structure

PAGE = (structure.ROOT / "ARCHITECTURE.md").read_text()


def test_every_path_on_the_page_exists():
    paths = set(re.findall(r"`((?:course_lib|tests|images|notebooks|data)/[\w/.]*)`", PAGE))
    assert len(paths) > 10
    assert [path for path in sorted(paths) if not (structure.ROOT / path).exists()] == []


def test_the_page_shows_each_room_on_its_floor():
    shown = {}
    for floor, rooms in re.findall(r"^\| (\d) \| (.*) \|$", PAGE, flags=re.M):
        shown |= {name: int(floor) for name in re.findall(r"`(\w+)`", rooms)}
    rooms = {structure.room(name) for name in structure.modules()} - {
        "",
        "errors",
        "command_line",
        "__main__",
    }
    assert set(shown) == rooms
    ordered = sorted(rooms, key=structure.FLOORS.__getitem__)
    assert [shown[room] for room in ordered] == sorted(shown[room] for room in ordered)


def test_the_page_names_the_classes_and_tables_to_extend():
    from course_lib.course.exercise import CHAPTERS
    from course_lib.course.faults import CAUSES, FAULTS
    from course_lib.network.plugins import register
    from course_lib.runtimes import Flavour
    from course_lib.scheduler import with_plugins

    for named in ("CHAPTERS", "CAUSES", "FAULTS", "register", "Flavour", "with_plugins"):
        assert named in PAGE
    assert CHAPTERS and set(CAUSES) == set(FAULTS) and register and Flavour and with_plugins
