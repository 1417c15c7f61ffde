"""The book as a PDF: Chromium prints the page that has all chapters."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
FLAGS += ("--disable-component-update", "--disable-sync", "--no-first-run")
PRINT = ("--no-pdf-header-footer", "--generate-pdf-document-outline")
LONGEST = 300  # seconds
DATE = re.compile(rb"(?<=Date \(D:)\d{14}")  # when it was printed
NODE = re.compile(rb"\(node\d{8}\)")  # an element, by a number that Chromium begins anywhere


def browser() -> str:
    """The path of a Chromium; empty where there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), "")


def printed(page: Path, target: Path, date: str) -> bool:
    """Print a page into a PDF; false when there is no browser for it.

    Parameters:
        page: the page.
        target: the file of the PDF.
        date: the date that the PDF says, as 20261231.

    Raises:
        CalledProcessError: if the browser fails.
    """
    if not browser():
        return False
    with tempfile.TemporaryDirectory() as profile:
        where = (f"--user-data-dir={profile}", f"--print-to-pdf={target}", page.resolve().as_uri())
        command = [browser(), *FLAGS, *PRINT, *where]
        subprocess.run(command, check=True, capture_output=True, timeout=LONGEST)
    target.write_bytes(settled(target.read_bytes(), date))
    return True


def settled(pdf: bytes, date: str) -> bytes:
    """A PDF without what differs from one print to the next; no byte moves.

    >>> settled(b"/ModDate (D:20300102030405) (node00000148) (node00000145)", "20261231")
    b'/ModDate (D:20261231000000) (node00000001) (node00000000)'
    """
    nodes = {name: at for at, name in enumerate(sorted(set(NODE.findall(pdf))))}
    pdf = NODE.sub(lambda found: b"(node%08d)" % nodes[found[0]], pdf)
    return DATE.sub(f"{date}000000".encode(), pdf)
