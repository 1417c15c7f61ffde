"""The forms in which one answer can be given: what is right does not hang on the form."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import yaml

from course_lib.course.forms import counted
from course_lib.course.solutions import SOLUTIONS


def number(value: int, unit: str = "") -> list[Any]:
    """A whole number: of NumPy, of a table, exact, as text, with its unit."""
    forms = [float(value), np.int64(value), Decimal(value), Fraction(value), f" {value} ",
             pd.Series([value]), np.array(value)]  # fmt: skip
    return [*forms, counted(value, unit), counted(value, unit).upper()] if unit else forms


def manifest(name: str) -> list[Any]:
    """The solution of an exercise as a dict, in a list, in a tuple, as JSON's look-alike."""
    documents = list(yaml.safe_load_all(SOLUTIONS[name]))
    one = documents[0] if len(documents) == 1 else documents
    fence = f"```\n{SOLUTIONS[name].strip()}\n```\n"
    return [one, tuple(documents), fence]


def solution(name: str, *changes: tuple[str, str]) -> str:
    """The solution with something else in it; each text that is replaced must be there."""
    text = SOLUTIONS[name]
    for old, new in changes:
        assert old in text, (name, old)
        text = text.replace(old, new)
    return text
