"""The structure of the package: floors, cycles, long functions, names with one meaning."""

from __future__ import annotations

import pytest

from tests import structure

# By nature: a packet crosses the devices of a network namespace, and a device stands in one.
CYCLES = [{"network.device", "network.namespace"}]
# Limits that only fall. An apply also enters the types of the release, the rules of its kind, and
# the plugins of admission; the patch of an apply is the one that kubectl makes, and the apply is
# noted, for a link to the cluster.
MODULES_OF_AN_APPLY = 44
LINES_WITH_ANY = 185


def short(name: str) -> str:
    return name.removeprefix("course_lib.")


def test_a_room_imports_only_from_floors_below():
    assert structure.against_the_floors() == []


def test_every_room_has_its_floor():
    rooms = {structure.room(name) for name in structure.modules()} - {""}
    assert rooms <= set(structure.FLOORS)


def test_modules_do_not_import_each_other():
    groups = [{short(name) for name in group} for group in structure.cycles()]
    assert [group for group in groups if group not in CYCLES] == []


def test_a_function_fits_on_a_screen():
    assert structure.long_functions() == {}


def test_a_class_name_has_one_meaning():
    assert structure.shared_class_names() == {}


def test_the_apply_of_one_pod_enters_few_modules():
    assert len(structure.entered_by_one_pod()) <= MODULES_OF_AN_APPLY


def test_the_figures_of_typing_only_fall():
    assert structure.lines_with_any() <= LINES_WITH_ANY
    assert structure.declarations("Document") == ["course_lib.objects.manifests"]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from course_lib.cluster import Cluster", ["course_lib.cluster"]),
        ("def f():\n    from course_lib import errors", ["course_lib.errors"]),
        ("if TYPE_CHECKING:\n    import course_lib.network.dns", ["course_lib.network.dns"]),
        ("import numpy", []),
    ],
)
def test_an_import_is_found_wherever_it_stands(source, found, monkeypatch):
    monkeypatch.setattr(structure, "tree", lambda name: structure.ast.parse(source))
    assert list(structure.imports("course_lib.objects")) == found
