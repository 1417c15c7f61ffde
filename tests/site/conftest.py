"""A host and a browser for all tests; in CI it is a failure when they cannot be had."""

from __future__ import annotations

import importlib

import pytest

from tests.required import require
from tests.site.host import Host
from tests.site.visit import KEPT, Chapters, Site, Visitor, forget, lacking


@pytest.fixture(scope="session")
def playwright():
    require(lacking())
    with importlib.import_module("playwright.sync_api").sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def host():
    forget()
    made = Host()
    yield made
    made.close()


@pytest.fixture(scope="session")
def browser(playwright, host, tmp_path_factory):
    """The browser of whoever takes the whole course."""
    made = Visitor(playwright, host, tmp_path_factory.mktemp("browser"))
    yield made
    made.close()


@pytest.fixture
def stranger(playwright, tmp_path):
    """Somebody's first visit, to a host of their own."""
    host = Host()
    made = Visitor(playwright, host, tmp_path)
    yield made
    made.close()
    host.close()


@pytest.fixture(scope="session")
def light(host):
    return Site(host)


@pytest.fixture(scope="session")
def opened(browser, light):
    return Chapters(browser, light)


@pytest.fixture(autouse=True)
def nothing_leaves_the_host(host):
    """After each test: no request for another host, and none for a file that is not there."""
    yield
    assert host.complaints() == []


def pytest_terminal_summary(terminalreporter):
    figures = KEPT / "figures.txt"
    if figures.exists():
        terminalreporter.section("sizes and times")
        terminalreporter.write(figures.read_text())
