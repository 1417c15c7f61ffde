"""What a test needs from outside: without it the test is skipped, but in CI it fails.

`pytestmark = requires(why_not())` takes the reason why it cannot be had, or nothing. CI is where
the variable `CI` is `true`, as CI services set it. What the kernel lacks no install step can
bring: say so with `kernel=`, and the test is skipped there as well.
"""

from __future__ import annotations

import os

import pytest


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() == "true"


def requires(missing: str = "", kernel: str = "") -> pytest.MarkDecorator:
    """A mark for tests (or a module's `pytestmark`)."""
    return pytest.mark.requires(missing=missing, kernel=kernel)


def require(missing: str = "", kernel: str = "") -> None:
    """Within a test or a fixture: go on, skip, or fail."""
    if missing and in_ci():
        pytest.fail(f"CI has to provide it: {missing}", pytrace=False)
    if missing or kernel:
        pytest.skip(missing or kernel)
