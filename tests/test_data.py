"""Manifests that the notebooks open and the package has as well."""

from __future__ import annotations

import hashlib
import runpy

from course_lib.cluster.packaged import packaged
from tests.conftest import ROOT

COPIES = runpy.run_path(str(ROOT / "data" / "manifests.py"))["COPIES"]


def test_the_copies_are_equal_to_the_manifests_of_the_package():
    for name in COPIES:
        assert (ROOT / "data" / f"{name}.yaml").read_text() == packaged(name), name


def test_no_other_file_is_there_twice():
    def digests(folder: str) -> dict[str, str]:
        paths = (ROOT / folder).glob("*.yaml")
        return {hashlib.sha256(path.read_bytes()).hexdigest(): path.stem for path in paths}

    here, packed = digests("data"), digests("course_lib/cluster/data")
    assert {here[digest] for digest in here.keys() & packed.keys()} == set(COPIES)
