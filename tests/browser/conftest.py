"""A browser and a JupyterLab for all tests of a module."""

from __future__ import annotations

import importlib

import pytest

from tests.browser.lab import FLAGS, Lab, chromium, missing
from tests.required import require


@pytest.fixture(scope="session")
def browser():
    require(missing())
    playwright = importlib.import_module("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield made
        made.close()


@pytest.fixture(scope="session")
def light(tmp_path_factory):
    with Lab(tmp_path_factory.mktemp("light")) as lab:
        yield lab


@pytest.fixture(scope="session")
def dark(tmp_path_factory):
    with Lab(tmp_path_factory.mktemp("dark"), dark=True) as lab:
        yield lab
