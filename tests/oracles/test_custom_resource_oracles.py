"""Schemas and columns of custom resources, as the real API server's packages answered."""

from __future__ import annotations

import pytest

from tests.oracles.custom_resources import Case, answer
from tests.oracles.harness import OWN, cases

STORED = list(cases(OWN, "apiextensions"))


@pytest.mark.parametrize("case", STORED, ids=lambda case: case["id"])
def test_the_course_says_what_the_real_api_server_says(case: Case):
    assert answer(case) == case["expect"]
