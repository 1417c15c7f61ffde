"""A cluster of one node, for the tests of what runs on it."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster


@pytest.fixture
def one() -> Cluster:
    return Cluster(nodes=1)
