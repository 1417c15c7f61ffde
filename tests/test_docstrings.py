"""Public functions document their parameters, and what they raise."""

from __future__ import annotations

import ast

import pytest

from tests import docstrings


def test_a_public_function_says_what_its_parameters_are_and_what_it_raises():
    assert [str(gap) for gap in docstrings.gaps()] == []


@pytest.mark.parametrize(
    ("source", "names", "errors"),
    [
        ("def f(self, a, *, b=1): ...", ["a", "b"], set()),
        ("def f(a):\n    if a:\n        raise NotFound(a)", ["a"], {"NotFound"}),
        ("def f(a):\n    raise NotImplementedError('x')", ["a"], set()),
        ("def f(a):\n    try: ...\n    except E:\n        raise", ["a"], set()),
    ],
)
def test_parameters_and_errors_are_read_off_a_function(source, names, errors):
    function = ast.parse(source).body[0]
    assert docstrings.parameters(function) == names
    assert docstrings.raised(function) == errors
