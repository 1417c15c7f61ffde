"""What a test needs and cannot have: skipped on a laptop, a failure in CI."""

from __future__ import annotations

import pytest

from tests.required import require


def test_on_a_laptop_a_missing_peer_is_skipped_with_the_reason(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="Go is not installed"):
        require("Go is not installed")


def test_in_ci_a_missing_peer_is_a_failure(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="Go is not installed"):
        require("Go is not installed")


def test_what_the_kernel_lacks_is_skipped_in_ci_too(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.skip.Exception, match="no IPVS"):
        require(kernel="the kernel has no IPVS")


def test_what_is_there_is_no_reason_to_stop(monkeypatch):
    monkeypatch.setenv("CI", "true")
    require("", kernel="")
